-- Which generation file is live: one row, committed with a full sync, so that there is always either the old or the new.
CREATE TABLE pointer (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    live      INTEGER NOT NULL CHECK (live > 0)
) STRICT;
