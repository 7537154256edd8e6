//! `admin key …`

use std::{
    io::{self, Write},
    time::Duration,
};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use service_runtime::clock::Clock;
use shared_types::TokenKind;

use super::{
    error::AdminError,
    lifetime::key_lifetime,
    table::{instant, listed, print_table},
    user::parse_permissions,
};
use crate::{
    audit::{Event, Kind},
    database::Database,
    keys::{ApiKey, KeyName, KeyStore, NewKey},
    page::Part,
    tokens::PlainToken,
};

/// Who created a key from the shell. No user is called so.
const SHELL: &str = "(shell)";

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a key for a program, and print it: nobody can read it later
    Create(Create),
    /// List all keys, the oldest first
    List,
    /// Delete a key
    Delete {
        /// The name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
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
    pub(super) async fn run(self, database: Database, clock: &dyn Clock) -> Result<(), AdminError> {
        let store = KeyStore::new(database);
        match self {
            Self::Create(create) => create.run(&store, clock.now()).await,
            Self::List => print_keys(&store).await,
            Self::Delete { name } => {
                let name: KeyName = name.parse()?;
                match store.delete_named(name.clone()).await? {
                    true => Ok(()),
                    false => Err(AdminError::NoSuchKey(name)),
                }
            }
        }
    }

    /// What it is in the audit log, when it is done.
    pub(super) fn event(&self, event: Event) -> Option<Event> {
        let (what, name) = match self {
            Self::Create(Create { name, .. }) => ("created", name),
            Self::Delete { name } => ("deleted", name),
            Self::List => return None,
        };
        Some(event.of_kind(Kind::KeyChanged).because(what).on(&name.to_ascii_lowercase()))
    }
}

impl Create {
    /// The key is printed when it is on the disk.
    async fn run(self, store: &KeyStore, now: DateTime<Utc>) -> Result<(), AdminError> {
        let token = PlainToken::generate(TokenKind::ApiKey)?;
        let key = NewKey {
            name: self.name.parse()?,
            hash: token.hash(),
            permissions: parse_permissions(&self.permissions)?,
            expires_at: self.ttl.map(|ttl| now + ttl),
            created_by: SHELL.to_owned(),
        };
        store.create(key, now).await?;
        Ok(writeln!(io::stdout().lock(), "{}", token.expose())?)
    }
}

async fn print_keys(store: &KeyStore) -> Result<(), AdminError> {
    let all = Part { after: None, limit: u16::MAX };
    let keys = store.page(&all).await?.items;
    let head = ["NAME", "PERMISSIONS", "EXPIRES", "CREATED", "BY", "ID"];
    Ok(print_table(head, keys.iter().map(row), &mut io::stdout().lock())?)
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
