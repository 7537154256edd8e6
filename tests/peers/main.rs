//! The gateway's Kubernetes API with third-party clients: kubectl in three versions, the Kubernetes
//! project's libraries for Python and JavaScript, and kube. The sso-service with third-party reverse
//! proxies (nginx, Caddy and HAProxy), its JWTs with PyJWT, Authlib and jose, and its log-in with
//! openid-client and Authlib. The databases that tests start: PostgreSQL, PgBouncer, Redis and
//! Sentinel; the sso-service with Redis, with a server of mail (aiosmtpd) and with a provider of
//! OpenID Connect (oidc-provider), whose user reads a log with kubectl until an administrator ends the
//! session. The log-in of kubectl-sso in Chromium. `compose.yaml` with Docker
//! Compose, and `deploy/kubernetes` with kubectl, Kubernetes' schemas and promtool. System calls with
//! strace.
//!
//! `cargo xtask peers` installs them, except kube, which is a dependency. A case whose peer is not
//! there is skipped, and says so; with `CI=true` it fails. The cases of Kubernetes share a pair over
//! TLS, those of proxies another pair, and whatever a case changes is its own.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails where it stands")]

#[path = "../harness/databases/mod.rs"]
mod databases;
#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite needs more of it")]
mod harness;
#[path = "../installed.rs"]
mod installed;

mod compose;
mod consent;
mod jwt;
mod kube;
mod kubectl;
mod library;
mod mail;
mod manifests;
mod one_log_in;
mod peer;
mod proxies;
mod relying_party;
mod running;
mod session_store;
mod stage;
mod stores;
mod system_calls;
mod token_review;
mod upstream;

use std::{env, process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::{
    peer::{Installed, Peer},
    stage::Stage,
};

/// A case: its peer, on the shared stage.
type Case = fn(&Stage, &Installed);

/// Functions, under their names.
macro_rules! cases {
    ($($module:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        &[$($((stringify!($case), $module::$case as $crate::Case)),*),*]
    };
}
pub(crate) use cases;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let stage = Arc::new(Stage::default());
    let mut trials = Vec::new();
    for (peers, cases) in [
        (&Peer::KUBECTLS[..], kubectl::CASES),
        (&Peer::LIBRARIES[..], library::CASES),
        (&Peer::JWT_LIBRARIES[..], jwt::CASES),
        (&Peer::RELYING_PARTIES[..], relying_party::CASES),
        (&[Peer::OidcProvider][..], upstream::CASES),
        (&[Peer::Kubectl("1.33")][..], one_log_in::CASES),
        (&[Peer::Kube][..], kube::CASES),
        (&[Peer::Kube][..], token_review::CASES),
        (&Peer::PROXIES[..], proxies::CASES),
        (&[Peer::Python][..], proxies::SAMPLE_CASES),
    ] {
        for peer in peers {
            trials.extend(cases.iter().map(|(name, case)| trial(&stage, *peer, name, *case)));
        }
    }
    trials.extend(stores::trials());
    trials.extend(compose::trials());
    trials.extend(consent::trials());
    trials.extend(mail::trials());
    trials.extend(manifests::trials());
    trials.extend(session_store::trials());
    trials.extend(system_calls::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(stage: &Arc<Stage>, peer: Peer, name: &str, case: Case) -> Trial {
    let stage = stage.clone();
    Trial::ignorable_test(format!("{peer}::{name}"), move || match peer.installed() {
        Ok(peer) => {
            case(&stage, &peer);
            Ok(Completion::Completed)
        }
        Err(missing) if env::var_os("CI").is_some_and(|ci| ci == "true") => {
            Err(Failed::from(missing))
        }
        Err(missing) => Ok(Completion::ignored_with(missing)),
    })
}
