//! The code that a user types to name a device.

use std::{fmt, str::FromStr};

/// Letters that make no words and look like no other (RFC 8628, section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// A code of eight letters, in two groups: one of 25 billion. It names the request of a device that
/// waits, for a user who is logged in. It is not a secret that gives access by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserCode([u8; LENGTH]);

impl UserCode {
    /// A new one from the operating system's generator.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut code = [0; LENGTH];
        let mut written = 0;
        while written < LENGTH {
            let mut bytes = [0; 2 * LENGTH];
            getrandom::fill(&mut bytes)?;
            // A byte beyond the last multiple of 20 would favour the first letters.
            for byte in bytes.into_iter().filter(|byte| *byte < 240).take(LENGTH - written) {
                code[written] = LETTERS[usize::from(byte) % LETTERS.len()];
                written += 1;
            }
        }
        Ok(Self(code))
    }

    /// The letters alone, as they are stored.
    pub(crate) fn letters(&self) -> String {
        self.0.map(char::from).iter().collect()
    }
}

impl FromStr for UserCode {
    type Err = InvalidUserCode;

    /// Reads a code as it was typed: in capitals or not, with any hyphens and blanks.
    fn from_str(text: &str) -> Result<Self, InvalidUserCode> {
        let mut typed = text.bytes().filter(|byte| !b"- ".contains(byte));
        let mut code = [0; LENGTH];
        for letter in &mut code {
            let byte = typed.next().ok_or(InvalidUserCode)?.to_ascii_uppercase();
            *letter = LETTERS.contains(&byte).then_some(byte).ok_or(InvalidUserCode)?;
        }
        if typed.next().is_some() { Err(InvalidUserCode) } else { Ok(Self(code)) }
    }
}

/// As it is shown: `BCDF-GHJK`.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = self.letters();
        let (first, second) = letters.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

/// The text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a code of eight letters")]
pub(crate) struct InvalidUserCode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_read_as_users_type_it() {
        for (text, expected) in [
            ("BCDF-GHJK", Some("BCDF-GHJK")),
            ("bcdfghjk", Some("BCDF-GHJK")),
            (" bcdf - ghjk ", Some("BCDF-GHJK")),
            ("BCDF-GHJ", None),
            ("BCDF-GHJKL", None),
            ("ACDF-GHJK", None),
            ("BCDF_GHJK", None),
            ("BCDF-GHJ\u{212a}", None),
            ("", None),
        ] {
            let code = text.parse::<UserCode>().ok().map(|code| code.to_string());
            assert_eq!(code.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn generated_codes_have_all_letters_and_are_read_again() {
        let codes: Vec<_> = (0..200).map(|_| UserCode::generate().unwrap()).collect();
        for letter in LETTERS {
            assert!(codes.iter().any(|code| code.0.contains(letter)));
        }
        for code in codes {
            assert_eq!(code.to_string().parse(), Ok(code));
        }
    }
}
