//! `POST /k8s/tokenreview`, asked by kube as kube-apiserver asks: with the webhook configuration of
//! `deploy/kube-apiserver`, and the types of the Kubernetes API.

use std::{fs, path::Path};

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use kube::{
    Client, Config, Error,
    api::{PostParams, Request},
    config::{KubeConfigOptions, Kubeconfig},
};

use crate::{
    Case, cases,
    harness::{WELL_FORMED_TOKEN, patience, until},
    peer::Installed,
    stage::Stage,
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [
        review_of_a_valid_token_names_the_user,
        review_of_another_token_is_not_authenticated,
        refused_webhook_gets_a_status,
    ],
};

/// A cluster whose key permits this.
async fn cluster(stage: &Stage, name: &str, permission: &str) -> Client {
    let pair = stage.pair();
    let created = pair.administer(&["key", "create", name, "--permission", permission]);
    let key = created.stdout.split_whitespace().find(|word| word.starts_with("ssok_")).unwrap();
    let caller = pair.anonymous().with_token(key);
    let is_valid = async || (caller.validate().await.status == 200).then_some(());
    until("the key is in force", patience(), is_valid).await;
    let token_file = pair.beside_logs(&format!("{name}.key"));
    fs::write(&token_file, key).unwrap();

    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kube-apiserver");
    let sample = fs::read_to_string(sample.join("token-webhook.yaml")).unwrap();
    let server = format!("https://{}", pair.sso.listening());
    let webhook = [
        // kube adds the path to each request.
        ("https://sso.example.org:8001/k8s/tokenreview\n", format!("{server}\n")),
        ("authority: /etc/kubernetes/sso/ca.crt\n", format!("authority: {}\n", pair.ca().file())),
        ("/etc/kubernetes/sso/token\n", format!("{}\n", token_file.display())),
    ]
    .into_iter()
    .fold(sample, |sample, (old, new)| {
        assert!(sample.contains(old), "{old}");
        sample.replace(old, &new)
    });
    let (webhook, options) =
        (Kubeconfig::from_yaml(&webhook).unwrap(), KubeConfigOptions::default());
    let config = Config::from_custom_kubeconfig(webhook, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

async fn review(cluster: &Client, token: &str) -> Result<TokenReview, Error> {
    let audiences = Some(vec!["https://kubernetes.default.svc".to_owned()]);
    let spec = TokenReviewSpec { token: token.to_owned(), audiences };
    let body = TokenReview { spec, ..TokenReview::default() };
    let body = serde_json::to_vec(&body).unwrap();
    let request = Request::new("/k8s/tokenreview").create(&PostParams::default(), body).unwrap();
    cluster.request(request).await
}

fn review_of_a_valid_token_names_the_user(stage: &Stage, _: &Installed) {
    let alice = stage.alice();
    stage.block_on(async {
        let cluster = cluster(stage, "cluster-1", "sso:introspect").await;
        let status = review(&cluster, alice.token()).await.unwrap().status.unwrap();
        assert_eq!(status.authenticated, Some(true));
        assert_eq!((status.audiences, status.error), (None, None));
        let user = status.user.unwrap();
        assert_eq!(user.username.as_deref(), Some("sso:alice"));
        assert_eq!(user.groups, Some(vec!["sso:user".to_owned()]));
        let id = alice.validate().await.json()["user_id"].as_str().unwrap().to_owned();
        assert_eq!((user.uid, user.extra), (Some(id), None));
    });
}

fn review_of_another_token_is_not_authenticated(stage: &Stage, _: &Installed) {
    stage.block_on(async {
        let cluster = cluster(stage, "cluster-2", "sso:introspect").await;
        for token in [WELL_FORMED_TOKEN, "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", ""] {
            let status = review(&cluster, token).await.unwrap().status.unwrap();
            assert_eq!(status.authenticated, Some(false), "{token}");
            assert_eq!((status.user, status.audiences, status.error), (None, None, None));
        }
    });
}

fn refused_webhook_gets_a_status(stage: &Stage, _: &Installed) {
    stage.block_on(async {
        let cluster = cluster(stage, "cluster-3", "logs:read").await;
        match review(&cluster, WELL_FORMED_TOKEN).await {
            Err(Error::Api(status)) => {
                assert_eq!((status.code, &*status.reason), (401, "Unauthorized"));
            }
            other => panic!("{other:?}"),
        }
    });
}
