//! Codes and tokens that were never given, which anybody may send: the writer of the database has no
//! work with them.

use shared_types::{TokenKind, encode_token};

use super::relying_party::{CALLBACK, Parameters, RelyingParty};

impl RelyingParty {
    /// How often the writer has committed.
    fn commits(&self) -> u64 {
        let metrics = self.service.metrics.render();
        let count =
            metrics.lines().find_map(|line| line.strip_prefix("store_commit_seconds_count "));
        count.unwrap_or_else(|| panic!("no commits: {metrics}")).parse().unwrap()
    }

    /// Whether the writer commits something at this request, which gets this status.
    async fn writes(&self, path: &str, form: &Parameters, status: u16) -> bool {
        let before = self.commits();
        let answer = self.post(path, form).await;
        assert_eq!(answer.status.as_u16(), status, "{form:?}: {}", answer.text);
        self.commits() > before
    }
}

fn revocation(token: &str) -> Parameters {
    [("token".to_owned(), token.to_owned())].into()
}

#[actix_web::test]
async fn codes_and_tokens_that_were_never_given_are_refused_without_the_writer() {
    let party = RelyingParty::confidential().await;
    let unknown = |kind| encode_token(kind, &[7; 32]);
    let refresh = unknown(TokenKind::ClientRefresh);
    let mut first_party = party.redemption("x");
    first_party.remove("client_secret");
    first_party.insert("client_id".to_owned(), "kubectl-sso".to_owned());
    for form in [party.redemption("x"), party.renewal(&refresh), first_party] {
        assert!(!party.writes("/oauth/token", &form, 400).await, "{form:?}");
    }
    for kind in [TokenKind::ClientAccess, TokenKind::ClientRefresh] {
        assert!(!party.writes("/oauth/revoke", &revocation(&unknown(kind)), 200).await);
    }
}

/// A client with what another one was given is a stranger as well.
#[actix_web::test]
async fn what_another_client_was_given_is_refused_without_the_writer() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let root = party.service.log_in("root").await;
    let body = serde_json::json!({"name": "Other", "redirect_uris": [CALLBACK]});
    let post = actix_web::http::Method::POST;
    let other = party.service.call(post, "/admin/clients", &root, body).await.body;
    let by_other = |mut form: Parameters| {
        for name in ["client_id", "client_secret"] {
            form.insert(name.to_owned(), other[name].as_str().unwrap().to_owned());
        }
        form
    };
    let redemption = party.redemption(&party.code(&alice).await);
    let tokens = party.tokens(&alice).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for form in [redemption, party.renewal(refresh)] {
        assert!(!party.writes("/oauth/token", &by_other(form.clone()), 400).await, "{form:?}");
        // The client itself gets something for it, which is written.
        assert!(party.writes("/oauth/token", &form, 200).await, "{form:?}");
    }
    assert!(party.writes("/oauth/revoke", &revocation(refresh), 200).await);
}
