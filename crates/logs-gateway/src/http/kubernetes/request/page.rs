//! Lists page by page. A page begins after the last key of the page before, so objects that appear
//! or go meanwhile neither repeat nor hide others.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::http::kubernetes::{
    request::go_query::GoQuery,
    status::{Result, StatusError},
};

const VERSION: &str = "meta.k8s.io/v1";

/// Where the next page of a list begins.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::http::kubernetes) struct Continue {
    v: String,
    rv: u64,
    /// The last key that was delivered: `namespace/name`.
    start: String,
}

/// The requested part of a list.
#[derive(Debug)]
pub(in crate::http::kubernetes) struct Page {
    limit: Option<usize>,
    after: Option<(String, String)>,
}

impl Continue {
    pub(in crate::http::kubernetes) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str) -> Option<(String, String)> {
        let json = URL_SAFE_NO_PAD.decode(text).ok()?;
        let token: Self = serde_json::from_slice(&json).ok()?;
        let (namespace, name) = token.start.split_once('/').filter(|_| token.v == VERSION)?;
        Some((namespace.to_owned(), name.to_owned()))
    }
}

impl Page {
    pub(in crate::http::kubernetes) fn read(query: &GoQuery) -> Result<Self> {
        let limit = query.integer("limit").map_err(StatusError::bad_request)?;
        let after = query.get("continue").filter(|token| !token.is_empty());
        let invalid =
            || StatusError::bad_request("invalid continue token: continue key is not valid");
        let after = after.map(|token| Continue::decode(token).ok_or_else(invalid)).transpose()?;
        // Less than one means no limit.
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
        Ok(Self { limit, after })
    }

    /// The items of this page, out of all items in their order, and where the next page begins, if
    /// there is one.
    pub(in crate::http::kubernetes) fn cut<'a, T>(
        &self,
        items: impl Iterator<Item = (&'a (String, String), &'a T)>,
        version: u64,
    ) -> (Vec<&'a T>, Option<Continue>) {
        let mut items =
            items.filter(|(key, _)| self.after.as_ref().is_none_or(|after| *key > after));
        let page: Vec<_> = items.by_ref().take(self.limit.unwrap_or(usize::MAX)).collect();
        let is_last = items.next().is_none();
        let last = page.last().filter(|_| !is_last).map(|((namespace, name), _)| Continue {
            v: VERSION.to_owned(),
            rv: version,
            start: format!("{namespace}/{name}"),
        });
        (page.into_iter().map(|(_, item)| item).collect(), last)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn page(limit: &str, after: Option<Continue>) -> Page {
        let after = after.map(|token| format!("&continue={}", token.encode())).unwrap_or_default();
        Page::read(&GoQuery::parse(&format!("limit={limit}{after}"))).unwrap()
    }

    #[test]
    fn all_of_a_list_is_on_its_pages_once() {
        let mut items = BTreeMap::new();
        for name in ["a", "b", "c", "d", "e"] {
            items.insert(("shop".to_owned(), name.to_owned()), name);
        }
        let (first, next) = page("2", None).cut(items.iter(), 7);
        assert_eq!(first, [&"a", &"b"]);
        items.remove(&("shop".to_owned(), "b".to_owned()));
        items.insert(("shop".to_owned(), "aa".to_owned()), "aa");
        let (second, next) = page("2", next).cut(items.iter(), 8);
        assert_eq!(second, [&"c", &"d"]);
        let (third, next) = page("2", next).cut(items.iter(), 8);
        assert!(third == [&"e"] && next.is_none());
    }

    #[test]
    fn without_a_limit_the_whole_list_is_one_page() {
        let items = BTreeMap::from([(("a".to_owned(), "b".to_owned()), 1)]);
        for limit in ["0", "-1", "1", "5"] {
            assert!(page(limit, None).cut(items.iter(), 1).1.is_none(), "{limit}");
        }
    }
}
