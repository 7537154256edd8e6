//! Long lists, a page at a time.

/// Which page of a list.
#[derive(Debug, Clone)]
pub(crate) struct Part<K = String> {
    /// The key of the last item of the page before; `None` for the first page.
    pub(crate) after: Option<K>,
    /// The greatest number of items on it.
    pub(crate) limit: u16,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// Its items.
    pub(crate) items: Vec<T>,
    /// The key that the next page comes after; `None` if this is the last.
    pub(crate) next: Option<String>,
}

impl<K> Part<K> {
    /// How many items are to be read: one more shows whether there is another page.
    pub(crate) fn wanted(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page of the items that were found, which have these keys.
    pub(crate) fn page<T>(&self, mut found: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::from(self.limit);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(key);
        Page { items: found, next }
    }
}

impl<T> Page<T> {
    /// The same page with other items.
    pub(crate) fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(show).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_cursor_of_the_next_one() {
        let part = Part::<String> { after: None, limit: 2 };
        assert_eq!(part.wanted(), 3);
        for (found, items, next) in [
            (&[][..], &[][..], None),
            (&[1, 2], &[1, 2], None),
            (&[1, 2, 3], &[1, 2], Some("2".to_owned())),
        ] {
            let page = part.page(found.to_vec(), ToString::to_string);
            assert_eq!((&page.items[..], page.next), (items, next));
        }
    }
}
