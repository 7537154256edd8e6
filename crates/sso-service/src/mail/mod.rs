//! Mail to users: what it is for, what it says, and the server that takes it. Knows no users and no
//! database.

mod code;
mod kind;
mod letter;
mod sender;
mod server;

pub(crate) use code::VerificationCode;
pub(crate) use kind::MailKind;
pub(crate) use letter::Letter;
pub(crate) use sender::{MailError, MailSender};
pub(crate) use server::{MailSettings, SmtpServer};
