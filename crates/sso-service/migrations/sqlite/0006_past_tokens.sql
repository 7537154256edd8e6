-- The hashes of session tokens that have expired or had to make room, as long as their session
-- lasts: a log-out by such a token ends the session.
CREATE TABLE past_tokens (
    hash    BLOB    NOT NULL PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX past_tokens_by_session ON past_tokens (session);
