-- Whether the tokens that followed a spent refresh token were ever used: when the newest token of
-- the session that was used had been issued. NULL if none was, besides the tokens of the log-in.
ALTER TABLE sessions ADD COLUMN used_issued_at INTEGER;
