//! Sends the mail that is owed to users.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use prometheus_client::metrics::counter::Counter;
use service_runtime::{clock::Clock, metrics::Metrics};
use tokio::time::interval;

use crate::{
    mail::{Letter, MailError, MailKind, MailSender, VerificationCode},
    oidc::RandomText,
    site::Site,
    store::{OwedMail, Store, Unavailable},
};

/// How often it is looked whether mail is due.
const PERIOD: Duration = Duration::from_secs(1);
/// How long after its first failure a mail is tried again, and the longest time between two tries.
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(5);
const LONGEST_RETRY: TimeDelta = TimeDelta::minutes(5);
/// How long after a refusal: a server seldom changes its mind, and its operator may.
const AFTER_REFUSAL: TimeDelta = TimeDelta::hours(1);

/// Sends the mail that is owed to users, each by one instance. The secret in it is made when it is
/// sent, so that nothing but a hash is ever stored, and its time begins then.
#[derive(Debug)]
pub(crate) struct MailDelivery {
    store: Store,
    clock: Arc<dyn Clock>,
    sender: MailSender,
    site: Site,
    sent: Counter,
    failed: Counter,
    given_up: Counter,
}

/// A mail was not sent.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Store(#[from] Unavailable),
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

impl MailDelivery {
    /// Delivery of what is owed in this store, by this sender. Links lead to the site.
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        sender: MailSender,
        site: Site,
        metrics: &Metrics,
    ) -> Self {
        let counter = |name, help| metrics.register(name, help, Counter::default());
        Self {
            store,
            clock,
            sender,
            site,
            sent: counter("mails_sent", "Mails that the server has taken"),
            failed: counter("mails_failed", "Attempts to send a mail that failed"),
            given_up: counter("mails_given_up", "Mails that could not be sent for a day"),
        }
    }

    /// Goes on until it is dropped. What is being sent then is sent again by the next process.
    pub(crate) async fn run(&self) {
        let mut ticks = interval(PERIOD);
        loop {
            ticks.tick().await;
            while matches!(self.send_due().await, Ok(1..)) {}
        }
    }

    /// Sends what is due, some at a time, and gives their number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn send_due(&self) -> Result<usize, Unavailable> {
        let (due, given_up) = self.store.take_due_mail(self.clock.now()).await?;
        if given_up > 0 {
            self.given_up.inc_by(given_up);
            tracing::error!(count = given_up, "gave up mail that could not be sent for a day");
        }
        join_all(due.iter().map(|mail| self.deliver(mail))).await;
        Ok(due.len())
    }

    async fn deliver(&self, mail: &OwedMail) {
        let (user_id, kind) = (mail.user_id, mail.kind.name());
        let settled = match self.send(mail).await {
            Ok(()) => {
                self.sent.inc();
                tracing::info!(%user_id, kind, "sent a mail");
                self.store.note_sent(mail, self.clock.now()).await
            }
            Err(error) => {
                self.failed.inc();
                tracing::warn!(%user_id, kind, %error, "cannot send a mail");
                self.store.try_again_at(mail, self.clock.now() + wait(&error, mail.attempts)).await
            }
        };
        if let Err(error) = settled {
            tracing::warn!(%user_id, kind, %error, "cannot note whether a mail was sent");
        }
    }

    async fn send(&self, mail: &OwedMail) -> Result<(), DeliveryError> {
        let letter = self.write(mail, self.clock.now()).await?;
        Ok(self.sender.send(&mail.address, &letter, self.clock.now()).await?)
    }

    /// Makes the secret, stores its hash, and writes the letter.
    async fn write(&self, mail: &OwedMail, now: DateTime<Utc>) -> Result<Letter, DeliveryError> {
        let service = self.site.title();
        match mail.kind {
            MailKind::Verification => {
                let code = VerificationCode::generate()?;
                let until = self.store.put_code(mail.user, code.hash_of(mail.user_id), now).await?;
                Ok(Letter::with_code(service, &mail.username, &code, until))
            }
            MailKind::PasswordReset => {
                let secret = RandomText::generate()?;
                let until = self.store.put_reset_link(mail.user, secret.hash(), now).await?;
                let link = self.site.reset_link(secret.expose());
                Ok(Letter::with_link(service, &mail.username, &link, until))
            }
        }
    }
}

/// How long to wait after a mail has failed once more.
fn wait(error: &DeliveryError, attempts: i64) -> TimeDelta {
    match error {
        DeliveryError::Mail(error) if error.is_refusal() => AFTER_REFUSAL,
        _ => {
            let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or_default();
            (FIRST_RETRY * 2_i32.pow(doublings)).min(LONGEST_RETRY)
        }
    }
}
