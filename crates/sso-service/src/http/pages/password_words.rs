//! Why a new password is refused, in words.

use crate::users::PasswordFault;

/// Why a new password is refused, in words for the form.
pub(super) fn password_words(fault: PasswordFault) -> String {
    match fault {
        PasswordFault::TooLong => "This password is too long.".to_owned(),
        PasswordFault::TooShort(least) => {
            format!("This password is too short: it must have at least {least} characters.")
        }
        PasswordFault::Username => "Your password must not be your user name.".to_owned(),
        PasswordFault::Common => "This password is too common: attackers try it first.".to_owned(),
    }
}
