-- The built-in client kubectl-sso: it gets sessions of its users in place of tokens of its own.

-- The name is its own from here on.
UPDATE clients SET name = name || ' (' || id || ')' WHERE name = 'kubectl-sso';

INSERT INTO clients
    (id, name, redirect_uris, post_logout_redirect_uris, roles, created_by, created_at)
VALUES
    ('kubectl-sso', 'kubectl-sso', 'http://127.0.0.1/callback
http://[::1]/callback', '', '', 'sso-service', 0);

-- The session whose user had this one begin. It may have ended by a log-out.
ALTER TABLE sessions ADD COLUMN vouched_by BIGINT;
CREATE INDEX sessions_by_voucher ON sessions (vouched_by) WHERE vouched_by IS NOT NULL;

-- Views have the columns of the time when they were made.
CREATE OR REPLACE VIEW live_sessions AS
    SELECT sessions.* FROM sessions
    JOIN users ON users.number = sessions.user_number AND users.epoch = sessions.epoch
    WHERE sessions.number > (SELECT ended_through FROM session_count);

-- The session that a code of kubectl-sso was redeemed for.
ALTER TABLE client_authorizations ADD COLUMN begun_session BIGINT;

-- Devices that wait for a user (RFC 8628). A row is gone once its session has begun.
CREATE TABLE device_requests (
    hash       BYTEA   PRIMARY KEY, -- of the device code
    user_code  TEXT    COLLATE "C" NOT NULL UNIQUE,
    network    TEXT    NOT NULL, -- of the device
    ip         TEXT    NOT NULL, -- of the device
    created_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    session    BIGINT  REFERENCES sessions (number) ON DELETE CASCADE, -- of the user who agreed
    refused    BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX device_requests_by_network ON device_requests (network, created_at);
CREATE INDEX device_requests_by_expiry ON device_requests (expires_at);
CREATE INDEX device_requests_by_session ON device_requests (session) WHERE session IS NOT NULL;

-- Clients that users of sessions have logged in to: they are told when a session ends.
CREATE TABLE client_sessions (
    session     BIGINT NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    client      TEXT   COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_number BIGINT NOT NULL, -- of the session
    PRIMARY KEY (session, client)
);

CREATE INDEX client_sessions_by_client ON client_sessions (client);
CREATE INDEX client_sessions_by_user ON client_sessions (user_number);

-- Ends of sessions that clients are still to be told of (OpenID Connect Back-Channel Logout).
CREATE TABLE logout_notices (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client       TEXT   COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    subject      TEXT   NOT NULL, -- the id of the user
    session_id   BYTEA, -- NULL: all sessions of the user
    tries        BIGINT NOT NULL DEFAULT 0,
    due_at       BIGINT NOT NULL DEFAULT 0,
    given_up_at  BIGINT -- an hour after the first try
);

CREATE INDEX logout_notices_by_client ON logout_notices (client);
CREATE INDEX logout_notices_by_time ON logout_notices (due_at, number);

-- All sessions of a user end: one notice a client. If one session goes on, since the password was
-- changed in it, one notice for each of the others.
CREATE FUNCTION tell_clients_of_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO logout_notices (client, subject, session_id)
        SELECT DISTINCT client, OLD.id, CASE WHEN TG_OP = 'UPDATE' AND EXISTS (
            SELECT 1 FROM sessions AS kept
            WHERE kept.user_number = OLD.number AND kept.epoch > OLD.epoch
        ) THEN sessions.id END
        FROM client_sessions
        JOIN sessions ON sessions.number = session AND sessions.epoch = OLD.epoch
        JOIN clients ON clients.id = client AND backchannel_logout_uri IS NOT NULL
        WHERE client_sessions.user_number = OLD.number
            AND session > (SELECT ended_through FROM session_count);
    RETURN NULL;
END $$;
CREATE TRIGGER clients_of_user_told AFTER UPDATE OF epoch ON users
    FOR EACH ROW WHEN (NEW.epoch <> OLD.epoch) EXECUTE FUNCTION tell_clients_of_user();
CREATE TRIGGER clients_of_deleted_user_told AFTER DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION tell_clients_of_user();

CREATE FUNCTION tell_clients_of_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO logout_notices (client, subject)
        SELECT DISTINCT client, users.id FROM client_sessions
        JOIN sessions ON sessions.number = session
        JOIN users ON users.number = sessions.user_number AND users.epoch = sessions.epoch
        JOIN clients ON clients.id = client AND backchannel_logout_uri IS NOT NULL
        WHERE session > OLD.ended_through AND session <= NEW.ended_through;
    RETURN NULL;
END $$;
CREATE TRIGGER clients_of_all_told AFTER UPDATE OF ended_through ON session_count
    FOR EACH ROW WHEN (NEW.ended_through <> OLD.ended_through)
    EXECUTE FUNCTION tell_clients_of_all();
