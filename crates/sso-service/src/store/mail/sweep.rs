//! Removing what is over of mail.

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::sql::{SqlConnection, query};

/// Removes some of what is over, and gives the number of rows. Validity never depends on it.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn sweep_mail(
    connection: &mut SqlConnection,
    now: DateTime<Utc>,
    at_most: i64,
) -> Result<u64, sqlx::Error> {
    let (millis, day_ago) = (now.timestamp_millis(), (now - TimeDelta::days(1)).timestamp_millis());
    let links = "DELETE FROM password_resets WHERE user_number IN (
         SELECT user_number FROM password_resets WHERE expires_at <= $1 LIMIT $2)";
    // What was sent or tried counts for a day.
    let codes = "DELETE FROM email_verifications WHERE user_number IN (
         SELECT user_number FROM email_verifications
         WHERE counted_from <= $1 AND expires_at <= $1 LIMIT $2)";
    let sent = "DELETE FROM outbox WHERE due_at IS NULL AND (user_number, kind) IN (
         SELECT user_number, kind FROM outbox
         WHERE due_at IS NULL AND counted_from <= $1 LIMIT $2)";
    let mut removed = 0;
    for (sql, instant) in [(links, millis), (codes, day_ago), (sent, day_ago)] {
        removed += query(sql).bind(instant).bind(at_most).execute(&mut *connection).await?;
    }
    Ok(removed)
}
