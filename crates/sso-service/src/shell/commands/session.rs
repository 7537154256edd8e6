//! `admin sessions …`

use std::{
    io::{self, BufWriter, Write},
    time::Duration,
};

use clap::{Args, Subcommand};

use crate::{
    administration::{Actor, Administration, Minting},
    sessions::SessionOfUser,
    shell::{error::AdminError, input::lifetime::session_lifetime, table::instant},
    tokens::PlainToken,
    users::Username,
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
    End(EndSessions),
    /// Begin sessions without a log-in, beyond any limit, and print their tokens
    Mint(MintSessions),
}

/// The sessions to end.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct EndSessions {
    /// This user's
    #[arg(long)]
    user: Option<String>,
    /// Everybody's
    #[arg(long)]
    all: bool,
}

/// The sessions to mint.
#[derive(Debug, Args)]
pub(crate) struct MintSessions {
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
    pub(in crate::shell) async fn run(
        self,
        administration: &Administration,
    ) -> Result<(), AdminError> {
        match self {
            Self::List { user } => list(administration, user.as_deref()).await,
            Self::End(EndSessions { user: Some(user), .. }) => {
                Ok(administration.end_sessions_of(Actor::Shell, user.parse()?).await?)
            }
            Self::End(_) => Ok(administration.end_all_sessions(Actor::Shell).await?),
            Self::Mint(command) => command.run(administration).await,
        }
    }
}

impl MintSessions {
    /// A token is printed when its session is on the disk.
    async fn run(self, administration: &Administration) -> Result<(), AdminError> {
        let user = self.user.parse()?;
        let minting = Minting { user, count: self.count as usize, ttl: self.ttl };
        let mut out = BufWriter::new(io::stdout().lock());
        let print = |tokens: &[PlainToken]| {
            tokens.iter().try_for_each(|token| writeln!(out, "{}", token.expose()))?;
            out.flush()
        };
        Ok(administration.mint_sessions(&minting, print).await?)
    }
}

/// Line by line: there may be millions.
async fn list(administration: &Administration, user: Option<&str>) -> Result<(), AdminError> {
    let user = user.map(str::parse::<Username>).transpose()?;
    let mut out = BufWriter::new(io::stdout().lock());
    let head = ["CREATED", "LAST SEEN", "ENDS"].map(|word| format!("{word:20}")).join("  ");
    writeln!(out, "{:36}  {head}  {:15}  USERNAME", "ID", "IP")?;
    let show = |session| Ok::<_, AdminError>(writeln!(out, "{}", line(&session))?);
    administration.each_session(user.as_ref(), show).await?;
    Ok(out.flush()?)
}

/// Without knowing the lines to come: all but the last column are of a known width.
fn line(session: &SessionOfUser) -> String {
    let instants = [session.created_at, session.last_seen_at, session.ends_at];
    let instants = instants.map(instant).join("  ");
    let ip = session.ip.as_deref().unwrap_or("-");
    format!("{}  {instants}  {ip:15}  {}", session.id, session.username)
}
