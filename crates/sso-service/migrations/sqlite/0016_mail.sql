-- Mail to users: what is owed to them, and the hashes of the secrets that were sent.

-- Only a verified address is in `email`, where no two users have the same; so an address that a
-- user has registered and not verified blocks nobody else.
ALTER TABLE users ADD COLUMN unverified_email TEXT;
-- Whether users have created the account themselves. Only such users may have to verify an address.
ALTER TABLE users ADD COLUMN registered INTEGER NOT NULL DEFAULT FALSE CHECK (registered IN (0, 1));
UPDATE users SET unverified_email = email, email = NULL WHERE email IS NOT NULL AND NOT email_verified;
ALTER TABLE users DROP COLUMN email_verified;

-- Mail that is owed to a user, or was sent within a day.
CREATE TABLE outbox (
    user_number  INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('verification', 'password_reset')),
    due_at       INTEGER, -- NULL: nothing is owed
    owed_since   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0, -- to send what is owed
    sent_at      INTEGER, -- the last one
    sent         INTEGER NOT NULL DEFAULT 0, -- since counted_from
    counted_from INTEGER NOT NULL,
    PRIMARY KEY (user_number, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_by_due ON outbox (due_at);
CREATE INDEX outbox_by_count ON outbox (counted_from);

-- The one link with which a user can set a new password, once.
CREATE TABLE password_resets (
    user_number INTEGER NOT NULL PRIMARY KEY REFERENCES users (number) ON DELETE CASCADE,
    hash        BLOB    NOT NULL UNIQUE,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- The one code with which a user can verify an address.
CREATE TABLE email_verifications (
    user_number  INTEGER NOT NULL PRIMARY KEY REFERENCES users (number) ON DELETE CASCADE,
    hash         BLOB    NOT NULL, -- of the user's id and the code
    expires_at   INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0, -- of this code
    day_tries    INTEGER NOT NULL DEFAULT 0, -- of all codes since counted_from
    counted_from INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX email_verifications_by_count ON email_verifications (counted_from);
