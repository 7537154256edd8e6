//! How an account is spelled to others, found out once.

use std::sync::OnceLock;

/// A text that follows from the account it stands in. A copy of the account has none yet: it may
/// be about to change.
#[derive(Debug, Default)]
pub(crate) struct Spelling(OnceLock<Box<str>>);

impl Spelling {
    /// The text, made by the first caller. All callers have to make the same text.
    ///
    /// # Errors
    /// The error of `spell`.
    pub(crate) fn or_spell<E>(&self, spell: impl FnOnce() -> Result<String, E>) -> Result<&str, E> {
        match self.0.get() {
            Some(text) => Ok(text),
            None => spell().map(|text| &**self.0.get_or_init(|| text.into())),
        }
    }
}

impl Clone for Spelling {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_spelled_once_and_again_by_a_copy() {
        let spelling = Spelling::default();
        let spell = |text: &str| spelling.or_spell(|| Ok::<_, ()>(text.to_owned())).unwrap();
        assert_eq!((spell("a"), spell("b")), ("a", "a"));
        assert_eq!(spelling.clone().or_spell(|| Ok::<_, ()>("b".to_owned())), Ok("b"));
        assert_eq!(Spelling::default().or_spell(|| Err("no text")), Err("no text"));
    }
}
