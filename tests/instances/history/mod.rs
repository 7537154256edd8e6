//! What clients asked for and were told, and whether it fits together.

mod check;
mod check_tests;
mod index;
mod record;

pub(crate) use check::Summary;
pub(crate) use check_tests::CASES;
pub(crate) use record::{Change, ChangeRecord, History, Token, Told, Validation};
