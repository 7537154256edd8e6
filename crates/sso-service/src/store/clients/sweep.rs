//! Removing what is over of clients.

use chrono::TimeDelta;

use super::notices::MOST_WAITING;
use crate::store::sql::{SqlConnection, query};

/// How long the request of a device is known after its time, so that the device is told of it.
const DEVICES_KEPT_WHEN_OVER: TimeDelta = TimeDelta::minutes(10);

/// Removes some of what is over at this instant, in milliseconds since 1970, and gives the number of
/// rows. Validity never depends on it.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn sweep_clients(
    connection: &mut SqlConnection,
    millis: i64,
    at_most: i64,
) -> Result<u64, sqlx::Error> {
    let requests = "DELETE FROM authorization_requests WHERE hash IN (
         SELECT hash FROM authorization_requests WHERE expires_at <= $1 LIMIT $2)";
    let authorizations = "DELETE FROM client_authorizations WHERE number IN (
         SELECT number FROM client_authorizations WHERE expires_at <= $1 LIMIT $2)";
    let tokens = "DELETE FROM client_tokens WHERE hash IN (
         SELECT hash FROM client_tokens WHERE expires_at <= $1 LIMIT $2)";
    let devices = "DELETE FROM device_requests WHERE hash IN (
         SELECT hash FROM device_requests WHERE expires_at <= $1 LIMIT $2)";
    let devices =
        query(devices).bind(millis - DEVICES_KEPT_WHEN_OVER.num_milliseconds()).bind(at_most);
    let mut removed = devices.execute(&mut *connection).await?;
    let notices = "DELETE FROM logout_notices WHERE number IN (
         SELECT number FROM logout_notices
         WHERE number <= (SELECT max(number) FROM logout_notices) - $1 LIMIT $2)";
    let notices = query(notices).bind(MOST_WAITING).bind(at_most);
    removed += notices.execute(&mut *connection).await?;
    for sql in [requests, authorizations, tokens] {
        removed += query(sql).bind(millis).bind(at_most).execute(&mut *connection).await?;
    }
    Ok(removed)
}
