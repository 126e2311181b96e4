-- Facts beside requests: what a patron was promised while nobody answered, why staff must look at an event, and under
-- which id its place in the sequence was closed. `floor`: no instant before it is believed; `acked_seq`: the last event
-- that the store said it has; `closed`: why nothing may be done under this kiosk's id any more.
ALTER TABLE journal ADD COLUMN floor TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN acked_seq INTEGER NOT NULL DEFAULT 0 CHECK (acked_seq >= 0);
ALTER TABLE journal ADD COLUMN closed TEXT NOT NULL DEFAULT '';

-- One page a commit instead of three: the one writer knows from where on an event may wait, and makes no id twice; both
-- are looked at whenever the journal is opened.
CREATE TABLE act (
    seq       INTEGER PRIMARY KEY CHECK (seq > 0),
    event_id  TEXT NOT NULL,
    body      BLOB NOT NULL,
    state     TEXT NOT NULL DEFAULT 'open'
              CHECK (state IN ('open', 'given_up', 'answered', 'voided', 'settled')),
    outcome   BLOB,
    unclear   INTEGER NOT NULL DEFAULT 0 CHECK (unclear >= 0),
    promised  BLOB,
    why       TEXT NOT NULL DEFAULT '',
    closing   TEXT
) STRICT;
INSERT INTO act (seq, event_id, body, state, outcome, unclear, why)
SELECT seq, event_id, body, state, outcome, unclear, CASE state WHEN 'settled' THEN 'unusable-answer' ELSE '' END
FROM event;
DROP TABLE event;
ALTER TABLE act RENAME TO event;

CREATE INDEX event_exception ON event (seq) WHERE why <> '';
