-- Clients of OpenID Connect, and what the users of sessions have authorised them to.

CREATE TABLE clients (
    id                        TEXT    COLLATE "C" PRIMARY KEY, -- UUIDv7
    name                      TEXT    COLLATE "C" NOT NULL UNIQUE,
    secret_hash               BYTEA, -- NULL: a public client, which has no secret
    redirect_uris             TEXT    NOT NULL, -- one a line, as the lists below
    post_logout_redirect_uris TEXT    NOT NULL,
    backchannel_logout_uri    TEXT,
    roles                     TEXT    NOT NULL, -- a user must have one of them, if there is one
    id_token_alg              TEXT, -- NULL: the default of the service
    created_by                TEXT    NOT NULL, -- a name, as it was then
    created_at                BIGINT  NOT NULL
);

-- Authorization requests that wait for a user.
CREATE TABLE authorization_requests (
    hash       BYTEA   PRIMARY KEY, -- of its id
    client     TEXT    COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    network    TEXT    NOT NULL, -- of the browser
    parameters TEXT    NOT NULL, -- JSON
    created_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);

CREATE INDEX authorization_requests_by_client ON authorization_requests (client);
CREATE INDEX authorization_requests_by_network ON authorization_requests (network, created_at);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

-- A code, and what it was redeemed for. It ends with the session of the user.
CREATE TABLE client_authorizations (
    number          BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client          TEXT    COLLATE "C" NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    session         BIGINT  NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    code_hash       BYTEA   NOT NULL UNIQUE,
    code_challenge  TEXT    NOT NULL, -- of the method S256
    redirect_uri    TEXT    NOT NULL,
    scope           TEXT    NOT NULL,
    nonce           TEXT,
    code_expires_at BIGINT  NOT NULL,
    redeemed        BOOLEAN NOT NULL DEFAULT FALSE,
    expires_at      BIGINT  NOT NULL -- when the code and the last of its tokens are over
);

CREATE INDEX client_authorizations_by_client ON client_authorizations (client);
CREATE INDEX client_authorizations_by_session ON client_authorizations (session, number);
CREATE INDEX client_authorizations_by_expiry ON client_authorizations (expires_at);

-- The hashes of access and refresh tokens of clients. Spent refresh tokens stay for a while.
CREATE TABLE client_tokens (
    hash          BYTEA   PRIMARY KEY,
    authorization_number BIGINT  NOT NULL REFERENCES client_authorizations (number) ON DELETE CASCADE,
    renews        BOOLEAN NOT NULL, -- a refresh token
    issued_at     BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    -- of a spent one
    spent_at      BIGINT,
    nonce         BYTEA -- what its successors were made with
);

CREATE INDEX client_tokens_by_authorization ON client_tokens (authorization_number, issued_at);
CREATE INDEX client_tokens_by_expiry ON client_tokens (expires_at);
