-- Clients of OpenID Connect, and what the users of sessions have authorised them to.

CREATE TABLE clients (
    id                        TEXT    NOT NULL PRIMARY KEY, -- UUIDv7
    name                      TEXT    NOT NULL UNIQUE,
    secret_hash               BLOB, -- NULL: a public client, which has no secret
    redirect_uris             TEXT    NOT NULL, -- one a line, as the lists below
    post_logout_redirect_uris TEXT    NOT NULL,
    backchannel_logout_uri    TEXT,
    roles                     TEXT    NOT NULL, -- a user must have one of them, if there is one
    id_token_alg              TEXT, -- NULL: the default of the service
    created_by                TEXT    NOT NULL, -- a name, as it was then
    created_at                INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Authorization requests that wait for a user.
CREATE TABLE authorization_requests (
    hash       BLOB    NOT NULL PRIMARY KEY, -- of its id
    client     TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    network    TEXT    NOT NULL, -- of the browser
    parameters TEXT    NOT NULL, -- JSON
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX authorization_requests_by_client ON authorization_requests (client);
CREATE INDEX authorization_requests_by_network ON authorization_requests (network, created_at);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

-- A code, and what it was redeemed for. It ends with the session of the user.
CREATE TABLE client_authorizations (
    number          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    client          TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    session         INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    code_hash       BLOB    NOT NULL UNIQUE,
    code_challenge  TEXT    NOT NULL, -- of the method S256
    redirect_uri    TEXT    NOT NULL,
    scope           TEXT    NOT NULL,
    nonce           TEXT,
    code_expires_at INTEGER NOT NULL,
    redeemed        INTEGER NOT NULL DEFAULT FALSE CHECK (redeemed IN (0, 1)),
    expires_at      INTEGER NOT NULL -- when the code and the last of its tokens are over
) STRICT;

CREATE INDEX client_authorizations_by_client ON client_authorizations (client);
CREATE INDEX client_authorizations_by_session ON client_authorizations (session, number);
CREATE INDEX client_authorizations_by_expiry ON client_authorizations (expires_at);

-- The hashes of access and refresh tokens of clients. Spent refresh tokens stay for a while.
CREATE TABLE client_tokens (
    hash          BLOB    NOT NULL PRIMARY KEY,
    authorization_number INTEGER NOT NULL REFERENCES client_authorizations (number) ON DELETE CASCADE,
    renews        INTEGER NOT NULL CHECK (renews IN (0, 1)), -- a refresh token
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    -- of a spent one
    spent_at      INTEGER,
    nonce         BLOB -- what its successors were made with
) STRICT, WITHOUT ROWID;

CREATE INDEX client_tokens_by_authorization ON client_tokens (authorization_number, issued_at);
CREATE INDEX client_tokens_by_expiry ON client_tokens (expires_at);
