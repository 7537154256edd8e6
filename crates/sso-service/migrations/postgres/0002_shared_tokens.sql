-- Tokens may be in Redis: one that is not there is looked for here.
CREATE INDEX session_tokens_by_hash ON session_tokens (hash);

-- A token that has ended is remembered until it would have expired.
ALTER TABLE changes ADD COLUMN expires_at BIGINT; -- of the session token that is gone
CREATE OR REPLACE FUNCTION note_token_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO changes (kind, hash, expires_at)
        SELECT 'token_gone', hash, expires_at FROM gone ORDER BY number;
    RETURN NULL;
END $$;
