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
