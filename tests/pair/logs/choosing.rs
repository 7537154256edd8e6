//! Readings of a part of a log: up to a line, and of one run.

use crate::harness::{Pair, cri};

use super::{lines, messages};

#[tokio::test]
async fn a_line_is_linked_to_by_its_cursor() {
    let pair = Pair::start();
    let container = pair.logs.pod("default", "web").container("app");
    container.write("0.log", cri(&["one", "two", "three"]));
    let admin = pair.admin().await;
    let all = lines(&admin, "").await;
    let cursor = all[1]["cursor"].as_str().unwrap();
    assert_eq!(messages(&lines(&admin, &format!("upto={cursor}")).await), ["one", "two"]);
    assert_eq!(messages(&lines(&admin, &format!("before={cursor}")).await), ["one"]);
    let link = format!("upto={cursor}&tailLines=1");
    assert_eq!(lines(&admin, &link).await, [all[1].clone()]);
    container.write("0.log.20261101-100010", cri(&["one", "two", "three"]));
    container.write("0.log", cri(&["later"]));
    assert_eq!(messages(&lines(&admin, &link).await), ["two"], "after a rotation");
    for contradiction in ["follow", "after=x", "before=x", "run=1&previous"] {
        let status = admin.logs(&format!("web?upto={cursor}&{contradiction}")).await.status;
        assert!([400, 422].contains(&status), "{contradiction}: {status}");
    }
}

#[tokio::test]
async fn one_run_is_read_by_its_number() {
    let pair = Pair::start();
    let container = pair.logs.pod("default", "web").container("app");
    container.write("1.log", cri(&["first"])).write("2.log.20261101-100000", cri(&["second"]));
    container.write("2.log", cri(&["second again"])).write("3.log", cri(&["third"]));
    let admin = pair.admin().await;
    for (query, expected) in [
        ("run=1", "first\n"),
        ("run=2", "second\nsecond again\n"),
        ("run=2&history=current", "second again\n"),
        ("run=2&tailLines=1", "second again\n"),
        ("run=3", "third\n"),
        ("run=1&follow=true", "first\n"),
        ("run=1&follow=true&history=current", "first\n"),
        ("run=1&container=*&follow=true", "first\n"),
    ] {
        assert_eq!(admin.text(&format!("web?{query}")).await.text(), expected, "{query}");
    }
    for query in ["run=0", "run=4", "run=0&container=*", "run=4&follow=true"] {
        admin.text(&format!("web?{query}")).await.check_problem_is(404, "run_not_found");
    }
    for query in ["run=1&previous=true", "run=1&history=all", "run=-1"] {
        admin.text(&format!("web?{query}")).await.check_problem_is(422, "invalid_value");
    }
    let second = lines(&admin, "run=2").await;
    let after = second[0]["cursor"].as_str().unwrap();
    assert_eq!(messages(&lines(&admin, &format!("run=2&after={after}")).await), ["second again"]);
    admin.logs(&format!("web?run=3&after={after}")).await.check_problem_is(400, "bad_cursor");
}
