//! `admin signing-keys …`

use clap::Subcommand;

use crate::{
    administration::{Actor, Administration},
    shell::error::AdminError,
};

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeysCommand {
    /// Delete all keys that sign JWTs, after one leaked or SSO_SECRET_KEY was lost
    Delete,
}

impl SigningKeysCommand {
    pub(in crate::shell) async fn run(
        self,
        administration: &Administration,
    ) -> Result<(), AdminError> {
        let Self::Delete = self;
        Ok(administration.delete_signing_keys(Actor::Shell).await?)
    }
}
