-- A generation of the mirror: what the store said, replaceable. Every body is sealed (AES-256-GCM) under a key derived
-- from the consortium's masking key; every key is a keyed hash of 16 bytes, so that without the key the file says nothing.
-- A row without a body is gone, or was not understood; it stays, so that an older page cannot bring it back.
CREATE TABLE picture (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    generation  TEXT NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq >= 0),
    acked_seq   INTEGER NOT NULL CHECK (acked_seq >= 0),
    scope       TEXT NOT NULL,
    key_id      TEXT NOT NULL,
    proof       BLOB NOT NULL,
    -- The instant at the store that the rows are known to be true of, and the kiosk's clock at that moment.
    at          TEXT NOT NULL,
    boot        TEXT NOT NULL,
    since_boot  INTEGER NOT NULL,
    clock       TEXT NOT NULL,
    -- What the store signed.
    manifest    BLOB NOT NULL,
    signature   TEXT NOT NULL
) STRICT;

CREATE TABLE network (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    ver       INTEGER NOT NULL,
    body      BLOB NOT NULL
) STRICT;

-- passes: the masks of every number and chip, 16 bytes each, as they stand in the table pass.
CREATE TABLE patron (
    id      INTEGER PRIMARY KEY,
    key     BLOB NOT NULL,
    ver     INTEGER NOT NULL,
    passes  BLOB NOT NULL,
    body    BLOB
) STRICT;

CREATE TABLE pass (
    key     BLOB NOT NULL,
    patron  INTEGER NOT NULL,
    PRIMARY KEY (key, patron)
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    id    INTEGER PRIMARY KEY,
    key   BLOB NOT NULL,
    ver   INTEGER NOT NULL,
    body  BLOB
) STRICT;
