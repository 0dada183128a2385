-- Who may do what. Apart from the store: a sign-in never waits for the history's writer, and a
-- damaged history locks nobody out.

CREATE TABLE user (
    name           TEXT PRIMARY KEY COLLATE NOCASE,
    role           TEXT NOT NULL,
    password       TEXT NOT NULL,              -- argon2id, as a PHC string
    disabled       INTEGER NOT NULL,
    created_ms     INTEGER NOT NULL,
    changed_ms     INTEGER NOT NULL,           -- of the password
    signed_in_ms   INTEGER
) STRICT;

CREATE TABLE session (
    digest         BLOB PRIMARY KEY,           -- BLAKE3 of the cookie's value, which is kept nowhere
    user           TEXT NOT NULL COLLATE NOCASE REFERENCES user (name) ON DELETE CASCADE,
    began_ms       INTEGER NOT NULL,
    used_ms        INTEGER NOT NULL,
    address        TEXT NOT NULL
) STRICT;

CREATE INDEX session_of_user ON session (user, used_ms);

CREATE TABLE token (
    name           TEXT PRIMARY KEY COLLATE NOCASE,
    digest         BLOB NOT NULL UNIQUE,       -- BLAKE3 of the token, which is kept nowhere
    role           TEXT NOT NULL,
    created_by     TEXT NOT NULL,
    created_ms     INTEGER NOT NULL,
    expires_ms     INTEGER,
    used_ms        INTEGER
) STRICT;
