//! How many sets of characters expressions name.
//!
//! A set may have a hundred thousand characters, and each of them may have other cases: to work
//! that out takes up to a few milliseconds. So there is a bound, counted before it is worked out.

use regex_syntax::ast::{Ast, ClassSetItem, ClassSetRange, Visitor, visit};

use super::pattern_error::PatternError;

/// A range counts as another set for each so many characters.
const CHARACTERS_OF_A_SET: u32 = 8192;

/// Takes the sets and ranges of characters that an expression names from the number of those that
/// may still be named.
///
/// # Errors
/// When it names too many.
pub(super) fn take_classes(ast: &Ast, left: &mut usize) -> Result<(), PatternError> {
    visit(ast, ClassesLeft(left))
}

struct ClassesLeft<'a>(&'a mut usize);

impl ClassesLeft<'_> {
    fn take(&mut self, sets: usize) -> Result<(), PatternError> {
        *self.0 = self.0.checked_sub(sets).ok_or(PatternError::TooLarge)?;
        Ok(())
    }
}

impl Visitor for ClassesLeft<'_> {
    type Output = ();
    type Err = PatternError;

    fn finish(self) -> Result<(), PatternError> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), PatternError> {
        match ast {
            Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => self.take(1),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), PatternError> {
        match item {
            ClassSetItem::Empty(_) | ClassSetItem::Literal(_) | ClassSetItem::Union(_) => Ok(()),
            ClassSetItem::Range(ClassSetRange { start, end, .. }) => {
                // The other cases of each character are looked up.
                let length = u32::from(end.c).saturating_sub(u32::from(start.c));
                self.take(1 + (length / CHARACTERS_OF_A_SET) as usize)
            }
            _ => self.take(1),
        }
    }
}
