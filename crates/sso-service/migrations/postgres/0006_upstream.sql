-- Log-in by an OpenID provider.

-- Users who log in by the provider, and have no password.
CREATE TABLE upstream_identities (
    issuer      TEXT   COLLATE "C" NOT NULL,
    subject     TEXT   COLLATE "C" NOT NULL,
    user_number BIGINT NOT NULL UNIQUE REFERENCES users (number) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);

-- Log-ins that wait for the provider.
CREATE TABLE upstream_log_ins (
    state_hash   BYTEA   PRIMARY KEY,
    browser_hash BYTEA   NOT NULL, -- of the cookie of the browser that began it
    network      TEXT    NOT NULL, -- of the browser
    return_to    TEXT,
    is_fresh     BOOLEAN NOT NULL, -- the user has to log in anew
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL
);

CREATE INDEX upstream_log_ins_by_network ON upstream_log_ins (network, created_at);
CREATE INDEX upstream_log_ins_by_expiry ON upstream_log_ins (expires_at);

-- Names of users who were deleted. Nobody gets one by registration or from the provider.
CREATE TABLE past_usernames (username TEXT COLLATE "C" PRIMARY KEY);

CREATE FUNCTION note_past_username() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO past_usernames (username) VALUES (old.username) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER username_past AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note_past_username();
