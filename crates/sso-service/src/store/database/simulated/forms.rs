//! The forms of statements that only PostgreSQL runs, for SQLite.

use crate::store::sql::Dialects;

/// The time of the server, in milliseconds since 1970.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

const PRUNE_CHANGES: &str = "DELETE FROM changes WHERE seq < min(
        $1, (SELECT max(seq) FROM changes),
        coalesce((SELECT min(coalesce(applied, 0)) FROM instances WHERE NOT expired), $1)
    ) AND seq < (SELECT min(seq) FROM changes) + $2";

/// What SQLite runs in place of a statement, at this time.
pub(super) fn form_for_sqlite(sql: Dialects, now: i64) -> String {
    match sql.postgres {
        begin if begin.starts_with("BEGIN ISOLATION LEVEL READ COMMITTED") => {
            "BEGIN IMMEDIATE".to_owned()
        }
        begin if begin.starts_with("BEGIN") => "BEGIN".to_owned(),
        commit if commit.ends_with("COMMIT") => "COMMIT".to_owned(),
        prune if prune.starts_with("DELETE FROM changes") => PRUNE_CHANGES.to_owned(),
        sweep if sweep.starts_with("DELETE FROM instances") && sweep.contains("interval") => {
            let earliest = now - 600_000;
            format!(
                "DELETE FROM instances
                 WHERE expired OR (applied IS NULL AND registered_at < {earliest})"
            )
        }
        register if register.starts_with("INSERT INTO instances") => sql
            .sqlite
            .replace("stale_max)", "stale_max, registered_at)")
            .replace("$2)", &format!("$2, {now})")),
        _ => sql.sqlite.replace(NOW, &now.to_string()),
    }
}
