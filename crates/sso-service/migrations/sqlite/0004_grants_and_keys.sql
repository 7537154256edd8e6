-- Permissions of users until a time, and keys of programs.

CREATE TABLE grants (
    id         TEXT    NOT NULL PRIMARY KEY,
    user       INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    permission TEXT    NOT NULL,
    expires_at INTEGER NOT NULL, -- not in force from this instant on
    reason     TEXT    NOT NULL,
    granted_by TEXT    NOT NULL, -- a name, as it was then
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_by_user ON grants (user);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TRIGGER granted AFTER INSERT ON grants BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', new.user);
END;
CREATE TRIGGER granted_no_more AFTER DELETE ON grants BEGIN
    INSERT INTO changes (kind, number) VALUES ('user', old.user);
END;

CREATE TABLE api_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    hash       BLOB    NOT NULL UNIQUE, -- of the key
    expires_at INTEGER, -- invalid from this instant on, if ever
    created_by TEXT    NOT NULL, -- a name, as it was then
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE api_key_permissions (
    api_key    TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (api_key, permission)
) STRICT, WITHOUT ROWID;

-- Keys are few and never change: who hears of it reads them all. The permissions of a new key are
-- written in the transaction of its own.
CREATE TRIGGER key_added AFTER INSERT ON api_keys BEGIN
    INSERT INTO changes (kind) VALUES ('key');
END;
CREATE TRIGGER key_gone AFTER DELETE ON api_keys BEGIN
    INSERT INTO changes (kind) VALUES ('key');
END;

-- A session that outlives its user's epoch, because the password was changed in it, is told of
-- again with its tokens.
CREATE TRIGGER session_kept AFTER UPDATE OF epoch ON sessions WHEN new.epoch <> old.epoch BEGIN
    INSERT INTO changes (kind, number)
        SELECT 'token', number FROM session_tokens WHERE session = new.number ORDER BY number;
END;
