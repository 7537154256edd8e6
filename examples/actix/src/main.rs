//! `GET /reports`, for callers with the permission `reports:read`.
#![expect(clippy::disallowed_methods, reason = "the environment is all the configuration")]

mod authority;
mod reader;

use std::{env, error::Error, time::Duration};

use actix_web::{App, HttpResponse, HttpServer, get, web::Data};
use reqwest::{Client, redirect::Policy};

use crate::{authority::Authority, reader::Reader};

#[get("/reports")]
async fn reports(reader: Reader) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "hello": reader.username }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().redirect(Policy::none());
    let client = client.timeout(Duration::from_secs(2)).build()?;
    let authority = Data::new(Authority(client, env::var("SSO_URL")?));
    let server = HttpServer::new(move || App::new().app_data(authority.clone()).service(reports));
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = server.bind(("127.0.0.1", port))?;
    eprintln!("http://{}", server.addrs()[0]);
    Ok(server.run().await?)
}
