-- The tables of SQLite as they are after its migration 11, and what several instances need.
-- Instants are milliseconds since 1970 UTC. Texts are compared by their bytes, as in SQLite.

CREATE TABLE users (
    number        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            TEXT    COLLATE "C" NOT NULL UNIQUE,
    username      TEXT    COLLATE "C" NOT NULL UNIQUE,
    email         TEXT    COLLATE "C" UNIQUE,
    password_hash TEXT    NOT NULL, -- PHC string
    disabled      BOOLEAN NOT NULL DEFAULT FALSE,
    epoch         BIGINT  NOT NULL DEFAULT 0, -- sessions of an earlier one have ended
    created_at    BIGINT  NOT NULL
);

CREATE TABLE roles (
    name    TEXT    COLLATE "C" PRIMARY KEY,
    builtin BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE role_permissions (
    role       TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (role, permission)
);

CREATE TABLE user_roles (
    user_number BIGINT NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    role        TEXT   COLLATE "C" NOT NULL REFERENCES roles (name),
    PRIMARY KEY (user_number, role)
);
CREATE INDEX user_roles_by_role ON user_roles (role);

-- Permissions that a user holds without any role.
CREATE TABLE user_permissions (
    user_number BIGINT NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    permission  TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (user_number, permission)
);

INSERT INTO roles (name, builtin) VALUES ('admin', TRUE), ('reader', TRUE), ('user', TRUE);
INSERT INTO role_permissions (role, permission) VALUES ('admin', '*'), ('reader', 'logs:read');

-- No foreign key to users: a user may have a million sessions, and is deleted at once all the same.
CREATE TABLE sessions (
    number         BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             BYTEA   NOT NULL UNIQUE, -- UUIDv7
    user_number    BIGINT  NOT NULL,
    epoch          BIGINT  NOT NULL, -- the user's at log-in
    minted         BOOLEAN NOT NULL DEFAULT FALSE, -- from the shell
    created_at     BIGINT  NOT NULL,
    last_seen_at   BIGINT  NOT NULL,
    rotated_at     BIGINT, -- when it was last renewed
    expires_at     BIGINT  NOT NULL, -- when the last of its tokens expires
    ends_at        BIGINT  NOT NULL, -- no token outlives this
    ip             TEXT,
    user_agent     TEXT,
    used_issued_at BIGINT -- when the newest of its used tokens was issued, besides the log-in's
);
CREATE INDEX sessions_by_user ON sessions (user_number, epoch);
CREATE INDEX sessions_by_log_in ON sessions (user_number, epoch) WHERE NOT minted;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE session_tokens (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session    BIGINT NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    hash       BYTEA  NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- With the number, so that the last token before one is found by it, whatever the statistics say.
CREATE INDEX session_tokens_by_session ON session_tokens (session, number);
CREATE INDEX session_tokens_by_expiry ON session_tokens (expires_at);

CREATE TABLE refresh_tokens (
    hash                 BYTEA  PRIMARY KEY,
    session              BIGINT NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    expires_at           BIGINT NOT NULL,
    -- of a spent one
    spent_at             BIGINT,
    nonce                BYTEA, -- what its successors were made with, while it may be replayed
    token_expires_at     BIGINT, -- the successors' ends
    successor_expires_at BIGINT
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);
CREATE INDEX refresh_tokens_with_nonce ON refresh_tokens (spent_at) WHERE nonce IS NOT NULL;

CREATE TABLE past_tokens (
    hash    BYTEA  PRIMARY KEY,
    session BIGINT NOT NULL REFERENCES sessions (number) ON DELETE CASCADE
);
CREATE INDEX past_tokens_by_session ON past_tokens (session);

-- One row: how many sessions there are, and up to which number they have ended.
CREATE TABLE session_count (
    sessions      BIGINT NOT NULL,
    ended_through BIGINT NOT NULL DEFAULT 0
);
INSERT INTO session_count (sessions) VALUES (0);

CREATE VIEW live_sessions AS
    SELECT sessions.* FROM sessions
    JOIN users ON users.number = sessions.user_number AND users.epoch = sessions.epoch
    WHERE sessions.number > (SELECT ended_through FROM session_count);

-- Users whose sessions before an epoch are still to be deleted. They are invalid already.
CREATE TABLE ended_sessions (
    user_number BIGINT PRIMARY KEY,
    epoch       BIGINT NOT NULL
);

CREATE TABLE grants (
    id          TEXT   COLLATE "C" PRIMARY KEY,
    user_number BIGINT NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    permission  TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL, -- not in force from this instant on
    reason      TEXT   NOT NULL,
    granted_by  TEXT   NOT NULL, -- a name, as it was then
    created_at  BIGINT NOT NULL
);
CREATE INDEX grants_by_user ON grants (user_number);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE api_keys (
    id         TEXT   COLLATE "C" PRIMARY KEY,
    name       TEXT   COLLATE "C" NOT NULL UNIQUE,
    hash       BYTEA  NOT NULL UNIQUE, -- of the key
    expires_at BIGINT, -- invalid from this instant on, if ever
    created_by TEXT   NOT NULL, -- a name, as it was then
    created_at BIGINT NOT NULL
);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE api_key_permissions (
    api_key    TEXT COLLATE "C" NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    permission TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (api_key, permission)
);

-- The newest security events, as the lines of the audit log are: JSON.
CREATE TABLE audit (
    number         BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    administrative BOOLEAN NOT NULL DEFAULT FALSE,
    event          TEXT    NOT NULL
);
CREATE INDEX audit_by_kind ON audit (administrative, number);
CREATE INDEX audit_log_ins ON audit (number) WHERE event::json ->> 'audit' = 'login_ok';

-- The keys that sign JWTs.
CREATE TABLE signing_keys (
    number      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          TEXT    COLLATE "C" NOT NULL UNIQUE, -- the kid of its tokens
    signs_from  BIGINT  NOT NULL,
    private_key BYTEA   NOT NULL, -- PKCS #8; if it is sealed, AES-256-GCM: nonce, ciphertext, tag
    sealed      BOOLEAN NOT NULL
);

-- The greatest instant that a running service has seen.
CREATE TABLE greatest_instant (seen_at BIGINT NOT NULL);
INSERT INTO greatest_instant (seen_at) VALUES (0);

-- What has changed, in the order of commits. A row says what to read again, not the new value. The
-- random tag shows whether a history is the one that was read before: a standby that was promoted
-- without the last rows gives their numbers again. The last row always stays.
CREATE TABLE changes (
    seq    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tag    TEXT   NOT NULL DEFAULT gen_random_uuid()::text,
    kind   TEXT   NOT NULL,
    number BIGINT, -- of the user or the session token
    name   TEXT,   -- of the role
    hash   BYTEA   -- of the session token that is gone
);
INSERT INTO changes (kind) VALUES ('start');

-- The instances that serve. `applied` is the last change that is in force in an instance's memory;
-- NULL while it loads. An expired one holds no lease and must register anew.
CREATE TABLE instances (
    id            TEXT    PRIMARY KEY,
    stale_max     BIGINT  NOT NULL, -- SSO_STORE_STALE_MAX, in milliseconds
    applied       BIGINT,
    expired       BOOLEAN NOT NULL DEFAULT FALSE,
    registered_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE FUNCTION count_sessions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE session_count SET sessions = sessions
        + (SELECT count(*) FROM changed) * CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
    RETURN NULL;
END $$;
CREATE TRIGGER session_began AFTER INSERT ON sessions
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_sessions();
CREATE TRIGGER session_ended AFTER DELETE ON sessions
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_sessions();

CREATE FUNCTION note_ended_sessions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO ended_sessions (user_number, epoch) VALUES (OLD.number, OLD.epoch + 1)
            ON CONFLICT (user_number) DO UPDATE SET epoch = excluded.epoch;
    ELSE
        INSERT INTO ended_sessions (user_number, epoch) VALUES (NEW.number, NEW.epoch)
            ON CONFLICT (user_number) DO UPDATE SET epoch = excluded.epoch;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER user_epoch_changed AFTER UPDATE OF epoch ON users
    FOR EACH ROW WHEN (NEW.epoch <> OLD.epoch) EXECUTE FUNCTION note_ended_sessions();
CREATE TRIGGER user_deleted AFTER DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION note_ended_sessions();

CREATE FUNCTION note_token_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind, number) SELECT 'token', number FROM added ORDER BY number;
    RETURN NULL;
END $$;
CREATE TRIGGER token_added AFTER INSERT ON session_tokens
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_token_added();

CREATE FUNCTION note_token_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind, hash) SELECT 'token_gone', hash FROM gone ORDER BY number;
    RETURN NULL;
END $$;
CREATE TRIGGER token_gone AFTER DELETE ON session_tokens
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_token_gone();

-- A session that outlives its user's epoch, because the password was changed in it, is told of
-- again with its tokens.
CREATE FUNCTION note_session_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind, number)
        SELECT 'token', number FROM session_tokens WHERE session = NEW.number ORDER BY number;
    RETURN NULL;
END $$;
CREATE TRIGGER session_kept AFTER UPDATE OF epoch ON sessions
    FOR EACH ROW WHEN (NEW.epoch <> OLD.epoch) EXECUTE FUNCTION note_session_kept();

CREATE FUNCTION note_all_ended() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind) VALUES ('all_ended');
    RETURN NULL;
END $$;
CREATE TRIGGER all_ended AFTER UPDATE OF ended_through ON session_count
    FOR EACH ROW WHEN (NEW.ended_through <> OLD.ended_through) EXECUTE FUNCTION note_all_ended();

-- A new password hash alone concerns nobody who is logged in.
CREATE FUNCTION note_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind, number)
        VALUES ('user', CASE TG_OP WHEN 'DELETE' THEN OLD.number ELSE NEW.number END);
    RETURN NULL;
END $$;
CREATE TRIGGER user_changed AFTER UPDATE OF username, email, disabled, epoch ON users
    FOR EACH ROW EXECUTE FUNCTION note_user();
CREATE TRIGGER user_gone AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note_user();

CREATE FUNCTION note_user_of() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind, number)
        VALUES ('user', CASE TG_OP WHEN 'DELETE' THEN OLD.user_number ELSE NEW.user_number END);
    RETURN NULL;
END $$;
CREATE TRIGGER role_assigned AFTER INSERT OR DELETE ON user_roles
    FOR EACH ROW EXECUTE FUNCTION note_user_of();
CREATE TRIGGER permission_given AFTER INSERT OR DELETE ON user_permissions
    FOR EACH ROW EXECUTE FUNCTION note_user_of();
CREATE TRIGGER granted AFTER INSERT OR DELETE OR UPDATE ON grants
    FOR EACH ROW EXECUTE FUNCTION note_user_of();

CREATE FUNCTION note_role() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind, name)
        VALUES ('role', CASE TG_OP WHEN 'DELETE' THEN OLD.role ELSE NEW.role END);
    RETURN NULL;
END $$;
CREATE TRIGGER role_permits AFTER INSERT OR DELETE ON role_permissions
    FOR EACH ROW EXECUTE FUNCTION note_role();

-- Keys are few and never change: all are read again.
CREATE FUNCTION note_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind) VALUES ('key');
    RETURN NULL;
END $$;
CREATE TRIGGER key_changed AFTER INSERT OR UPDATE OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION note_key();
