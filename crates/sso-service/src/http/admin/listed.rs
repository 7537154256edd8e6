//! Lists, a page at a time: `?limit=` and `?after=`, which is the `next` of the page before.

use std::str::FromStr;

use actix_web::{HttpRequest, HttpResponse, http::header::CACHE_CONTROL};
use serde::{Serialize, Serializer, ser::SerializeMap};
use service_runtime::http::{Query, Result};

use crate::{
    http::wire::answer::private,
    page::{Page, Part},
};

const USUAL_LIMIT: u16 = 100;
const MAX_LIMIT: u16 = 1000;

/// Which page is asked for.
pub(super) fn part<K: FromStr>(request: &HttpRequest) -> Result<Part<K>> {
    let mut query = Query::parse(request.query_string());
    let limit = query.get("limit", limit).unwrap_or(USUAL_LIMIT.into());
    if !(1..=MAX_LIMIT.into()).contains(&limit) {
        query.faults().refuse("limit", format!("is not from 1 to {MAX_LIMIT}"));
    }
    let after = query.get("after", |text| text.parse().map_err(|_| "is the next of no page"));
    query.finish()?;
    Ok(Part { after, limit: u16::try_from(limit).unwrap_or(MAX_LIMIT) })
}

fn limit(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "is no whole number")
}

/// `{"<name>":[…],"next":…}`.
pub(super) fn listed<T: Serialize>(name: &'static str, page: Page<T>) -> HttpResponse {
    private(&Listed { name, page })
}

struct Listed<T> {
    name: &'static str,
    page: Page<T>,
}

impl<T: Serialize> Serialize for Listed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(self.name, &self.page.items)?;
        map.serialize_entry("next", &self.page.next)?;
        map.end()
    }
}

/// 204.
pub(super) fn done() -> HttpResponse {
    HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish()
}
