-- Whether the address is known to be the user's: an administrator has set it. Clients of OpenID
-- Connect are told of no other.
ALTER TABLE users ADD COLUMN
    email_verified INTEGER NOT NULL DEFAULT FALSE CHECK (email_verified IN (0, 1));
