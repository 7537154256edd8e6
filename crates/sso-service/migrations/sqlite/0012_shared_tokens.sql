-- Tokens may be in Redis: one that is not there is looked for here.
CREATE INDEX session_tokens_by_hash ON session_tokens (hash);

-- A token that has ended is remembered until it would have expired.
ALTER TABLE changes ADD COLUMN expires_at INTEGER; -- of the session token that is gone
DROP TRIGGER token_gone;
CREATE TRIGGER token_gone AFTER DELETE ON session_tokens BEGIN
    INSERT INTO changes (kind, hash, expires_at) VALUES ('token_gone', old.hash, old.expires_at);
END;
