//! Lists, a page at a time.

use super::{
    handle::Store,
    sql::{Dialects, FromSqlRow, query},
    unavailable::Unavailable,
};
use crate::page::{Page, Part};

impl Store {
    /// A page of what a query gives. Its parameters are the key, as text, that the rows come after
    /// (empty for the first page), and the greatest number of rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn page<T: FromSqlRow + 'static, K: ToString>(
        &self,
        select: impl Into<Dialects>,
        part: &Part<K>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Unavailable> {
        let after = part.after.as_ref().map(K::to_string).unwrap_or_default();
        let select = query(select).bind(after).bind(part.wanted());
        let found = select.fetch_all(&mut self.reader().await?).await?;
        Ok(part.page(found, key))
    }
}
