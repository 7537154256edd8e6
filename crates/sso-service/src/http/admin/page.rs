//! Pages of lists: `?limit=` and `?after=`, which is the `next` of the page before.

use std::str::FromStr;

use actix_web::HttpResponse;
use serde::{Serialize, Serializer, ser::SerializeMap};
use service_runtime::http::{Problem, Query, Result};

use crate::{
    http::wire::response::private,
    page::{Page, Part},
};

const USUAL_LIMIT: u16 = 100;
const MAX_LIMIT: u16 = 1000;

/// The page that is asked for.
pub(in crate::http) struct PageQuery<K = String>(pub(super) Part<K>);

impl<K: FromStr> TryFrom<Query> for PageQuery<K> {
    type Error = Problem;

    fn try_from(mut query: Query) -> Result<Self> {
        let integer = |text: &str| text.parse::<u64>().map_err(|_| "must be an integer");
        let limit = query.get("limit", integer).unwrap_or(USUAL_LIMIT.into());
        if !(1..=MAX_LIMIT.into()).contains(&limit) {
            query.faults().refuse("limit", format!("must be from 1 to {MAX_LIMIT}"));
        }
        let key = |text: &str| text.parse().map_err(|_| "must be the next value of another page");
        let after = query.get("after", key);
        query.finish()?;
        Ok(Self(Part { after, limit: u16::try_from(limit).unwrap_or(MAX_LIMIT) }))
    }
}

/// 200 with `{"<name>":[…],"next":…}`.
pub(super) fn list_response<T: Serialize>(name: &'static str, page: Page<T>) -> HttpResponse {
    private(&ListResponse { name, page })
}

struct ListResponse<T> {
    name: &'static str,
    page: Page<T>,
}

impl<T: Serialize> Serialize for ListResponse<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(self.name, &self.page.items)?;
        map.serialize_entry("next", &self.page.next)?;
        map.end()
    }
}
