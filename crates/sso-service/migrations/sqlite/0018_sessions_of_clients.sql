-- The built-in client kubectl-sso: it gets sessions of its users in place of tokens of its own.

-- The name is its own from here on.
UPDATE clients SET name = name || ' (' || id || ')' WHERE name = 'kubectl-sso';

INSERT INTO clients
    (id, name, redirect_uris, post_logout_redirect_uris, roles, created_by, created_at)
VALUES
    ('kubectl-sso', 'kubectl-sso', 'http://127.0.0.1/callback
http://[::1]/callback', '', '', 'sso-service', 0);

-- The session whose user had this one begin. It may have ended by a log-out.
ALTER TABLE sessions ADD COLUMN vouched_by INTEGER;
CREATE INDEX sessions_by_voucher ON sessions (vouched_by) WHERE vouched_by IS NOT NULL;

-- The session that a code of kubectl-sso was redeemed for.
ALTER TABLE client_authorizations ADD COLUMN begun_session INTEGER;

-- Devices that wait for a user (RFC 8628). A row is gone once its session has begun.
CREATE TABLE device_requests (
    hash       BLOB    NOT NULL PRIMARY KEY, -- of the device code
    user_code  TEXT    NOT NULL UNIQUE,
    network    TEXT    NOT NULL, -- of the device
    ip         TEXT    NOT NULL, -- of the device
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    session    INTEGER REFERENCES sessions (number) ON DELETE CASCADE, -- of the user who agreed
    refused    INTEGER NOT NULL DEFAULT FALSE CHECK (refused IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX device_requests_by_network ON device_requests (network, created_at);
CREATE INDEX device_requests_by_expiry ON device_requests (expires_at);
CREATE INDEX device_requests_by_session ON device_requests (session) WHERE session IS NOT NULL;

-- Clients that users of sessions have logged in to: they are told when a session ends.
CREATE TABLE client_sessions (
    session     INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    client      TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_number INTEGER NOT NULL, -- of the session
    PRIMARY KEY (session, client)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_sessions_by_client ON client_sessions (client);
CREATE INDEX client_sessions_by_user ON client_sessions (user_number);

-- Ends of sessions that clients are still to be told of (OpenID Connect Back-Channel Logout).
CREATE TABLE logout_notices (
    number       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    client       TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    subject      TEXT    NOT NULL, -- the id of the user
    session_id   BLOB, -- NULL: all sessions of the user
    tries        INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER NOT NULL DEFAULT 0,
    given_up_at  INTEGER -- an hour after the first try
) STRICT;

CREATE INDEX logout_notices_by_client ON logout_notices (client);
CREATE INDEX logout_notices_by_time ON logout_notices (due_at, number);

-- All sessions of a user end: one notice a client. If one session goes on, since the password was
-- changed in it, one notice for each of the others.
CREATE TRIGGER clients_of_user_told AFTER UPDATE OF epoch ON users WHEN new.epoch <> old.epoch BEGIN
    INSERT INTO logout_notices (client, subject, session_id)
        SELECT DISTINCT client, old.id, CASE WHEN EXISTS (
            SELECT 1 FROM sessions AS kept
            WHERE kept.user_number = new.number AND kept.epoch = new.epoch
        ) THEN sessions.id END
        FROM client_sessions
        JOIN sessions ON sessions.number = session AND sessions.epoch = old.epoch
        JOIN clients ON clients.id = client AND backchannel_logout_uri IS NOT NULL
        WHERE client_sessions.user_number = old.number
            AND session > (SELECT ended_through FROM session_count);
END;
CREATE TRIGGER clients_of_deleted_user_told AFTER DELETE ON users BEGIN
    INSERT INTO logout_notices (client, subject)
        SELECT DISTINCT client, old.id FROM client_sessions
        JOIN sessions ON sessions.number = session AND sessions.epoch = old.epoch
        JOIN clients ON clients.id = client AND backchannel_logout_uri IS NOT NULL
        WHERE client_sessions.user_number = old.number
            AND session > (SELECT ended_through FROM session_count);
END;
CREATE TRIGGER clients_of_all_told AFTER UPDATE OF ended_through ON session_count BEGIN
    INSERT INTO logout_notices (client, subject)
        SELECT DISTINCT client, users.id FROM client_sessions
        JOIN sessions ON sessions.number = session
        JOIN users ON users.number = sessions.user_number AND users.epoch = sessions.epoch
        JOIN clients ON clients.id = client AND backchannel_logout_uri IS NOT NULL
        WHERE session > old.ended_through AND session <= new.ended_through;
END;
