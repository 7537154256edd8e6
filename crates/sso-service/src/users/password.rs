//! Passwords: how they are read, and which of them are good enough.

use std::{fmt, str::FromStr};

use passwords::analyzer::is_common_password;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::username::Username;

/// The longest password, in bytes, as given and as normalised.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1024;

/// A password, normalised by NFKC, so that it is the same from every keyboard. Never shown by
/// `Debug`, wiped when dropped. By default it is empty.
#[derive(Default)]
pub(crate) struct Password(Zeroizing<String>);

impl Password {
    /// Normalises a typed password.
    ///
    /// # Errors
    /// When it is longer than [`MAX_PASSWORD_BYTES`].
    pub(crate) fn normalise(typed: &str) -> Result<Self, PasswordFault> {
        // Reserved at once: a String that grows leaves copies of what it held behind.
        let mut normalised = Zeroizing::new(String::with_capacity(MAX_PASSWORD_BYTES));
        if typed.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordFault::TooLong);
        }
        for character in typed.nfkc() {
            if normalised.len() + character.len_utf8() > MAX_PASSWORD_BYTES {
                return Err(PasswordFault::TooLong);
            }
            normalised.push(character);
        }
        Ok(Self(normalised))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for Password {
    type Err = PasswordFault;

    fn from_str(typed: &str) -> Result<Self, PasswordFault> {
        Self::normalise(typed)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The rules for new passwords. There are none about kinds of characters: what counts is length,
/// and that it is not among the first guesses (NIST SP 800-63B).
///
/// The commonest passwords are those of the crate `passwords` (MIT): a hundred thousand, in the
/// binary itself, so that no service is asked and nothing is loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PasswordRules {
    /// In code points, after normalising.
    pub(crate) min_length: usize,
}

impl PasswordRules {
    /// Judges a new password of this user.
    ///
    /// # Errors
    /// When it is too short, the user's name, or among the commonest, whatever the case.
    pub(crate) fn check(self, password: &Password, user: &Username) -> Result<(), PasswordFault> {
        self.check_for(password, Some(user))
    }

    /// The same, of a user whose name may not be known.
    ///
    /// # Errors
    /// As [`PasswordRules::check`].
    pub(crate) fn check_for(
        self,
        password: &Password,
        user: Option<&Username>,
    ) -> Result<(), PasswordFault> {
        if password.0.chars().count() < self.min_length {
            return Err(PasswordFault::TooShort(self.min_length));
        }
        if user.is_some_and(|user| password.0.eq_ignore_ascii_case(user.as_str())) {
            return Err(PasswordFault::Username);
        }
        if is_common(&password.0) {
            return Err(PasswordFault::Common);
        }
        Ok(())
    }
}

/// The list knows most words in small letters, and some as they are mostly written.
fn is_common(password: &str) -> bool {
    let small = Zeroizing::new(password.to_ascii_lowercase());
    is_common_password(password) || is_common_password(&*small)
}

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordFault {
    /// Over [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// Too easy to guess.
    #[error("the password is shorter than {0} characters")]
    TooShort(usize),
    /// The first that anyone would try.
    #[error("the password is the user name")]
    Username,
    /// Tried soon after.
    #[error("the password is one of the most common")]
    Common,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(typed: &str) -> Result<(), PasswordFault> {
        judge_of_length(15, typed)
    }

    fn judge_of_length(min_length: usize, typed: &str) -> Result<(), PasswordFault> {
        let user = "administrator-1".parse().unwrap();
        PasswordRules { min_length }.check(&Password::normalise(typed)?, &user)
    }

    #[test]
    fn fifteen_characters_of_any_kind_are_enough() {
        for good in [
            "aaaaaaaaaaaaaab",
            "correct horse battery",
            "ööööööööööööööö",
            "🔒🔒🔒🔒🔒🔒🔒🔒🔒🔒🔒🔒🔒🔒🔒",
            &"x".repeat(1024),
        ] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn short_and_long_passwords_are_refused() {
        assert_eq!(judge(""), Err(PasswordFault::TooShort(15)));
        assert_eq!(judge("aaaaaaaaaaaaaa"), Err(PasswordFault::TooShort(15)));
        assert_eq!(judge(&"x".repeat(1025)), Err(PasswordFault::TooLong));
    }

    #[test]
    fn characters_count_after_normalising() {
        // "e" and a combining acute are one character then.
        assert_eq!(judge(&"e\u{301}".repeat(14)), Err(PasswordFault::TooShort(15)));
        assert_eq!(judge(&"e\u{301}".repeat(15)), Ok(()));
    }

    #[test]
    fn a_password_over_the_limit_once_normalised_is_refused() {
        // One character of three bytes becomes eighteen of 33 bytes.
        assert_eq!(judge(&"\u{fdfa}".repeat(300)), Err(PasswordFault::TooLong));
    }

    #[test]
    fn the_user_name_in_any_spelling_is_refused() {
        assert_eq!(judge("administrator-1"), Err(PasswordFault::Username));
        assert_eq!(judge("Administrator-1"), Err(PasswordFault::Username));
        assert_eq!(judge("ａdministrator-1"), Err(PasswordFault::Username));
    }

    #[test]
    fn the_commonest_passwords_in_any_spelling_are_refused() {
        for common in [
            "123456789012345",
            "aaaaaaaaaaaaaaa",
            "passwordpassword",
            "PasswordPassword",
            "１２３４５６７８９０１２３４５",
        ] {
            assert_eq!(judge(common), Err(PasswordFault::Common), "{common}");
        }
        for common in ["letmein", "Qwerty123", "!QAZ2wsx", "p@ssw0rd"] {
            assert_eq!(judge_of_length(6, common), Err(PasswordFault::Common), "{common}");
        }
        assert_eq!(judge_of_length(6, "letmein to the archive"), Ok(()));
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        let composed = Password::normalise("caf\u{e9}").unwrap();
        let decomposed = Password::normalise("cafe\u{301}").unwrap();
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
    }

    #[test]
    fn debug_shows_no_password() {
        let password = Password::normalise("hunter2").unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
