-- All sessions end by one row, however many there are and however many users they belong to.

-- Sessions up to this number have ended. They are deleted a few at a time.
ALTER TABLE session_count ADD COLUMN ended_through INTEGER NOT NULL DEFAULT 0;

-- Sessions that have not ended, if their time is not over.
CREATE VIEW live_sessions AS
    SELECT sessions.* FROM sessions
    JOIN users ON users.number = sessions.user AND users.epoch = sessions.epoch
    WHERE sessions.number > (SELECT ended_through FROM session_count);
