//! `admin sessions …`

use std::{
    io::{self, BufWriter, Write},
    time::Duration,
};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use futures_util::TryStreamExt;
use sqlx::{FromRow, SqliteConnection, query_as};
use uuid::Uuid;

use super::{error::AdminError, lifetime::session_lifetime, table::instant};
use crate::{
    audit::{AuditRecord, Kind},
    sessions::{Minting, mint},
    users::{Username, end_all_sessions, end_user_sessions},
};

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List sessions, the oldest first
    List {
        /// Only this user's
        #[arg(long)]
        user: Option<String>,
    },
    /// End sessions
    End(End),
    /// Begin sessions without a log-in, beyond any limit, and print their tokens
    Mint(Mint),
}

/// Which are to end.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct End {
    /// This user's
    #[arg(long)]
    user: Option<String>,
    /// Everybody's
    #[arg(long)]
    all: bool,
}

/// Which are to be minted.
#[derive(Debug, Args)]
pub(crate) struct Mint {
    /// Whose they will be
    #[arg(long)]
    user: String,
    /// How many, up to ten million
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// How long they will live, like 30m; they cannot be renewed
    #[arg(long, value_parser = session_lifetime)]
    ttl: Duration,
}

impl SessionCommand {
    pub(super) async fn run(self, record: &mut AuditRecord) -> Result<(), AdminError> {
        match self {
            Self::List { user } => list(record, user.as_deref()).await,
            Self::End(End { user: Some(user), .. }) => end_of(record, user.parse()?).await,
            Self::End(_) => end_all(record).await,
            Self::Mint(command) => command.run(record).await,
        }
    }
}

impl Mint {
    /// A token is printed when its session is on the disk.
    async fn run(self, record: &mut AuditRecord) -> Result<(), AdminError> {
        let user = self.user.parse()?;
        let ends_at = record.now() + self.ttl;
        let minting = Minting { user, count: self.count as usize, ends_at };
        let mut out = BufWriter::new(io::stdout().lock());
        let print = |tokens: &[_]| {
            tokens.iter().try_for_each(|token: &crate::tokens::PlainToken| {
                writeln!(out, "{}", token.expose())
            })?;
            out.flush()
        };
        Ok(mint(record, &minting, print).await?)
    }
}

async fn end_of(record: &mut AuditRecord, user: Username) -> Result<(), AdminError> {
    let event = record.event(Kind::AdminRevoke).because("sessions").on(user.as_str());
    let end = async move |connection: &mut SqliteConnection| {
        Ok::<_, AdminError>(end_user_sessions(connection, &user).await?)
    };
    record.change(event, end).await
}

async fn end_all(record: &mut AuditRecord) -> Result<(), AdminError> {
    let event = record.event(Kind::AdminRevoke).because("all_sessions");
    let end = async |connection: &mut SqliteConnection| {
        Ok::<_, AdminError>(end_all_sessions(connection).await?)
    };
    record.change(event, end).await
}

#[derive(FromRow)]
struct SessionRow {
    id: Vec<u8>,
    username: String,
    created_at: i64,
    last_seen_at: i64,
    ends_at: i64,
    ip: Option<String>,
}

/// Line by line: there may be millions.
async fn list(record: &AuditRecord, user: Option<&str>) -> Result<(), AdminError> {
    let user = user.map(str::parse::<Username>).transpose()?;
    let mut reader = record.database().reader().await?;
    let mut rows = query_as(
        "SELECT sessions.id, username, sessions.created_at, last_seen_at, ends_at, ip
         FROM live_sessions AS sessions JOIN users ON users.number = user
         WHERE (?1 IS NULL OR username = ?1) AND expires_at > ?2 ORDER BY sessions.number",
    )
    .bind(user.as_ref().map(Username::as_str))
    .bind(record.now().timestamp_millis())
    .fetch(&mut *reader);
    let mut out = BufWriter::new(io::stdout().lock());
    let head = ["CREATED", "LAST SEEN", "ENDS"].map(|word| format!("{word:20}")).join("  ");
    writeln!(out, "{:36}  {head}  {:15}  USERNAME", "ID", "IP")?;
    while let Some(row) = rows.try_next().await.map_err(crate::store::Unavailable::from)? {
        writeln!(out, "{}", line(&row))?;
    }
    Ok(out.flush()?)
}

/// Without knowing the lines to come: all but the last column are of a known width.
fn line(row: &SessionRow) -> String {
    let id = Uuid::from_slice(&row.id).unwrap_or_default();
    let at = |millis| instant(DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default());
    let instants = [row.created_at, row.last_seen_at, row.ends_at].map(at).join("  ");
    let ip = row.ip.as_deref().unwrap_or("-");
    format!("{id}  {instants}  {ip:15}  {}", row.username)
}
