-- The journal: what this kiosk did and has not been acknowledged. Nothing is ever deleted.
-- body and outcome are sealed (AES-256-GCM); seq and event_id are theirs to be delivered by, and say nothing of anybody.
CREATE TABLE journal (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    kiosk     TEXT NOT NULL,
    proof     BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    seq       INTEGER PRIMARY KEY CHECK (seq > 0),
    event_id  TEXT NOT NULL UNIQUE,
    body      BLOB NOT NULL,
    state     TEXT NOT NULL DEFAULT 'open'
              CHECK (state IN ('open', 'given_up', 'answered', 'voided', 'settled')),
    outcome   BLOB,
    unclear   INTEGER NOT NULL DEFAULT 0 CHECK (unclear >= 0)
) STRICT;

CREATE INDEX event_undelivered ON event (seq) WHERE state IN ('open', 'given_up');
