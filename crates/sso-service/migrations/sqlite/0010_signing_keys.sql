-- The keys that sign JWTs. The newest whose time has come signs; one is published before that, and
-- until no token that it signed is left.
CREATE TABLE signing_keys (
    number      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE, -- the kid of its tokens
    signs_from  INTEGER NOT NULL,
    private_key BLOB    NOT NULL, -- PKCS #8; if it is sealed, AES-256-GCM: nonce, ciphertext, tag
    sealed      INTEGER NOT NULL CHECK (sealed IN (0, 1))
) STRICT;
