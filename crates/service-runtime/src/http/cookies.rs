//! Cookies of a request (RFC 6265 §5.4), of which several may have one name: a browser sends those
//! of a parent domain and of other paths as well, and a neighbour in the domain can plant one.

use actix_web::http::{
    StatusCode,
    header::{COOKIE, HeaderMap},
};

use super::{Problem, Result};

/// The most cookies of one name that are considered. Each may cost a look-up.
const MAX_OF_ONE_NAME: usize = 4;

/// The different values of the cookies of this name, in the order of the request. An empty one is
/// a cookie that was taken back, and left out.
///
/// # Errors
/// 400 `duplicate_cookie` when there are more than four.
pub fn cookie_values<'a>(headers: &'a HeaderMap, name: &str) -> Result<Vec<&'a [u8]>> {
    let pairs =
        headers.get_all(COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let value =
        |pair: &'a [u8]| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    let mut values = Vec::new();
    for value in pairs.filter_map(value).filter(|value| !value.is_empty()) {
        if !values.contains(&value) {
            values.push(value);
        }
        if values.len() > MAX_OF_ONE_NAME {
            return Err(duplicate_cookie());
        }
    }
    Ok(values)
}

/// Chooses among the tokens of one cookie name, of which there must be one at least. Each comes
/// with the session in which it is live, if it is. A live token goes before any other, else the
/// first one is as good as the rest.
///
/// # Errors
/// 400 `duplicate_cookie` when tokens of different sessions are live: one of them may have been
/// planted, and nothing tells which.
pub fn choose_live<T, S: PartialEq>(
    candidates: impl IntoIterator<Item = (T, Option<S>)>,
) -> Result<Option<T>> {
    let mut first = None;
    let mut live: Option<(T, S)> = None;
    for (token, session) in candidates {
        let Some(session) = session else {
            first.get_or_insert(token);
            continue;
        };
        match &live {
            None => live = Some((token, session)),
            Some((_, other)) if *other == session => {}
            Some(_) => return Err(duplicate_cookie()),
        }
    }
    Ok(live.map(|(token, _)| token).or(first))
}

fn duplicate_cookie() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "duplicate_cookie",
        "The browser sent several session cookies, and it is unclear which one counts. Delete the \
         cookies of this site and of its parent domains, then log in again.",
    )
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn values(lines: &[&str]) -> Result<Vec<String>, &'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        let values = cookie_values(&headers, "id").map_err(|problem| problem.code())?;
        Ok(values.iter().map(|value| String::from_utf8(value.to_vec()).unwrap()).collect())
    }

    #[test]
    fn all_cookies_of_the_name_are_found_among_others() {
        for (lines, expected) in [
            (&["id=x"][..], &["x"][..]),
            (&["a=b;id=x ; c=d"], &["x"]),
            (&["a=b", "id=x"], &["x"]),
            (&["id=x; id=y", "id=z"], &["x", "y", "z"]),
            (&["id=x; id=x; id=x; id=x; id=x"], &["x"]),
            (&["id=; id=x"], &["x"]),
            (&["id=x=y"], &["x=y"]),
            (&["id="], &[]),
            (&["id"], &[]),
            (&["Id=x; xid=x; id2=x; a=id=x"], &[]),
            (&[""], &[]),
            (&[], &[]),
        ] {
            assert_eq!(values(lines).unwrap(), expected, "{lines:?}");
        }
    }

    #[test]
    fn more_than_four_cookies_of_one_name_are_refused() {
        assert_eq!(values(&["id=1; id=2; id=3; id=4"]).unwrap().len(), 4);
        assert_eq!(values(&["id=1; id=2; id=3; id=4; id=5"]), Err("duplicate_cookie"));
    }

    #[test]
    fn the_live_cookie_counts_at_any_position() {
        let choose = |candidates: &[(&'static str, Option<u8>)]| {
            choose_live(candidates.iter().copied()).map_err(|problem| problem.code())
        };
        for (candidates, expected) in [
            (&[][..], Ok(None)),
            (&[("a", None)], Ok(Some("a"))),
            (&[("a", None), ("b", None)], Ok(Some("a"))),
            (&[("a", Some(1)), ("b", None)], Ok(Some("a"))),
            (&[("a", None), ("b", None), ("c", None), ("d", Some(1))], Ok(Some("d"))),
            (&[("a", Some(1)), ("b", Some(1))], Ok(Some("a"))),
            (&[("a", Some(1)), ("b", Some(2))], Err("duplicate_cookie")),
            (&[("a", Some(1)), ("b", None), ("c", Some(2))], Err("duplicate_cookie")),
        ] {
            assert_eq!(choose(candidates), expected, "{candidates:?}");
        }
    }
}
