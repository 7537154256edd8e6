//! What a mail says.

use std::fmt;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::code::VerificationCode;

/// The subject and the text of a mail. Never shown by `Debug`: the text has a secret.
pub(crate) struct Letter {
    pub(super) subject: String,
    pub(super) text: Zeroizing<String>,
}

impl Letter {
    /// The mail with the code that verifies an address.
    pub(crate) fn with_code(
        service: &str,
        username: &str,
        code: &VerificationCode,
        until: DateTime<Utc>,
    ) -> Self {
        let (code, until) = (code.expose(), clock_time(until));
        let text = format!(
            "The code that verifies this e-mail address for the user {username} at {service} is\n\n\
             {code}\n\n\
             It is valid until {until}. Nobody will ever ask you for it but the page of \
             {service} itself.\n\n\
             If you did not create an account there, ignore this message.\n"
        );
        Self { subject: format!("Your code for {service}"), text: Zeroizing::new(text) }
    }

    /// The mail with the link to a new password.
    pub(crate) fn with_link(
        service: &str,
        username: &str,
        link: &str,
        until: DateTime<Utc>,
    ) -> Self {
        let until = clock_time(until);
        let text = format!(
            "A new password was asked for, for the user {username} at {service}. Choose it here:\n\n\
             {link}\n\n\
             The link works once, until {until}. All sessions of the user end then.\n\n\
             If you did not ask for this, ignore this message: nothing has changed.\n"
        );
        Self { subject: format!("A new password for {service}"), text: Zeroizing::new(text) }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("subject", &self.subject).finish_non_exhaustive()
    }
}

fn clock_time(instant: DateTime<Utc>) -> String {
    instant.format("%H:%M UTC on %e %B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    #[test]
    fn a_letter_says_what_for_and_until_when() {
        let code: VerificationCode = "012345".parse().unwrap();
        let letter = Letter::with_code("Example logs", "alice", &code, noon());
        assert_eq!(letter.subject, "Your code for Example logs");
        for words in ["012345", "alice", "Example logs", "08:00 UTC on 15 January 2027"] {
            assert!(letter.text.contains(words), "{words}");
        }
        let letter = Letter::with_link("Example logs", "alice", "https://x/reset?token=y", noon());
        assert!(letter.text.contains("\n\nhttps://x/reset?token=y\n\n"), "{}", &*letter.text);
        assert!(!format!("{letter:?}").contains("token"), "{letter:?}");
    }
}
