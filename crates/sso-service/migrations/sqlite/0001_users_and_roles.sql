-- Who may log in, and what each is allowed to do.
-- Instants are milliseconds since 1970 UTC. Ids are UUIDv7, as text; what other tables refer to is
-- the number, which is never given twice.

CREATE TABLE users (
    number        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id            TEXT    NOT NULL UNIQUE,
    username      TEXT    NOT NULL UNIQUE,
    email         TEXT    UNIQUE,
    password_hash TEXT    NOT NULL, -- PHC string
    disabled      INTEGER NOT NULL DEFAULT FALSE CHECK (disabled IN (0, 1)),
    epoch         INTEGER NOT NULL DEFAULT 0, -- sessions of an earlier one have ended
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE roles (
    name    TEXT    NOT NULL PRIMARY KEY,
    builtin INTEGER NOT NULL DEFAULT FALSE CHECK (builtin IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE role_permissions (
    role       TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role, permission)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_roles (
    user INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    role TEXT    NOT NULL REFERENCES roles (name),
    PRIMARY KEY (user, role)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_roles_by_role ON user_roles (role);

-- Permissions a user holds without any role.
CREATE TABLE user_permissions (
    user       INTEGER NOT NULL REFERENCES users (number) ON DELETE CASCADE,
    permission TEXT    NOT NULL,
    PRIMARY KEY (user, permission)
) STRICT, WITHOUT ROWID;

INSERT INTO roles (name, builtin) VALUES ('admin', TRUE), ('reader', TRUE), ('user', TRUE);
INSERT INTO role_permissions (role, permission) VALUES ('admin', '*'), ('reader', 'logs:read');
