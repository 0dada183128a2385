-- The store's tables. Everything arrives in `journal`; the other tables are folded from it.

CREATE TABLE identity (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    store          BLOB NOT NULL,              -- random, for the life of the file
    session        BLOB NOT NULL,              -- random, new at each opening and each clean end; also in the anchor file
    epoch          INTEGER NOT NULL,
    clean          INTEGER NOT NULL,           -- 1 after a clean end
    folded_row     INTEGER NOT NULL,           -- journal rows up to here are folded, frames apart
    next_verdict   INTEGER NOT NULL,
    samples_per_s  REAL NOT NULL               -- of what no acknowledgement covers: for the estimate of loss
) STRICT;

CREATE TABLE name (
    id             INTEGER PRIMARY KEY,
    kind           INTEGER NOT NULL,
    parent         INTEGER NOT NULL,
    text           TEXT NOT NULL,
    UNIQUE (kind, parent, text)
) STRICT;

CREATE TABLE frame_group (
    id             INTEGER PRIMARY KEY,
    line           INTEGER NOT NULL,
    tags           BLOB NOT NULL,              -- name ids, in the frames' order
    sealed_row     INTEGER NOT NULL,           -- journal rows up to here hold no open frame of this group
    UNIQUE (line, tags)
) STRICT;

-- One row per group commit, see row.rs.
CREATE TABLE journal (
    id             INTEGER PRIMARY KEY,
    at_ns          INTEGER NOT NULL,
    body           BLOB NOT NULL
) STRICT;

CREATE TABLE chunk (
    id             INTEGER PRIMARY KEY,
    grp            INTEGER NOT NULL,
    from_ns        INTEGER NOT NULL,
    to_ns          INTEGER NOT NULL,
    arrived_ns     INTEGER NOT NULL,
    n_frames       INTEGER NOT NULL,
    n_samples      INTEGER NOT NULL,
    blocks         BLOB NOT NULL,              -- before the body, so that it is read without it
    body           BLOB NOT NULL
) STRICT;
CREATE INDEX chunk_by_group ON chunk (grp, to_ns, from_ns);

CREATE TABLE verdict (
    id             INTEGER PRIMARY KEY,
    chk            INTEGER NOT NULL,
    epoch          INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    at_ns          INTEGER NOT NULL,
    outcome        INTEGER NOT NULL,           -- 0 pass, 1 fail, 2 inconclusive
    part           TEXT,
    body           BLOB NOT NULL,              -- see verdict.rs
    writes         BLOB NOT NULL DEFAULT x''
) STRICT;
CREATE UNIQUE INDEX verdict_by_key ON verdict (chk, epoch, seq);
CREATE INDEX verdict_by_time ON verdict (at_ns);
CREATE INDEX verdict_by_part ON verdict (part, id) WHERE part IS NOT NULL;
CREATE INDEX verdict_not_passed ON verdict (chk, id) WHERE outcome <> 0;

-- Where a check stands: its last number, and the snapshot of windower and judge.
CREATE TABLE position (
    chk            INTEGER PRIMARY KEY,
    epoch          INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    body           BLOB NOT NULL
) STRICT;

-- The last message marks of a connection, 16 bytes each, oldest first.
CREATE TABLE mark (
    connection     INTEGER PRIMARY KEY,
    digests        BLOB NOT NULL
) STRICT;

-- Verdicts of a check up to (epoch, seq) are confirmed by a connection.
CREATE TABLE outbox (
    connection     INTEGER NOT NULL,
    chk            INTEGER NOT NULL,
    epoch          INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    PRIMARY KEY (connection, chk)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    id             INTEGER PRIMARY KEY,
    at_ns          INTEGER NOT NULL,
    who            TEXT NOT NULL,
    what           TEXT NOT NULL,
    line           TEXT,
    text           TEXT NOT NULL
) STRICT;

CREATE TABLE document (
    id             INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,
    name           TEXT NOT NULL,
    version        INTEGER NOT NULL,
    text           TEXT,                       -- NULL: the document was removed
    by             TEXT NOT NULL,
    at_ns          INTEGER NOT NULL,
    note           TEXT NOT NULL,
    UNIQUE (kind, name, version)
) STRICT;

CREATE TABLE arming (
    output         TEXT PRIMARY KEY,
    by             TEXT NOT NULL,
    at_ns          INTEGER NOT NULL,
    digest         TEXT NOT NULL               -- of address, mapping and model contract
) STRICT;

-- What retention dropped, by kind and reason.
CREATE TABLE dropped (
    kind           TEXT NOT NULL,
    reason         TEXT NOT NULL,
    n              INTEGER NOT NULL,
    PRIMARY KEY (kind, reason)
) STRICT, WITHOUT ROWID;
