//! Errors of requests to the authority.

use std::{
    error::Error,
    fmt::{self, Display},
    io,
};

use reqwest::StatusCode;

/// The error of a request to the authority.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// The HTTP client cannot be set up.
    #[error("{0}")]
    Client(ConnectionError),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("no trusted certificate authority is known (see login --ca)")]
    NoTrustedCas,
    /// No complete answer arrived. The request may have been carried out.
    #[error("{0}")]
    NoAnswer(ConnectionError),
    #[error("{0}")]
    Refused(RefusedAnswer),
    /// The answer is not a valid answer of an authority.
    #[error("its answer is not valid")]
    InvalidAnswer,
}

/// An answer other than success.
#[derive(Debug)]
pub(crate) struct RefusedAnswer {
    pub(crate) status: StatusCode,
    /// The `code` of the problem.
    pub(crate) code: Option<String>,
    /// In seconds.
    pub(crate) retry_after: Option<u32>,
}

/// An error of the connection, shown as its innermost cause.
#[derive(Debug)]
pub(crate) struct ConnectionError(pub(super) reqwest::Error);

impl AuthorityError {
    /// Whether the request may have been carried out despite the error.
    pub(super) fn may_have_succeeded(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Refused(answer) => answer.status.is_server_error(),
            Self::Client(_) | Self::Tls(_) | Self::NoTrustedCas | Self::InvalidAnswer => false,
        }
    }
}

impl Display for RefusedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it answered {}", self.status.as_u16())?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match self.retry_after {
            Some(seconds) => write!(f, ", try again in {seconds} s"),
            None => Ok(()),
        }
    }
}

impl Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_timeout() {
            return f.write_str("no answer in time");
        }
        let mut cause: &(dyn Error + 'static) = &self.0;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        write!(f, "{cause}")?;
        if is_about_trust(cause) { f.write_str(" (see login --ca)") } else { Ok(()) }
    }
}

/// A failed handshake is wrapped in I/O errors, one within the other.
fn is_about_trust(mut cause: &(dyn Error + 'static)) -> bool {
    while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        cause = inner;
    }
    matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}
