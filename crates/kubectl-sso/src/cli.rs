//! The command line.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    authority_url::AuthorityUrl,
    clock::WallClock,
    commands::{self, GatewayUrl, Kubeconfig, LogIn},
    error::CommandError,
    state::state_home,
};

/// Logs kubectl in at a single sign-on authority, and keeps it logged in.
#[derive(Parser)]
#[command(version, bin_name = "kubectl sso")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Log in.
    ///
    /// The session is saved in $XDG_STATE_HOME/kubectl-sso, by default ~/.local/state/kubectl-sso.
    Login(LoginArguments),
    /// Print a credential for kubectl, renewed if necessary; kubectl runs this as its exec plugin.
    Token(Authority),
    /// Show the log-ins: user, authority and expiry.
    Status(Authority),
    /// End the session at the authority and forget it.
    Logout(Authority),
    /// Add a context for a gateway to the kubeconfig, and switch to it.
    Kubeconfig(KubeconfigArguments),
}

#[derive(Args)]
struct Authority {
    /// The authority; necessary when logged in at several.
    #[arg(long, value_name = "URL", value_parser = AuthorityUrl::parse)]
    sso: Option<AuthorityUrl>,
}

#[derive(Args)]
struct LoginArguments {
    /// The authority. Plain http only to this machine.
    #[arg(long, value_name = "URL", value_parser = AuthorityUrl::parse)]
    sso: AuthorityUrl,
    /// A file with the certificate authorities to trust instead of the system's, in PEM.
    /// Remembered for the next time.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The user name; asked for if not given.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file with the password, or - for standard input; asked for if not given.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Args)]
struct KubeconfigArguments {
    /// The gateway, over https.
    #[arg(long, value_name = "URL", value_parser = GatewayUrl::parse)]
    gateway: GatewayUrl,
    #[command(flatten)]
    authority: Authority,
    /// A file with the certificate authorities to trust about the gateway, in PEM; by default
    /// those that were given at the log-in.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Runs the command of the command line.
#[expect(clippy::print_stderr, reason = "an error is shown on the terminal")]
pub(crate) async fn run() -> ExitCode {
    match execute(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command) -> Result<(), CommandError> {
    let home = state_home().ok_or(CommandError::NoStateHome)?;
    let clock = WallClock;
    let text = match command {
        Command::Login(arguments) => commands::login(&home, arguments.into(), &clock).await?,
        Command::Token(Authority { sso }) => commands::token(&home, sso, &clock).await?,
        Command::Status(Authority { sso }) => commands::status(&home, sso, &clock)?,
        Command::Logout(Authority { sso }) => commands::logout(&home, sso, &clock).await?,
        Command::Kubeconfig(arguments) => commands::kubeconfig(&home, arguments.into())?,
    };
    io::stdout().write_all(text.as_bytes()).map_err(CommandError::Output)
}

impl From<LoginArguments> for LogIn {
    fn from(arguments: LoginArguments) -> Self {
        let LoginArguments { sso, ca, username, password_file } = arguments;
        Self { sso, ca, username, password_file }
    }
}

impl From<KubeconfigArguments> for Kubeconfig {
    fn from(arguments: KubeconfigArguments) -> Self {
        let KubeconfigArguments { gateway, authority, ca } = arguments;
        Self { gateway, sso: authority.sso, ca }
    }
}
