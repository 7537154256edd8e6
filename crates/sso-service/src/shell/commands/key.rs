//! `admin key …`

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::{Args, Subcommand};

use crate::{
    administration::{Actor, Administration, RequestedKey},
    keys::ApiKey,
    shell::{
        error::AdminError,
        input::lifetime::key_lifetime,
        input::permissions::parse_permissions,
        pages::all,
        table::{instant, listed, print_table},
    },
};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a key for a program, and print it; it cannot be shown again
    Create(CreateKey),
    /// List all keys, the oldest first
    List,
    /// Delete a key
    Delete {
        /// The name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateKey {
    /// The name: a-z, 0-9, '.', '_', '@' and '-', the first a letter or a digit
    name: String,
    /// A permission, like logs:read:shop/*; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// How long it will be valid, like 90days [default: until it is deleted]
    #[arg(long, value_parser = key_lifetime)]
    ttl: Option<Duration>,
}

impl KeyCommand {
    pub(in crate::shell) async fn run(
        self,
        administration: &Administration,
    ) -> Result<(), AdminError> {
        match self {
            Self::Create(create) => create.run(administration).await,
            Self::List => {
                let keys = all(async |part| administration.keys(&part).await).await?;
                let head = ["NAME", "PERMISSIONS", "EXPIRES", "CREATED", "BY", "ID"];
                Ok(print_table(head, keys.iter().map(row), &mut io::stdout().lock())?)
            }
            Self::Delete { name } => {
                Ok(administration.delete_key_named(Actor::Shell, name.parse()?).await?)
            }
        }
    }
}

impl CreateKey {
    /// Prints the key once it is on the disk, even if the audit log was not written.
    async fn run(self, administration: &Administration) -> Result<(), AdminError> {
        let wish = RequestedKey {
            name: self.name.parse()?,
            permissions: parse_permissions(&self.permissions)?,
            expires_at: self.ttl.map(|ttl| administration.now() + ttl),
        };
        let (token, _) = administration.create_key(Actor::Shell, wish).await?;
        writeln!(io::stdout().lock(), "{}", token.expose())?;
        Ok(())
    }
}

fn row(key: &ApiKey) -> [String; 6] {
    [
        key.name.clone(),
        listed(&key.permissions),
        key.expires_at.map_or_else(|| "-".to_owned(), instant),
        instant(key.created_at),
        key.created_by.clone(),
        key.id.to_string(),
    ]
}
