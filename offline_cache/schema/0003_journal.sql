-- An act is first written into the daybook beside this file, and taken in here afterwards: nothing of that is new here.

-- A request that became a fact may have a number that the store has answered, with a "no" that was lost: a mirror that has
-- the number need not have the loan. `turned`: the number that was next when a loan was turned so. Whatever bears it, or a
-- later one, was told after the fact; a mirror that has that one has the loan. 0: all others.
ALTER TABLE event ADD COLUMN turned INTEGER NOT NULL DEFAULT 0 CHECK (turned >= 0);
CREATE INDEX event_turned ON event (turned) WHERE turned > 0;
