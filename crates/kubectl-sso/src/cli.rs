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
    commands::{self, GatewayUrl, Kubeconfig, LogIn, LogInMethod},
    error::CommandError,
    prompt,
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
    #[command(flatten)]
    way: LoginWay,
    /// The user name for a log-in with the password; asked for if not given.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["browser", "device"])]
    username: Option<String>,
    /// A file with the password, or - for standard input; asked for if not given.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["browser", "device"])]
    password_file: Option<PathBuf>,
}

/// The way to log in. Without any of these: with the password if a user name or a password file is
/// given or there is no terminal, else in a browser.
#[derive(Args)]
#[group(multiple = false)]
struct LoginWay {
    /// Log in in a browser of this machine, or with a code if none can be opened; the default at a
    /// terminal.
    #[arg(long)]
    browser: bool,
    /// Log in in a browser of any machine, with a code that is shown here.
    #[arg(long)]
    device: bool,
    /// Log in with the user name and password.
    #[arg(long)]
    password: bool,
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
        let LoginArguments { sso, ca, way, username, password_file } = arguments;
        let is_for_password = username.is_some() || password_file.is_some();
        let method = match way {
            LoginWay { browser: true, .. } => LogInMethod::Browser,
            LoginWay { device: true, .. } => LogInMethod::Device,
            LoginWay { password: false, .. } if !is_for_password && prompt::has_terminal() => {
                LogInMethod::Browser
            }
            _ => LogInMethod::Password { username, password_file },
        };
        Self { sso, ca, method }
    }
}

impl From<KubeconfigArguments> for Kubeconfig {
    fn from(arguments: KubeconfigArguments) -> Self {
        let KubeconfigArguments { gateway, authority, ca } = arguments;
        Self { gateway, sso: authority.sso, ca }
    }
}
