-- What is found by a key, and what staff's lists and statistics are found by at size. Indexes of some rows only serve
-- no question about all of them, and SQLite then walks through the consortium.

-- K8, K12: all holds on a title and of a patron, whatever has become of them.
DROP INDEX hold_by_title;

CREATE INDEX hold_by_title ON hold (consortium, title, status);

DROP INDEX hold_by_patron;

CREATE INDEX hold_by_patron ON hold (consortium, patron, status);

-- K8: copies that nobody fetched in time and that still stand on the shelf.
CREATE INDEX hold_unclaimed ON hold (consortium, hold) WHERE status = 'cancelled' AND shelf_until IS NOT NULL;

CREATE INDEX item_by_title ON item (consortium, title);

CREATE INDEX strips_entry_by_membership ON strips_entry (consortium, membership, booked_at);

-- K14: accounts that nobody has activated yet.
CREATE INDEX login_account_by_link ON login_account (consortium, activation_until) WHERE activated_at IS NULL;

-- A3: what a library did in a period. Loans on administrative passes are not counted.
CREATE INDEX loans_by_day ON loan (consortium, branch, lent) WHERE internal = 0;

CREATE INDEX membership_by_institution ON membership (consortium, institution, starts);

CREATE INDEX payment_by_day ON payment (consortium, institution, paid_at);
