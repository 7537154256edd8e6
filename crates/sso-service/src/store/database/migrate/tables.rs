//! The tables that are moved. `changes` is not: nobody reads the history of another database.

use super::copy_text::ColumnType::{self, Boolean, Bytes, Integer, Text};

/// A table that both databases have.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [ColumnType],
    /// Reads its rows from SQLite, in the order of the key.
    pub(super) select: &'static str,
    /// Writes them to PostgreSQL.
    pub(super) copy_in: &'static str,
    /// Reads them from PostgreSQL, in the same order.
    pub(super) copy_out: &'static str,
}

macro_rules! tables {
    ($($name:literal by $key:literal {
        $first:literal $first_type:ident $(, $column:literal $column_type:ident)* $(,)?
    })*) => {
        &[$(Table {
            name: $name,
            columns: &[$first_type $(, $column_type)*],
            select: concat!(
                "SELECT ", $first $(, ", ", $column)*, " FROM ", $name, " ORDER BY ", $key
            ),
            copy_in: concat!("COPY ", $name, " (", $first $(, ", ", $column)*, ") FROM STDIN"),
            copy_out: concat!(
                "COPY (SELECT ", $first $(, ", ", $column)*, " FROM ", $name,
                " ORDER BY ", $key, ") TO STDOUT"
            ),
        }),*]
    };
}

/// All of them: a row comes after those that it refers to.
pub(super) const TABLES: &[Table] = tables! {
    "users" by "number" {
        "number" Integer, "id" Text, "username" Text, "email" Text, "unverified_email" Text,
        "registered" Boolean, "password_hash" Text, "disabled" Boolean, "epoch" Integer, "created_at" Integer,
    }
    "roles" by "name" { "name" Text, "builtin" Boolean }
    "role_permissions" by "role, permission" { "role" Text, "permission" Text }
    "user_roles" by "user_number, role" { "user_number" Integer, "role" Text }
    "user_permissions" by "user_number, permission" { "user_number" Integer, "permission" Text }
    "past_usernames" by "username" { "username" Text }
    "upstream_identities" by "issuer, subject" {
        "issuer" Text, "subject" Text, "user_number" Integer,
    }
    "upstream_log_ins" by "state_hash" {
        "state_hash" Bytes, "browser_hash" Bytes, "network" Text, "return_to" Text,
        "is_fresh" Boolean, "created_at" Integer, "expires_at" Integer,
    }
    "outbox" by "user_number, kind" {
        "user_number" Integer, "kind" Text, "due_at" Integer, "owed_since" Integer,
        "attempts" Integer, "sent_at" Integer, "sent" Integer, "counted_from" Integer,
    }
    "password_resets" by "user_number" {
        "user_number" Integer, "hash" Bytes, "expires_at" Integer,
    }
    "email_verifications" by "user_number" {
        "user_number" Integer, "hash" Bytes, "expires_at" Integer, "tries" Integer,
        "day_tries" Integer, "counted_from" Integer,
    }
    "sessions" by "number" {
        "number" Integer, "id" Bytes, "user_number" Integer, "epoch" Integer, "minted" Boolean,
        "created_at" Integer, "last_seen_at" Integer, "rotated_at" Integer, "expires_at" Integer,
        "ends_at" Integer, "ip" Text, "user_agent" Text, "used_issued_at" Integer,
        "vouched_by" Integer,
    }
    "session_tokens" by "number" {
        "number" Integer, "session" Integer, "hash" Bytes, "issued_at" Integer,
        "expires_at" Integer,
    }
    "refresh_tokens" by "hash" {
        "hash" Bytes, "session" Integer, "expires_at" Integer, "spent_at" Integer, "nonce" Bytes,
        "token_expires_at" Integer, "successor_expires_at" Integer,
    }
    "past_tokens" by "hash" { "hash" Bytes, "session" Integer }
    "session_count" by "sessions" { "sessions" Integer, "ended_through" Integer }
    "ended_sessions" by "user_number" { "user_number" Integer, "epoch" Integer }
    "grants" by "id" {
        "id" Text, "user_number" Integer, "permission" Text, "expires_at" Integer, "reason" Text,
        "granted_by" Text, "created_at" Integer,
    }
    "api_keys" by "id" {
        "id" Text, "name" Text, "hash" Bytes, "expires_at" Integer, "created_by" Text,
        "created_at" Integer,
    }
    "api_key_permissions" by "api_key, permission" { "api_key" Text, "permission" Text }
    "clients" by "id" {
        "id" Text, "name" Text, "secret_hash" Bytes, "redirect_uris" Text,
        "post_logout_redirect_uris" Text, "backchannel_logout_uri" Text, "roles" Text,
        "id_token_alg" Text, "created_by" Text, "created_at" Integer,
    }
    "authorization_requests" by "hash" {
        "hash" Bytes, "client" Text, "network" Text, "parameters" Text, "created_at" Integer,
        "expires_at" Integer,
    }
    "client_authorizations" by "number" {
        "number" Integer, "client" Text, "session" Integer, "code_hash" Bytes,
        "code_challenge" Text, "redirect_uri" Text, "scope" Text, "nonce" Text,
        "code_expires_at" Integer, "redeemed" Boolean, "expires_at" Integer,
        "begun_session" Integer,
    }
    "client_tokens" by "hash" {
        "hash" Bytes, "authorization_number" Integer, "renews" Boolean, "issued_at" Integer,
        "expires_at" Integer, "spent_at" Integer, "nonce" Bytes,
    }
    "device_requests" by "hash" {
        "hash" Bytes, "user_code" Text, "network" Text, "ip" Text, "created_at" Integer,
        "expires_at" Integer, "session" Integer, "refused" Boolean,
    }
    "client_sessions" by "session, client" {
        "session" Integer, "client" Text, "user_number" Integer,
    }
    "logout_notices" by "number" {
        "number" Integer, "client" Text, "subject" Text, "session_id" Bytes, "tries" Integer,
        "due_at" Integer, "given_up_at" Integer,
    }
    "audit" by "number" { "number" Integer, "administrative" Boolean, "event" Text }
    "signing_keys" by "number" {
        "number" Integer, "id" Text, "signs_from" Integer, "private_key" Bytes, "sealed" Boolean,
    }
    "greatest_instant" by "seen_at" { "seen_at" Integer }
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn every_column_is_moved() {
        let store = Store::in_memory().await;
        let columns = store.texts(
            "SELECT tables.name || ': ' || group_concat(columns.name, ', ')
             FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
             WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'
                 AND tables.name NOT IN ('_sqlx_migrations', 'changes', 'moved')
             GROUP BY tables.name ORDER BY tables.name",
        );
        let mut moved: Vec<String> = TABLES.iter().map(described).collect();
        moved.sort();
        assert_eq!(sorted_columns(&moved), sorted_columns(&columns.await));
    }

    fn described(table: &Table) -> String {
        let columns = table.select.strip_prefix("SELECT ").unwrap();
        format!("{}: {}", table.name, columns.split(" FROM ").next().unwrap())
    }

    fn sorted_columns(tables: &[String]) -> Vec<Vec<&str>> {
        tables
            .iter()
            .map(|table| {
                let mut words: Vec<&str> = table.split([':', ',', ' ']).collect();
                words.sort_unstable();
                words
            })
            .collect()
    }
}
