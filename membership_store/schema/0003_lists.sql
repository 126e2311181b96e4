-- What staff's lists and statistics are found by at size.

-- K8: copies that nobody fetched in time and that still stand on the shelf.
CREATE INDEX hold_unclaimed ON hold (consortium, hold) WHERE status = 'cancelled' AND shelf_until IS NOT NULL;

-- A3: what a library did in a period. Loans on administrative passes are not counted.
CREATE INDEX loans_by_day ON loan (consortium, branch, lent) WHERE internal = 0;

CREATE INDEX membership_by_institution ON membership (consortium, institution, starts);

CREATE INDEX payment_by_day ON payment (consortium, institution, paid_at);
