//! The command line: what the binary can be asked to do.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use service_runtime::{
    clock::SystemClock, healthcheck, lifecycle, settings::process_environment, telemetry,
};

use crate::{
    app::{Gateway, StartError},
    config::{Config, state_home},
    operator::{self, Failure, SsoUrl},
};

/// Serves pod logs to whoever the single sign-on authority vouches for.
///
/// Without a command it serves until SIGTERM or SIGINT. It is configured by variables under
/// GATEWAY_ in the environment.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Ask the running gateway whether it is ready; exit 0 if it is.
    Healthcheck,
    /// Check the configuration in the environment; exit 64 if it is wrong.
    CheckConfig,
    #[command(flatten)]
    Operator(OperatorCommand),
}

/// On the machine of whoever runs kubectl. Nothing of the gateway's configuration is read.
#[derive(Subcommand)]
enum OperatorCommand {
    /// Log in at the single sign-on authority, for kubectl.
    ///
    /// The session is kept in $XDG_STATE_HOME/logs-gateway, by default ~/.local/state/logs-gateway.
    Login(LoginArguments),
    /// Print a credential for kubectl, renewed if need be; kubectl runs this as its exec plugin.
    KubeToken {
        /// The authority; needed when logged in at several.
        #[arg(long, value_name = "URL", value_parser = SsoUrl::parse)]
        sso: Option<SsoUrl>,
    },
}

#[derive(Args)]
struct LoginArguments {
    /// The authority. Plain http only on this machine.
    #[arg(long, value_name = "URL", value_parser = SsoUrl::parse)]
    sso: SsoUrl,
    /// A file with the certificate authorities to believe about it, in PEM, instead of the
    /// system's. Remembered for the next time.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Who logs in; asked for if not given.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file with the password, or - for standard input; asked for if not given.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// The configuration is wrong (`EX_USAGE` of sysexits).
const EXIT_CONFIG: u8 = 64;

/// Does what the command line says, and serves if it says nothing.
pub async fn run() -> ExitCode {
    match Arguments::parse().command {
        None => configured(serve).await,
        Some(Command::CheckConfig) => configured(check_config).await,
        Some(Command::Healthcheck) => configured(check_health).await,
        Some(Command::Operator(command)) => match assist(command).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => fail(1, &failure),
        },
    }
}

async fn configured(run: impl AsyncFnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::read(process_environment()) {
        Ok(config) => run(config).await,
        Err(faults) => fail(EXIT_CONFIG, &faults),
    }
}

#[expect(clippy::print_stderr, reason = "the command is there to tell")]
async fn check_config(config: Config) -> ExitCode {
    eprint!("{}", config.warnings);
    ExitCode::SUCCESS
}

async fn check_health(config: Config) -> ExitCode {
    match healthcheck::check(config.ops_listen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(unhealthy) => fail(1, &unhealthy),
    }
}

async fn assist(command: OperatorCommand) -> Result<(), Failure> {
    let home = state_home(process_environment()).ok_or(Failure::NoStateHome)?;
    let clock = SystemClock::default();
    let said = match command {
        OperatorCommand::Login(arguments) => {
            operator::login(&home, arguments.into(), &clock).await?
        }
        OperatorCommand::KubeToken { sso } => operator::kube_token(&home, sso, &clock).await?,
    };
    io::stdout().write_all(said.as_bytes()).map_err(Failure::Output)
}

impl From<LoginArguments> for operator::LogIn {
    fn from(arguments: LoginArguments) -> Self {
        let LoginArguments { sso, ca, username, password_file } = arguments;
        Self { sso, ca, username, password_file }
    }
}

async fn serve(config: Config) -> ExitCode {
    telemetry::start(config.telemetry);
    config.warnings.log();
    let gateway = match Gateway::bind(config) {
        Ok(gateway) => gateway,
        Err(error @ StartError::Logs(_)) => return fail(EXIT_CONFIG, &error),
        Err(error @ (StartError::Bind(_) | StartError::Threads(_))) => return fail(1, &error),
    };
    let stop = match lifecycle::termination() {
        Ok(stop) => stop,
        Err(error) => return fail(1, &error),
    };
    match gateway.run(stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}

#[expect(clippy::print_stderr, reason = "what keeps the process from running is said plainly")]
fn fail(code: u8, error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(code)
}
