-- Made after the rows of a snapshot are in: sorting once is cheaper than finding the place of each.
CREATE UNIQUE INDEX patron_key ON patron (key);
CREATE UNIQUE INDEX item_key ON item (key);
