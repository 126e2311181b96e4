-- Facts beside requests: what a patron was promised while nobody answered, why staff must look at an event, and under
-- which id its place in the sequence was closed. `floor`: no instant before it is believed; `acked_seq`: the last event
-- that the store said it has; `closed`: why nothing may be done under this kiosk's id any more.
ALTER TABLE journal ADD COLUMN floor TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN acked_seq INTEGER NOT NULL DEFAULT 0 CHECK (acked_seq >= 0);
ALTER TABLE journal ADD COLUMN closed TEXT NOT NULL DEFAULT '';

ALTER TABLE event ADD COLUMN promised BLOB;
ALTER TABLE event ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN closing TEXT;

UPDATE event SET why = 'unusable-answer' WHERE state = 'settled';

CREATE INDEX event_exception ON event (seq) WHERE why <> '';
