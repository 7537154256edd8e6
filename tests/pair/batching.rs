//! The tokens of waiting requests are validated in batches, without a visible difference to callers
//! except the speed.

use std::time::Duration;

use serde_json::json;
use shared_types::{TokenKind, encode_token};
use tokio::task::JoinSet;

use crate::{
    harness::{
        ActiveAnswer, Answer, Asked, Caller, FakeAuthority, Pair, Reply, Setup, cri, owner,
        patience, until,
    },
    operations::ops,
};

const CALLERS: u8 = 32;

/// A pair with a pod `default/web`, whose gateway has one worker, and so one queue, and asks the
/// given authority.
fn asking(authority: &FakeAuthority) -> Pair {
    let setup = Setup::new().gateway("GATEWAY_WORKERS", "1");
    let pair = setup.gateway("GATEWAY_SSO_URL", &authority.url()).start();
    pair.logs.write("default", "web", cri(&["hello"]));
    pair
}

fn callers(pair: &Pair) -> Vec<Caller> {
    let token = |number| encode_token(TokenKind::Session, &[number; 32]);
    (0..CALLERS).map(|number| pair.anonymous().with_token(&token(number))).collect()
}

/// All of them read at the same time.
async fn read_together(callers: &[Caller]) -> Vec<(Caller, Answer)> {
    let mut reading = JoinSet::new();
    for caller in callers.iter().cloned() {
        reading.spawn(async move {
            let answer = caller.logs("web").await;
            (caller, answer)
        });
    }
    reading.join_all().await
}

fn check_is_for(caller: &Caller, answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let greeting = format!("User {} authenticated.", owner(caller.token()));
    assert_eq!(answer.json()["message"], greeting);
}

/// Reads simultaneously until the authority receives a batch. Gives the answers of that round to
/// the callers outside of the batch, and to the callers in it.
async fn until_batched(
    authority: &FakeAuthority,
    callers: &[Caller],
) -> [Vec<(Caller, Answer)>; 2] {
    until("a batch", patience(), async || {
        let before = authority.asked().len();
        let answers = read_together(callers).await;
        let asked = authority.asked().split_off(before);
        let batched: Vec<_> =
            asked.iter().filter(|call| call.is_batch()).flat_map(Asked::tokens).collect();
        let is_alone =
            |(caller, _): &(Caller, Answer)| !batched.iter().any(|t| t == caller.token());
        let (alone, together) = answers.into_iter().partition(is_alone);
        (!batched.is_empty()).then_some([alone, together])
    })
    .await
}

#[tokio::test]
async fn each_caller_of_a_batch_gets_its_own_answer() {
    let authority = FakeAuthority::start(Reply::ForOwners).await;
    let pair = asking(&authority);
    let callers = callers(&pair);
    for (caller, answer) in until_batched(&authority, &callers).await.concat() {
        check_is_for(&caller, &answer);
    }
    let batch = authority.asked().into_iter().find(Asked::is_batch).unwrap();
    assert_eq!(batch.line, "POST /auth/validate/batch HTTP/1.1");
    assert_eq!(batch.header("content-type"), "application/json");
    assert_eq!(batch.header("x-request-id").len(), 36, "the id of one of them");
    assert!(batch.headers.iter().all(|(name, _)| name != "authorization"), "{batch:?}");
    let mut tokens = batch.tokens();
    assert!((2..=64).contains(&tokens.len()));
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), batch.tokens().len(), "each token once");
}

#[tokio::test]
async fn the_real_authority_answers_each_token_of_a_batch() {
    let pair = Setup::new().gateway("GATEWAY_WORKERS", "1").start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let (alice, bob) = (pair.user("alice", &["logs:read"]).await, pair.user("bob", &[]).await);
    let gone = pair.admin().await;
    gone.log_out().await;
    let expected = [(&alice, 200), (&bob, 403), (&gone, 401)];
    until("a batch", patience(), async || {
        let all: Vec<_> = expected.iter().map(|(caller, _)| (*caller).clone()).collect();
        for (caller, answer) in read_together(&[all.clone(), all.clone(), all].concat()).await {
            let is_same = |(other, _): &&(&Caller, u16)| other.token() == caller.token();
            assert_eq!(answer.status, expected.iter().find(is_same).unwrap().1, "{answer:?}");
        }
        let metrics = ops(&pair.sso, "/metrics").await.1;
        metrics.contains("route=\"/auth/validate/batch\",status=\"200\"").then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_authority_without_batches_is_asked_token_by_token() {
    for status in [404, 405] {
        let authority = FakeAuthority::start(Reply::ForOwners).await;
        authority.answer_batches(Reply::http(status, "", ""));
        let pair = asking(&authority);
        let callers = callers(&pair);
        for (caller, answer) in until_batched(&authority, &callers).await.concat() {
            check_is_for(&caller, &answer);
        }
        let before = authority.asked().len();
        for (caller, answer) in read_together(&callers).await {
            check_is_for(&caller, &answer);
        }
        let asked = authority.asked().split_off(before);
        assert!(asked.iter().all(|call| !call.is_batch()), "{status}: it was told once");
        assert_eq!(asked.len(), callers.len());
    }
}

#[tokio::test]
async fn an_invalid_batch_answer_is_503_for_the_whole_batch() {
    let entry = ActiveAnswer::of("logs:read").with("status", 200);
    let entries = |count: usize| json!({ "answers": vec![entry.value(); count] });
    let cut_off =
        b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{\"answers\":[{\"status\":200".to_vec();
    let authority = FakeAuthority::start(Reply::ForOwners).await;
    let pair = asking(&authority);
    let callers = callers(&pair);
    for (why, reply) in [
        ("none", Reply::json(200, &entries(0))),
        ("too few", Reply::json(200, &entries(1))),
        ("too many", Reply::json(200, &entries(65))),
        ("no answers", Reply::json(200, &json!({"success": true}))),
        ("a single answer", ActiveAnswer::of("logs:read").reply()),
        ("no JSON", Reply::http(200, "content-type: text/html\r\n", "<html>")),
        ("half of it", Reply::http(200, "", "{\"answers\":[{\"status\":200,")),
        ("nothing", Reply::http(200, "", "")),
        ("dies in the middle", Reply::Bytes(cut_off)),
        ("hangs up", Reply::Bytes(Vec::new())),
        ("201", Reply::json(201, &entries(2))),
        ("401", Reply::json(401, &json!({}))),
        ("500", Reply::http(500, "", "")),
    ] {
        authority.answer_batches(reply);
        let [alone, together] = until_batched(&authority, &callers).await;
        for (caller, answer) in alone {
            check_is_for(&caller, &answer);
        }
        assert!(!together.is_empty(), "{why}");
        for (_, answer) in together {
            assert_eq!(answer.problem(), (503, "sso_unavailable".to_owned()), "{why}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn an_oversized_batch_answer_is_replaced_by_single_calls() {
    let authority = FakeAuthority::start(Reply::ForOwners).await;
    authority.answer_batches(Reply::http(200, "", &" ".repeat(2 * 1024 * 1024)));
    let pair = asking(&authority);
    for (caller, answer) in until_batched(&authority, &callers(&pair)).await.concat() {
        check_is_for(&caller, &answer);
    }
}

#[tokio::test]
async fn a_token_revoked_before_a_request_is_refused_despite_an_older_call() {
    let authority = FakeAuthority::start(Reply::Held(Box::new(Reply::ForOwners))).await;
    let setup = Setup::new().gateway("GATEWAY_WORKERS", "1").gateway("GATEWAY_SSO_TIMEOUT", "8s");
    let pair = setup.gateway("GATEWAY_SSO_URL", &authority.url()).start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let caller = callers(&pair).swap_remove(0);
    let early = caller.clone();
    let early = tokio::spawn(async move { early.logs("web").await });
    let call_is_out = async || (authority.asked().len() == 1).then_some(());
    until("the call", patience(), call_is_out).await;

    // Revoked: from now on the authority refuses the token. Its earlier answer is still under way.
    authority.answer(Reply::json(401, &json!({})));
    let late = caller.logs("web").await;
    late.check_problem_is(401, "invalid_token");
    authority.release();
    check_is_for(&caller, &early.await.unwrap());
    assert_eq!(authority.asked().len(), 2);
}

#[tokio::test]
async fn a_hanging_call_does_not_delay_later_requests() {
    let authority = FakeAuthority::start(Reply::Held(Box::new(Reply::HangUp))).await;
    let setup = Setup::new().gateway("GATEWAY_WORKERS", "1").gateway("GATEWAY_SSO_TIMEOUT", "4s");
    let pair = setup.gateway("GATEWAY_SSO_URL", &authority.url()).start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let callers = callers(&pair);
    let (first, rest) = callers.split_first().unwrap();
    let hanging = tokio::spawn({
        let first = first.clone();
        async move { first.logs("web").await }
    });
    let call_is_out = async || (authority.asked().len() == 1).then_some(());
    until("the call", patience(), call_is_out).await;
    authority.answer(Reply::ForOwners);
    for (caller, answer) in read_together(rest).await {
        check_is_for(&caller, &answer);
    }
    assert!(!hanging.is_finished(), "the others came first");
    let bound = Duration::from_secs(4) + patience();
    let answer = tokio::time::timeout(bound, hanging).await.unwrap().unwrap();
    assert_eq!(answer.problem(), (503, "sso_unavailable".to_owned()));
}
