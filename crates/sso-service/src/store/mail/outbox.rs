//! Mail that is owed to users.
//!
//! A row says to whom mail of which kind is owed, and not what it says: its secret is made when it
//! is sent. So nothing secret waits in the database, a request for a mail that is owed already
//! changes nothing, and there are never more rows than users and kinds.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    audit::Event,
    mail::MailKind,
    store::{
        attribution::Recorded,
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, query},
        unavailable::Unavailable,
    },
    users::{Email, Username},
};

/// How long an instance has to send a mail. Then it is due again: the instance may have ended.
const SENDING_TIME: TimeDelta = TimeDelta::minutes(3);
/// The shortest time between two mails of a kind to a user.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// How many mails of a kind a user gets in a day.
const MOST_IN_A_DAY: i64 = 10;
/// How long it is tried to send a mail.
const PATIENCE: TimeDelta = TimeDelta::days(1);
/// How many mails are taken at a time.
const BATCH: i64 = 8;

/// A mail that is owed to a user and being sent.
#[derive(Debug)]
pub(crate) struct OwedMail {
    /// The number of the user.
    pub(crate) user: i64,
    /// The id of the user.
    pub(crate) user_id: Uuid,
    pub(crate) username: String,
    pub(crate) address: String,
    pub(crate) kind: MailKind,
    /// How often it was tried before.
    pub(crate) attempts: i64,
}

/// The user who gets a mail, if there is one.
#[derive(Debug, Clone)]
pub(in crate::store) enum Addressee {
    /// The user whose verified address this is.
    Verified(Email),
    /// The user of this name, whose address is not verified.
    Unverified(Username),
}

impl Store {
    /// Owes a link to a new password to the user whose verified address this is, if there is one,
    /// and writes the event in either case, so that both take as long.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn owe_reset(
        &self,
        address: Email,
        now: DateTime<Utc>,
        event: Event,
    ) -> Result<Recorded<()>, Unavailable> {
        self.owe(Addressee::Verified(address), now, event).await
    }

    /// Owes a code to the user of this name, if there is one with an address that is not verified,
    /// and writes the event in either case.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn owe_code(
        &self,
        username: Username,
        now: DateTime<Utc>,
        event: Event,
    ) -> Result<Recorded<()>, Unavailable> {
        self.owe(Addressee::Unverified(username), now, event).await
    }

    async fn owe(
        &self,
        addressee: Addressee,
        now: DateTime<Utc>,
        event: Event,
    ) -> Result<Recorded<()>, Unavailable> {
        let work = async move |connection: &mut SqlConnection| {
            owe(connection, addressee, now).await?;
            Ok::<_, Unavailable>(((), vec![event]))
        };
        self.write_recorded(work).await
    }

    /// Takes mail that is due, for this instance to send within three minutes. What was owed for a
    /// day is given up: gives its number as well.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn take_due_mail(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(Vec<OwedMail>, u64), Unavailable> {
        let millis = now.timestamp_millis();
        let is_due = query("SELECT EXISTS (SELECT 1 FROM outbox WHERE due_at <= $1)");
        let is_due: bool = is_due.bind(millis).fetch_one(&mut self.reader().await?).await?;
        if !is_due {
            return Ok((Vec::new(), 0));
        }
        let take = async move |connection: &mut SqlConnection| {
            Ok::<_, Unavailable>(take(connection, now).await?)
        };
        self.database.write_addition(take).await
    }

    /// Notes that a mail was sent: nothing is owed any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn note_sent(
        &self,
        mail: &OwedMail,
        now: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        let (user, kind) = (mail.user, mail.kind.name());
        let note = async move |connection: &mut SqlConnection| {
            let note = query(
                "UPDATE outbox SET due_at = NULL, attempts = 0, sent_at = $3, sent = sent + 1
                 WHERE user_number = $1 AND kind = $2",
            );
            let note = note.bind(user).bind(kind).bind(now.timestamp_millis());
            note.execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.database.write_addition(note).await
    }

    /// Has a mail that was not sent tried again at this instant.
    ///
    /// # Errors
    /// When the database cannot be written: then it is tried again in three minutes.
    pub(crate) async fn try_again_at(
        &self,
        mail: &OwedMail,
        instant: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        let (user, kind) = (mail.user, mail.kind.name());
        let put_off = async move |connection: &mut SqlConnection| {
            let put_off = query(
                "UPDATE outbox SET due_at = $3
                 WHERE user_number = $1 AND kind = $2 AND due_at IS NOT NULL",
            );
            let put_off = put_off.bind(user).bind(kind).bind(instant.timestamp_millis());
            put_off.execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.database.write_addition(put_off).await
    }
}

/// Owes a mail to a user, unless it is owed already or the user got enough of them today.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn owe(
    connection: &mut SqlConnection,
    addressee: Addressee,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (kind, condition, who) = match addressee {
        Addressee::Verified(address) => {
            (MailKind::PasswordReset, OWE_VERIFIED, address.as_str().to_owned())
        }
        Addressee::Unverified(username) => {
            (MailKind::Verification, OWE_UNVERIFIED, username.as_str().to_owned())
        }
    };
    query(condition)
        .bind(who)
        .bind(kind.name())
        .bind(now.timestamp_millis())
        .bind((now - TimeDelta::days(1)).timestamp_millis())
        .bind(PAUSE.num_milliseconds())
        .bind(MOST_IN_A_DAY)
        .execute(connection)
        .await?;
    Ok(())
}

/// A row for each user whom a condition finds. Of a mail that is owed already nothing changes; a
/// mail soon after another one waits.
macro_rules! owe {
    ($condition:literal) => {
        concat!(
            "INSERT INTO outbox (user_number, kind, due_at, owed_since, counted_from)
             SELECT number, $2, $3, $3, $3 FROM users WHERE NOT disabled AND ",
            $condition,
            " ON CONFLICT (user_number, kind) DO UPDATE SET
                 due_at = CASE WHEN outbox.sent_at + $5 > $3 THEN outbox.sent_at + $5 ELSE $3 END,
                 owed_since = $3,
                 sent = CASE WHEN outbox.counted_from <= $4 THEN 0 ELSE outbox.sent END,
                 counted_from = CASE WHEN outbox.counted_from <= $4 THEN $3
                     ELSE outbox.counted_from END
             WHERE outbox.due_at IS NULL AND (outbox.sent < $6 OR outbox.counted_from <= $4)"
        )
    };
}

const OWE_VERIFIED: &str = owe!(
    "email = $1 AND NOT EXISTS (SELECT 1 FROM upstream_identities WHERE user_number = number)"
);
const OWE_UNVERIFIED: &str =
    owe!("username = $1 AND email IS NULL AND unverified_email IS NOT NULL");

async fn take(
    connection: &mut SqlConnection,
    now: DateTime<Utc>,
) -> Result<(Vec<OwedMail>, u64), sqlx::Error> {
    let millis = now.timestamp_millis();
    let given_up = query(
        "UPDATE outbox SET due_at = NULL, attempts = 0 WHERE due_at <= $1 AND owed_since <= $2",
    );
    let given_up = given_up.bind(millis).bind((now - PATIENCE).timestamp_millis());
    let given_up = given_up.execute(&mut *connection).await?;
    let due: Vec<OwedRow> = query(
        "SELECT user_number, users.id AS id, username, kind, attempts,
             COALESCE(email, unverified_email) AS address
         FROM outbox JOIN users ON number = user_number
         WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
    )
    .bind(millis)
    .bind(BATCH)
    .fetch_all(&mut *connection)
    .await?;
    for row in &due {
        let taken = query(
            "UPDATE outbox SET due_at = $3, attempts = attempts + 1
             WHERE user_number = $1 AND kind = $2",
        );
        let taken = taken.bind(row.user).bind(row.kind.as_str());
        taken.bind((now + SENDING_TIME).timestamp_millis()).execute(&mut *connection).await?;
    }
    Ok((due.into_iter().filter_map(OwedRow::into_mail).collect(), given_up))
}

struct OwedRow {
    user: i64,
    id: String,
    username: String,
    kind: String,
    attempts: i64,
    /// `None` if it was removed since the mail was owed.
    address: Option<String>,
}

impl FromSqlRow for OwedRow {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user: row.get("user_number")?,
            id: row.get("id")?,
            username: row.get("username")?,
            kind: row.get("kind")?,
            attempts: row.get("attempts")?,
            address: row.get("address")?,
        })
    }
}

impl OwedRow {
    fn into_mail(self) -> Option<OwedMail> {
        Some(OwedMail {
            user: self.user,
            user_id: self.id.parse().ok()?,
            username: self.username,
            address: self.address?,
            kind: MailKind::named(&self.kind)?,
            attempts: self.attempts,
        })
    }
}
