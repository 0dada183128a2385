-- What people said about verdicts, and where alarms stand.

CREATE TABLE feedback (
    chk            INTEGER NOT NULL,
    epoch          INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    is_right       INTEGER NOT NULL,           -- 1: the verdict was right
    text           TEXT NOT NULL,
    by             TEXT NOT NULL,
    at_ns          INTEGER NOT NULL,
    PRIMARY KEY (chk, epoch, seq)
) STRICT, WITHOUT ROWID;

-- An alarm that is not simply normal: after a restart it stands where it stood.
CREATE TABLE alarm (
    place          TEXT NOT NULL,
    kind           TEXT NOT NULL,
    state          TEXT NOT NULL,
    since_ns       INTEGER NOT NULL,
    by             TEXT NOT NULL,              -- who acknowledged it or put it aside; empty for nobody
    shelved_until_ns INTEGER NOT NULL,         -- 0 where it is not shelved
    PRIMARY KEY (place, kind)
) STRICT, WITHOUT ROWID;
