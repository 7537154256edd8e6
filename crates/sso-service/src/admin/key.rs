//! `admin key …`

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::{Args, Subcommand};
use shared_types::TokenKind;
use sqlx::SqliteConnection;

use super::{
    error::AdminError,
    lifetime::key_lifetime,
    table::{instant, listed, print_table},
    user::parse_permissions,
};
use crate::{
    audit::{AuditFileError, AuditRecord, Event, Kind},
    keys::{ApiKey, KeyName, KeyStore, NewKey, create_key, delete_named_key},
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
    pub(super) async fn run(self, record: &mut AuditRecord) -> Result<(), AdminError> {
        match self {
            Self::Create(create) => create.run(record).await,
            Self::List => print_keys(&KeyStore::new(record.database().clone())).await,
            Self::Delete { name } => delete(record, name.parse()?).await,
        }
    }
}

impl Create {
    /// The key is printed when it is on the disk, even if the audit log was not.
    async fn run(self, record: &mut AuditRecord) -> Result<(), AdminError> {
        let now = record.now();
        let token = PlainToken::generate(TokenKind::ApiKey)?;
        let key = NewKey {
            name: self.name.parse()?,
            hash: token.hash(),
            permissions: parse_permissions(&self.permissions)?,
            expires_at: self.ttl.map(|ttl| now + ttl),
            created_by: SHELL.to_owned(),
        };
        let event = event(record, "created", &key.name);
        let create = async move |connection: &mut SqliteConnection| {
            create_key(connection, key, now).await?;
            Ok::<_, AdminError>(())
        };
        let created = record.change(event, create).await;
        if let Ok(()) | Err(AdminError::Audit(AuditFileError::Write(_))) = created {
            writeln!(io::stdout().lock(), "{}", token.expose())?;
        }
        created
    }
}

async fn delete(record: &mut AuditRecord, name: KeyName) -> Result<(), AdminError> {
    let event = event(record, "deleted", &name);
    let delete =
        async move |connection: &mut SqliteConnection| match delete_named_key(connection, &name)
            .await?
        {
            true => Ok(()),
            false => Err(AdminError::NoSuchKey(name)),
        };
    record.change(event, delete).await
}

fn event(record: &AuditRecord, what: &'static str, name: &KeyName) -> Event {
    record.event(Kind::KeyChanged).because(what).on(name.as_str())
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
