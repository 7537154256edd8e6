//! Serves pod logs to whoever the single sign-on authority vouches for.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    logs_gateway::run().await
}
