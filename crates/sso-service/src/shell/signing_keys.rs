//! `admin signing-keys …`

use clap::Subcommand;

use super::error::AdminError;
use crate::administration::{Actor, Administration};

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeysCommand {
    /// Delete all keys that sign JWTs, after one leaked or SSO_SECRET_KEY was lost
    Delete,
}

impl SigningKeysCommand {
    pub(super) async fn run(self, administration: &Administration) -> Result<(), AdminError> {
        let Self::Delete = self;
        Ok(administration.delete_signing_keys(Actor::Shell).await?)
    }
}
