//! The server that takes our mail.

use std::{fmt, net::IpAddr, str::FromStr};

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zeroize::Zeroizing;

/// How mail leaves the service.
#[derive(Debug, Clone)]
pub(crate) struct MailSettings {
    /// `SSO_SMTP_URL`.
    pub(crate) server: SmtpServer,
    /// `SSO_SMTP_FROM`.
    pub(crate) from: Mailbox,
}

/// When TLS protects the connection to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SmtpSecurity {
    /// From its beginning (RFC 8314 §3.3).
    FromTheStart,
    /// After `STARTTLS` (RFC 3207), without which nothing is sent.
    StartTls,
    /// After `STARTTLS` if the server offers it.
    StartTlsIfOffered,
}

/// The server that takes our mail. Never shows its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: SmtpSecurity,
    /// User name and password.
    pub(super) credentials: Option<(String, Zeroizing<String>)>,
}

impl FromStr for SmtpServer {
    type Err = &'static str;

    /// `smtp://user:password@host:port` or `smtps://…`. Without a port it is that of the scheme:
    /// 587 or 465. A password is sent to another machine over TLS only.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| "must be a URL like smtp://mail.example.org")?;
        let (port, is_smtps) = match url.scheme() {
            "smtp" => (587, false),
            "smtps" => (465, true),
            _ => return Err("must begin with smtp:// or smtps://"),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("must not contain anything after the port");
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("must name a host")?;
        let credentials = credentials(&url)?;
        let security = match (is_smtps, &credentials) {
            (true, _) => SmtpSecurity::FromTheStart,
            (false, Some(_)) if !is_loopback(host) => SmtpSecurity::StartTls,
            (false, _) => SmtpSecurity::StartTlsIfOffered,
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: url.port().unwrap_or(port), security, credentials })
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Zeroizing<String>)>, &'static str> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decode = |text| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map_err(|_| "must have a user name and a password in UTF-8")
    };
    let password = url.password().ok_or("must have a password after the user name")?;
    Ok(Some((decode(url.username())?.into_owned(), Zeroizing::new(decode(password)?.into()))))
}

/// Of a scheme that it does not know, a URL does not parse addresses.
fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Ok(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Err(_) => false,
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_required_wherever_a_password_leaves_the_machine() {
        use SmtpSecurity::{FromTheStart, StartTls, StartTlsIfOffered};
        for (url, host, port, security) in [
            ("smtp://mail.example.org", "mail.example.org", 587, StartTlsIfOffered),
            ("smtp://mail.example.org:25/", "mail.example.org", 25, StartTlsIfOffered),
            ("smtps://mail.example.org", "mail.example.org", 465, FromTheStart),
            ("smtp://a:b@mail.example.org", "mail.example.org", 587, StartTls),
            ("smtps://a:b@mail.example.org", "mail.example.org", 465, FromTheStart),
            ("smtp://a:b@127.0.0.1:2525", "127.0.0.1", 2525, StartTlsIfOffered),
            ("smtp://a:b@[::1]:2525", "::1", 2525, StartTlsIfOffered),
            ("smtp://a:b@127.0.0.1.example.org", "127.0.0.1.example.org", 587, StartTls),
        ] {
            let server: SmtpServer = url.parse().unwrap();
            let read = (server.host.as_str(), server.port, server.security);
            assert_eq!(read, (host, port, security), "{url}");
        }
    }

    #[test]
    fn user_name_and_password_are_decoded_and_not_shown() {
        let server: SmtpServer = "smtps://me%40x.org:p%2Fw%C3%A4@mail.example.org".parse().unwrap();
        assert!(!format!("{server:?}").contains("p/w"), "{server:?}");
        let (name, password) = server.credentials.unwrap();
        assert_eq!((&*name, &**password), ("me@x.org", "p/wä"));
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://mail.example.org/path",
            "smtp://mail.example.org?tls=required",
            "smtp://user@mail.example.org",
            "smtp://a:%ff@mail.example.org",
        ] {
            assert!(url.parse::<SmtpServer>().is_err(), "{url}");
        }
    }
}
