//! A minimal actix server, which answers every request with the JSON of its argument. It is the
//! peer of `sso-service` in `cargo xtask bench`.

use std::{env, io};

use actix_web::{App, HttpResponse, HttpServer, http::header::ContentType, web};
use serde_json::json;

#[actix_web::main]
async fn main() -> io::Result<()> {
    let answer = web::Bytes::from(env::args().nth(1).unwrap_or_default());
    let server = HttpServer::new(move || {
        let answer = answer.clone();
        App::new().default_service(web::to(move || {
            let answer = answer.clone();
            async { HttpResponse::Ok().insert_header(ContentType::json()).body(answer) }
        }))
    });
    let server = server.tcp_nodelay(true).bind(("127.0.0.1", 0))?;
    let address = server.addrs()[0];
    announce(&json!({ "listening": address, "ops": address, "version": "" }));
    server.run().await
}

#[expect(clippy::print_stdout, reason = "who started it reads the address there")]
fn announce(ready: &serde_json::Value) {
    println!("{ready}");
}
