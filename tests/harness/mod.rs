//! The harness of the cases: both services as real processes, callers, logs on disk, and an
//! authority with configurable answers.

mod answer;
pub(crate) mod binaries;
mod browser;
mod caller;
mod cluster;
pub(crate) mod command;
mod fake_api_server;
mod fake_authority;
mod kubectl_user;
mod logout_receiver;
mod logs;
mod oidc_client;
mod pair;
mod process;
mod raw;
pub(crate) mod secrets;
mod service;
mod tls;
mod wait;
mod watch;

pub(crate) use answer::{Answer, Ask, ask_kubernetes, is_about_reading};
pub(crate) use browser::Browser;
pub(crate) use caller::Caller;
pub(crate) use cluster::{Cluster, ClusterAuthorities, NodeGateway, free_address};
pub(crate) use command::{Ended, run_gateway, run_kubectl_sso, run_sso};
pub(crate) use fake_api_server::FakeApiServer;
pub(crate) use fake_authority::{ActiveAnswer, Asked, FakeAuthority, Reply, owner};
pub(crate) use kubectl_user::{KubectlUser, OngoingLogin};
pub(crate) use logout_receiver::LogoutReceiver;
pub(crate) use logs::{ContainerDir, cri, cri_at, docker};
pub(crate) use oidc_client::{OidcClient, claims};
pub(crate) use pair::{ADMIN, Pair, Setup, WELL_FORMED_TOKEN, dead_address, scratch};
pub(crate) use process::Process;
pub(crate) use raw::{RawRequest, exchange};
pub(crate) use service::Service;
pub(crate) use tls::{PrivateCa, plain_client};
pub(crate) use wait::{patience, until};
pub(crate) use watch::{Watch, word};
