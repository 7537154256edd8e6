//! Reading whole lists, a page at a time.

use std::str::FromStr;

use crate::{
    administration::AdministrationError,
    page::{Page, Part},
};

/// How many are read at a time.
const PAGE: u16 = 1000;

/// All items of a list.
///
/// # Errors
/// When a page cannot be read.
pub(super) async fn all<T, K: FromStr>(
    page: impl AsyncFn(Part<K>) -> Result<Page<T>, AdministrationError>,
) -> Result<Vec<T>, AdministrationError> {
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let read = page(Part { after, limit: PAGE }).await?;
        items.extend(read.items);
        after = read.next.and_then(|next| next.parse().ok());
        if after.is_none() {
            return Ok(items);
        }
    }
}
