-- Log-in by an OpenID provider.

-- Users who log in by the provider, and have no password.
CREATE TABLE upstream_identities (
    issuer      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    user_number INTEGER NOT NULL UNIQUE REFERENCES users (number) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- Log-ins that wait for the provider.
CREATE TABLE upstream_log_ins (
    state_hash   BLOB    NOT NULL PRIMARY KEY,
    browser_hash BLOB    NOT NULL, -- of the cookie of the browser that began it
    network      TEXT    NOT NULL, -- of the browser
    return_to    TEXT,
    is_fresh     INTEGER NOT NULL CHECK (is_fresh IN (0, 1)), -- the user has to log in anew
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX upstream_log_ins_by_network ON upstream_log_ins (network, created_at);
CREATE INDEX upstream_log_ins_by_expiry ON upstream_log_ins (expires_at);

-- Names of users who were deleted. Nobody gets one by registration or from the provider.
CREATE TABLE past_usernames (username TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TRIGGER username_past AFTER DELETE ON users BEGIN
    INSERT OR IGNORE INTO past_usernames (username) VALUES (old.username);
END;
