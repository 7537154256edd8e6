//! Codes that verify an address.

use std::{fmt, str::FromStr};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::tokens::TokenHash;

const DIGITS: usize = 6;
const CODES: u32 = 1_000_000;

/// Six digits that a user types to show that mail to an address arrives. Never shown by `Debug`.
pub(crate) struct VerificationCode(Zeroizing<String>);

impl VerificationCode {
    /// A new one from the operating system's generator, each as likely as any other.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        loop {
            let number = getrandom::u32()?;
            // Beyond the last multiple, the first codes would be likelier.
            if number < u32::MAX - u32::MAX % CODES {
                return Ok(Self(Zeroizing::new(format!("{:06}", number % CODES))));
            }
        }
    }

    /// The code itself, for the one mail that brings it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Its hash, which is all that is stored. Equal codes of two users have different hashes.
    pub(crate) fn hash_of(&self, user: Uuid) -> TokenHash {
        TokenHash::of(&Zeroizing::new(format!("{user} {}", self.expose())))
    }
}

impl FromStr for VerificationCode {
    type Err = InvalidCode;

    /// Six ASCII digits. Blanks are dropped: people write a code in groups.
    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        let code: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let code = Zeroizing::new(code);
        let is_code = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        if is_code { Ok(Self(code)) } else { Err(InvalidCode) }
    }
}

impl fmt::Debug for VerificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationCode(…)")
    }
}

/// The text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the six digits of the mail")]
pub(crate) struct InvalidCode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits() {
        for text in ["123456", " 123 456\n"] {
            assert_eq!(text.parse::<VerificationCode>().unwrap().expose(), "123456");
        }
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"] {
            assert_eq!(text.parse::<VerificationCode>().unwrap_err(), InvalidCode, "{text}");
        }
        let code = VerificationCode::generate().unwrap();
        assert_eq!(code.expose().parse::<VerificationCode>().unwrap().expose(), code.expose());
        assert_eq!(format!("{code:?}"), "VerificationCode(…)");
    }

    #[test]
    fn equal_codes_of_two_users_have_different_hashes() {
        let code: VerificationCode = "000000".parse().unwrap();
        let [one, other] = [1, 2].map(|user| code.hash_of(Uuid::from_u128(user)));
        assert_ne!(one, other);
    }
}
