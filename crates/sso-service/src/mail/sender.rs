//! Hands mail to the server.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use super::{
    letter::Letter,
    server::{MailSettings, SmtpSecurity, SmtpServer},
};

/// How long the server may take to answer a command, and how long for a whole mail.
const ANSWER_TIME: Duration = Duration::from_secs(15);
const MAIL_TIME: Duration = Duration::from_secs(60);

/// Hands mail to the server, each over a connection of its own.
#[derive(Debug)]
pub(crate) struct MailSender {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// A mail was not handed over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    /// No mail can be sent to such an address.
    #[error("the address is no address of mail")]
    Address,
    /// The mail could not be written down.
    #[error("cannot compose the mail: {0}")]
    Compose(#[from] lettre::error::Error),
    /// The server does not answer.
    #[error("the server does not answer in time")]
    Silent,
    /// The server does not take it, or cannot be reached.
    #[error("{0}")]
    Server(#[from] smtp::Error),
}

impl MailError {
    /// Whether the same mail would be refused again soon.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Address | Self::Compose(_) => true,
            Self::Server(error) => error.is_permanent(),
            Self::Silent => false,
        }
    }
}

impl MailSender {
    /// A sender by this server, which it greets by a host name.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(settings: &MailSettings, host_name: &str) -> Result<Self, MailError> {
        let SmtpServer { host, port, security, credentials } = &settings.server;
        let parameters = TlsParameters::new(host.clone())?;
        let tls = match security {
            SmtpSecurity::FromTheStart => Tls::Wrapper(parameters),
            SmtpSecurity::StartTls => Tls::Required(parameters),
            SmtpSecurity::StartTlsIfOffered => Tls::Opportunistic(parameters),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(*port)
            .tls(tls)
            .timeout(Some(ANSWER_TIME))
            .hello_name(ClientId::Domain(host_name.to_owned()));
        if let Some((name, password)) = credentials {
            builder = builder.credentials(Credentials::new(name.clone(), password.to_string()));
        }
        Ok(Self { transport: builder.build(), from: settings.from.clone() })
    }

    /// Hands a letter to the server. If this fails, it may have arrived all the same.
    ///
    /// # Errors
    /// When the server does not take it.
    pub(crate) async fn send(
        &self,
        to: &str,
        letter: &Letter,
        now: DateTime<Utc>,
    ) -> Result<(), MailError> {
        let address: Address = to.parse().map_err(|_| MailError::Address)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(letter.subject.as_str())
            .date(SystemTime::from(now))
            .message_id(None)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.to_string())?;
        let sent = timeout(MAIL_TIME, self.transport.send(message)).await;
        sent.map_err(|_| MailError::Silent)??;
        Ok(())
    }
}
