-- What kiosks need to lend while the store is out of reach: what each branch allows then, a key that snapshots are signed
-- with, and by which clock a kiosk told when something happened.

-- Policy.offline, for each branch. Minutes are those of the mirror's age.
ALTER TABLE branch ADD COLUMN offline_borrow INTEGER NOT NULL DEFAULT 1 CHECK (offline_borrow IN (0, 1));
ALTER TABLE branch ADD COLUMN offline_return INTEGER NOT NULL DEFAULT 1 CHECK (offline_return IN (0, 1));
ALTER TABLE branch ADD COLUMN offline_pay INTEGER NOT NULL DEFAULT 0 CHECK (offline_pay IN (0, 1));
ALTER TABLE branch ADD COLUMN offline_fresh_minutes INTEGER NOT NULL DEFAULT 240 CHECK (offline_fresh_minutes >= 0);
ALTER TABLE branch ADD COLUMN offline_usable_minutes INTEGER NOT NULL DEFAULT 1440 CHECK (offline_usable_minutes >= 0);
ALTER TABLE branch ADD COLUMN offline_usable_items INTEGER NOT NULL DEFAULT 5 CHECK (offline_usable_items >= 0);
ALTER TABLE branch ADD COLUMN offline_usable_guests INTEGER NOT NULL DEFAULT 0 CHECK (offline_usable_guests IN (0, 1));
ALTER TABLE branch ADD COLUMN offline_lends_without_pin INTEGER NOT NULL DEFAULT 0
  CHECK (offline_lends_without_pin IN (0, 1));

-- The private half (Ed25519, 32 bytes as hexadecimals) of the key that vouches for snapshots; empty until it is made.
ALTER TABLE feed_head ADD COLUMN signing_key TEXT NOT NULL DEFAULT '' CHECK (length(signing_key) IN (0, 64));

-- By the store's own clock: not before this instant the last event of the kiosk that was taken in was done.
ALTER TABLE kiosk ADD COLUMN last_at TEXT;

-- When a boot of a kiosk began by the store's own clock, found from what the kiosk said and when that arrived.
CREATE TABLE kiosk_boot (
  consortium TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  boot TEXT NOT NULL CHECK (length(boot) BETWEEN 1 AND 64),
  booted_at TEXT NOT NULL,
  heard_at TEXT NOT NULL,
  PRIMARY KEY (consortium, kiosk, boot),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk)
);

-- Which kiosk took it in: what a kiosk did before and after is known by its sequence, whatever its clock said.
ALTER TABLE loan ADD COLUMN returned_kiosk TEXT;
ALTER TABLE item ADD COLUMN came_back_kiosk TEXT;
