-- Who is logged in, and what a running service has to hear of.

-- No foreign key to users: a user may have a million sessions, and is deleted at once all the same.
CREATE TABLE sessions (
    number       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id           BLOB    NOT NULL UNIQUE, -- UUIDv7
    user         INTEGER NOT NULL,
    epoch        INTEGER NOT NULL, -- the user's at log-in
    minted       INTEGER NOT NULL DEFAULT FALSE CHECK (minted IN (0, 1)), -- from the shell
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    rotated_at   INTEGER, -- when it was last renewed
    expires_at   INTEGER NOT NULL, -- when the last of its tokens expires
    ends_at      INTEGER NOT NULL, -- no token outlives this
    ip           TEXT,
    user_agent   TEXT
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user, epoch);
CREATE INDEX sessions_by_log_in ON sessions (user, epoch) WHERE NOT minted;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The hashes of tokens that stand for a session. Found by hash in memory only, so that a million
-- of them are written and read in one go.
CREATE TABLE session_tokens (
    number     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    session    INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    hash       BLOB    NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX session_tokens_by_session ON session_tokens (session);
CREATE INDEX session_tokens_by_expiry ON session_tokens (expires_at);

-- The hashes of refresh tokens, also of spent ones, as long as their session.
CREATE TABLE refresh_tokens (
    hash                  BLOB    NOT NULL PRIMARY KEY,
    session               INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    expires_at            INTEGER NOT NULL,
    -- of a spent one
    spent_at              INTEGER,
    nonce                 BLOB, -- what its successors were made with, while it may be replayed
    token_expires_at      INTEGER, -- the successors' ends
    successor_expires_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);
CREATE INDEX refresh_tokens_with_nonce ON refresh_tokens (spent_at) WHERE nonce IS NOT NULL;

-- How many sessions there are. Counting them would be to read them.
CREATE TABLE session_count (sessions INTEGER NOT NULL) STRICT;
INSERT INTO session_count VALUES (0);

CREATE TRIGGER session_began AFTER INSERT ON sessions BEGIN
    UPDATE session_count SET sessions = sessions + 1;
END;
CREATE TRIGGER session_ended AFTER DELETE ON sessions BEGIN
    UPDATE session_count SET sessions = sessions - 1;
END;

-- Users whose sessions before an epoch are still to be deleted. They are invalid already.
CREATE TABLE ended_sessions (
    user  INTEGER NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL
) STRICT;

CREATE TRIGGER user_epoch_changed AFTER UPDATE OF epoch ON users WHEN new.epoch <> old.epoch BEGIN
    INSERT OR REPLACE INTO ended_sessions (user, epoch) VALUES (new.number, new.epoch);
END;
CREATE TRIGGER user_deleted AFTER DELETE ON users BEGIN
    INSERT OR REPLACE INTO ended_sessions (user, epoch) VALUES (old.number, old.epoch + 1);
END;

-- What has changed, in order. Says what is to be looked at again, not how it is now. Written by
-- triggers: whoever changes something cannot forget to say so.
CREATE TABLE changes (
    seq    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind   TEXT    NOT NULL CHECK (kind IN ('user', 'role', 'key', 'token', 'token_gone')),
    number INTEGER, -- of the user or the session token
    name   TEXT,    -- of the role
    hash   BLOB     -- of the session token that is gone
) STRICT;

CREATE TRIGGER token_added AFTER INSERT ON session_tokens BEGIN
    INSERT INTO changes (kind, number) VALUES ('token', new.number);
END;
CREATE TRIGGER token_gone AFTER DELETE ON session_tokens BEGIN
    INSERT INTO changes (kind, hash) VALUES ('token_gone', old.hash);
END;

-- A new password hash alone concerns nobody who is logged in.
CREATE TRIGGER user_changed AFTER UPDATE OF username, email, disabled, epoch ON users BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', new.number);
END;
CREATE TRIGGER user_gone AFTER DELETE ON users BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', old.number);
END;
CREATE TRIGGER role_assigned AFTER INSERT ON user_roles BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', new.user);
END;
CREATE TRIGGER role_taken AFTER DELETE ON user_roles BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', old.user);
END;
CREATE TRIGGER permission_given AFTER INSERT ON user_permissions BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', new.user);
END;
CREATE TRIGGER permission_taken AFTER DELETE ON user_permissions BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', old.user);
END;
CREATE TRIGGER role_permits AFTER INSERT ON role_permissions BEGIN
    INSERT INTO changes (kind, name) VALUES ('role', new.role);
END;
CREATE TRIGGER role_permits_no_more AFTER DELETE ON role_permissions BEGIN
    INSERT INTO changes (kind, name) VALUES ('role', old.role);
END;
