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
