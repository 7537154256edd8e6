-- Security events, the newest of them, as the lines of the audit log are: JSON.

CREATE TABLE audit (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event  TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_log_ins ON audit (number) WHERE event ->> 'audit' = 'login_ok';
