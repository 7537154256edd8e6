use chrono::DateTime;
use pod_logs::{History, MergedCursor};
use service_runtime::http::{Problem, Query};

use super::many_query::{ManyRequest, many_request};

fn parse(query: &str) -> Result<ManyRequest, Problem> {
    many_request(Query::parse(query), None, DateTime::UNIX_EPOCH, false)
}

#[track_caller]
fn check(query: &str, code: &str) {
    assert_eq!(parse(query).unwrap_err().code(), code, "{query}");
}

#[test]
fn the_namespace_is_the_default_one_and_all_containers_are_read() {
    let ManyRequest { choice, query, resumed, history: None, download } =
        parse("pod=web-*,db").unwrap()
    else {
        panic!("no history is asked for");
    };
    assert_eq!(choice.namespaces.to_string(), "default");
    assert_eq!(choice.pods.to_string(), "web-*,db");
    assert_eq!(choice.container_name(), "*");
    assert!(query.is_of_many && query.prefix && resumed.is_none() && !download);
    assert_eq!(query.history, History::Rotated);
    let named = parse("pod=*&namespace=a,b*&container=app&prefix=false&download").unwrap();
    assert_eq!(named.choice.namespaces.to_string(), "a,b*");
    assert_eq!(named.choice.container_name(), "app");
    assert!(!named.query.prefix && named.download);
    assert_eq!(parse("pod=*&container=*").unwrap().choice.container_name(), "*");
}

#[test]
fn what_is_about_a_single_log_is_refused() {
    for query in ["uid=1", "before=x", "upto=x", "context=1"] {
        check(&format!("pod=*&{query}"), "invalid_value");
    }
    check("pod=*&labelSelector=app%3Dweb", "labels_unavailable");
    for query in ["", "pod=", "pod=A", "pod=a&namespace=a/b", "pod=a&pod=b", "pod=a&x=1"] {
        check(query, "bad_request");
    }
    check("pod=a&prefix=maybe", "bad_request");
}

#[test]
fn labels_choose_pods_where_the_source_knows_them() {
    let parse = |selector: &str| {
        let query = Query::parse(&format!("pod=*&labelSelector={selector}"));
        many_request(query, None, DateTime::UNIX_EPOCH, true)
    };
    let has_labels = parse("app%3Dweb,!old").unwrap().choice.labels().unwrap();
    for (labels, expected) in
        [(&["app"][..], true), (&["app", "old"], false), (&["other"], false), (&[], false)]
    {
        let labels = labels.iter().map(|name| ((*name).to_owned(), "web".to_owned())).collect();
        assert_eq!(has_labels(&labels), expected, "{labels:?}");
    }
    assert_eq!(parse("%3D%3D").unwrap_err().code(), "bad_request");
}

#[test]
fn a_cursor_belongs_to_its_globs_and_says_where_to_begin() {
    let checksum = parse("pod=web-*").unwrap().choice.checksum();
    let mut cursor = MergedCursor::decode("AW0AAAAAgAAAAAAAAAAAABrm5Co").unwrap();
    cursor.selection = checksum;
    let text = cursor.encode().unwrap();
    let resumed = parse(&format!("pod=web-*&tail=5&since=1h&after={text}")).unwrap();
    assert_eq!(resumed.resumed, Some(cursor.clone()));
    assert_eq!((resumed.query.tail, resumed.query.filter.since), (None, None));
    let query = Query::parse("pod=web-*");
    let by_header = many_request(query, Some(&text), DateTime::UNIX_EPOCH, false);
    assert_eq!(by_header.unwrap().resumed, Some(cursor));
    check(&format!("pod=web-?&after={text}"), "bad_cursor");
    check(&format!("pod=web-*&container=app&after={text}"), "bad_cursor");
    check("pod=web-*&after=x", "bad_cursor");
}
