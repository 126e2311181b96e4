-- The rest of what a library's desk keeps: persons, PINs, strips, payments, renewals, staff, guests, the change feed.
-- The same plain SQL as 0001: consortium first in every key, cents, ISO 8601 text, 0 or 1 for no or yes.

-- S9, S4, N8: what the catalogue says besides.
ALTER TABLE subscription ADD COLUMN selectable INTEGER NOT NULL DEFAULT 1 CHECK (selectable IN (0, 1));
ALTER TABLE subscription ADD COLUMN on_request INTEGER NOT NULL DEFAULT 0 CHECK (on_request IN (0, 1));
ALTER TABLE subscription ADD COLUMN temporary INTEGER NOT NULL DEFAULT 0 CHECK (temporary IN (0, 1));
ALTER TABLE subscription ADD COLUMN online_library INTEGER NOT NULL DEFAULT 0 CHECK (online_library IN (0, 1));
ALTER TABLE subscription ADD COLUMN unlimited_holds INTEGER NOT NULL DEFAULT 0 CHECK (unlimited_holds IN (0, 1));
ALTER TABLE subscription ADD COLUMN renews_itself INTEGER NOT NULL DEFAULT 0 CHECK (renews_itself IN (0, 1));

-- The † values of an institution: K11, S2, N5, P6, N8, G10; how long a closed loan of who did not opt in (K4) stays.
ALTER TABLE institution ADD COLUMN max_renewals INTEGER NOT NULL DEFAULT 2 CHECK (max_renewals >= 0);
ALTER TABLE institution ADD COLUMN renewal_takes_strip INTEGER NOT NULL DEFAULT 0 CHECK (renewal_takes_strip IN (0, 1));
ALTER TABLE institution ADD COLUMN renews_others INTEGER NOT NULL DEFAULT 0 CHECK (renews_others IN (0, 1));
ALTER TABLE institution ADD COLUMN pin_tries INTEGER NOT NULL DEFAULT 5 CHECK (pin_tries > 0);
ALTER TABLE institution ADD COLUMN pin_lock_minutes INTEGER NOT NULL DEFAULT 15 CHECK (pin_lock_minutes > 0);
ALTER TABLE institution ADD COLUMN ending_soon_days INTEGER NOT NULL DEFAULT 30 CHECK (ending_soon_days >= 0);
ALTER TABLE institution ADD COLUMN self_enrolment INTEGER NOT NULL DEFAULT 0 CHECK (self_enrolment IN (0, 1));
ALTER TABLE institution ADD COLUMN loans_kept_days INTEGER NOT NULL DEFAULT 28 CHECK (loans_kept_days >= 0);
ALTER TABLE institution ADD COLUMN patrons_kept_days INTEGER NOT NULL DEFAULT 730 CHECK (patrons_kept_days >= 0);
-- G2: for so many days a fine may be open before other libraries are told that the membership does not run.
ALTER TABLE institution ADD COLUMN fine_days INTEGER NOT NULL DEFAULT 60 CHECK (fine_days >= 0);

-- Grows with every change of institutions, branches, links, catalogue, policy or calendar: what was read may be kept
-- as long as it stands.
CREATE TABLE network_version (
  consortium TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),
  PRIMARY KEY (consortium),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium)
);

-- The calendar: a branch does not open on that day; nothing falls due then.
CREATE TABLE closed_day (
  consortium TEXT NOT NULL,
  branch TEXT NOT NULL,
  day TEXT NOT NULL CHECK (day LIKE '____-__-__'),
  PRIMARY KEY (consortium, branch, day),
  FOREIGN KEY (consortium, branch) REFERENCES branch (consortium, branch)
);

-- K4: two opt-ins. `person_kind` institution: S4.
ALTER TABLE patron ADD COLUMN keeps_history INTEGER NOT NULL DEFAULT 0 CHECK (keeps_history IN (0, 1));
ALTER TABLE patron ADD COLUMN tells_borrowed_before INTEGER NOT NULL DEFAULT 0 CHECK (tells_borrowed_before IN (0, 1));
ALTER TABLE patron ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0);
ALTER TABLE patron ADD COLUMN erased_at TEXT;

-- K14, S4: who the patron is. Apart from `patron`, so that no decision and no kiosk ever reads it but the birth date.
CREATE TABLE person (
  consortium TEXT NOT NULL,
  patron TEXT NOT NULL,
  sex TEXT NOT NULL DEFAULT 'onbekend' CHECK (sex IN ('man', 'vrouw', 'neutraal', 'onbekend', 'instelling')),
  surname TEXT NOT NULL DEFAULT '',
  prefix TEXT NOT NULL DEFAULT '',
  initials TEXT NOT NULL DEFAULT '',
  born TEXT CHECK (born LIKE '____-__-__'),
  email TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  street TEXT NOT NULL DEFAULT '',
  house_number TEXT NOT NULL DEFAULT '',
  postcode TEXT NOT NULL DEFAULT '',
  town TEXT NOT NULL DEFAULT '',
  selection TEXT NOT NULL DEFAULT '',
  newsletter INTEGER NOT NULL DEFAULT 0 CHECK (newsletter IN (0, 1)),
  identity_checked INTEGER NOT NULL DEFAULT 0 CHECK (identity_checked IN (0, 1)),
  -- The surname in small letters a to z alone, whole and its first three: found however an engine sorts letters.
  search_key TEXT NOT NULL DEFAULT '',
  search_head TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (consortium, patron),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

-- Search at the desk, by name and birth date.
CREATE INDEX person_by_surname ON person (consortium, search_head, born);

CREATE INDEX person_by_birth ON person (consortium, born);

-- K14, G9: user names are case-sensitive; the activation link is kept as a hash and lives 24 hours.
CREATE TABLE login_account (
  consortium TEXT NOT NULL,
  user_name TEXT NOT NULL CHECK (length(user_name) BETWEEN 1 AND 100),
  patron TEXT NOT NULL,
  made_at TEXT NOT NULL,
  activation TEXT CHECK (length(activation) = 64),
  activation_until TEXT,
  activated_at TEXT,
  first_login_at TEXT,
  PRIMARY KEY (consortium, user_name),
  UNIQUE (consortium, patron),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

-- P4, P5: the kind of pass. follow_on: added to a patron who had one.
ALTER TABLE pass ADD COLUMN kind TEXT NOT NULL DEFAULT 'ordinary'
  CHECK (kind IN ('regional', 'national_number', 'uitpas', 'a_kaart', 'ordinary', 'administrative', 'home'));
ALTER TABLE pass ADD COLUMN follow_on INTEGER NOT NULL DEFAULT 0 CHECK (follow_on IN (0, 1));

-- A2: the next number of an administrative pass: 29999 and eight digits, before the check digit.
CREATE TABLE administrative_number (
  consortium TEXT NOT NULL,
  next INTEGER NOT NULL CHECK (next BETWEEN 0 AND 100000000),
  PRIMARY KEY (consortium),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium)
);

-- P6: a salted slow hash, nothing else.
CREATE TABLE pin (
  consortium TEXT NOT NULL,
  patron TEXT NOT NULL,
  hash TEXT NOT NULL,
  set_at TEXT NOT NULL,
  PRIMARY KEY (consortium, patron),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

-- P6: wrong PINs of a pass, counted across kiosks.
CREATE TABLE pin_try (
  consortium TEXT NOT NULL,
  pass TEXT NOT NULL,
  wrong INTEGER NOT NULL DEFAULT 0 CHECK (wrong >= 0),
  locked_until TEXT,
  PRIMARY KEY (consortium, pass),
  FOREIGN KEY (consortium, pass) REFERENCES pass (consortium, pass)
);

-- P6: a PIN that was proved at a kiosk counts there until the visit ends, or the time is over.
CREATE TABLE pin_proof (
  consortium TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  patron TEXT NOT NULL,
  until TEXT NOT NULL,
  PRIMARY KEY (consortium, kiosk, patron),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

-- G7, G8: where a term comes from. `cancelled_on`: S7, the day on which it was stopped.
ALTER TABLE membership ADD COLUMN term_source TEXT NOT NULL DEFAULT 'desk'
  CHECK (term_source IN ('desk', 'provisional', 'home', 'online'));
ALTER TABLE membership ADD COLUMN cancelled_on TEXT CHECK (cancelled_on LIKE '____-__-__');
-- G5: the last day of the term at home, as it was last told there: the free strips are booked once for each.
ALTER TABLE membership ADD COLUMN home_until TEXT CHECK (home_until LIKE '____-__-__');

-- S2, G5: what was ever booked on a balance. cash_code 780 is booked once per home term.
CREATE TABLE strips_entry (
  consortium TEXT NOT NULL,
  entry TEXT NOT NULL,
  membership TEXT NOT NULL,
  strips INTEGER NOT NULL,
  cash_code TEXT,
  term TEXT,
  booked_at TEXT NOT NULL,
  PRIMARY KEY (consortium, entry),
  FOREIGN KEY (consortium, membership) REFERENCES membership (consortium, membership),
  CHECK ((cash_code IS NULL) = (term IS NULL))
);

CREATE UNIQUE INDEX one_booking_a_term ON strips_entry (consortium, membership, cash_code, term)
  WHERE cash_code IS NOT NULL;

-- F1: what an amount is for, and since when it is owed. S8: the loan that it is a fine for; S5: the membership.
ALTER TABLE fee ADD COLUMN kind TEXT NOT NULL DEFAULT 'other'
  CHECK (kind IN ('contribution', 'fine', 'sale', 'cash', 'other'));
ALTER TABLE fee ADD COLUMN since TEXT CHECK (since LIKE '____-__-__');
ALTER TABLE fee ADD COLUMN loan TEXT;
ALTER TABLE fee ADD COLUMN membership TEXT;
ALTER TABLE fee ADD COLUMN waived_at TEXT;

-- F2, F3: a payment is a fact. The terminal's reference is unique for ever, so that it is booked once.
CREATE TABLE payment (
  consortium TEXT NOT NULL,
  payment TEXT NOT NULL,
  patron TEXT,
  institution TEXT NOT NULL,
  branch TEXT NOT NULL,
  kiosk TEXT,
  event TEXT,
  terminal TEXT NOT NULL CHECK (length(terminal) BETWEEN 1 AND 100),
  cents INTEGER NOT NULL CHECK (cents > 0),
  paid_at TEXT NOT NULL,
  PRIMARY KEY (consortium, payment),
  UNIQUE (consortium, terminal),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

-- A fee is paid once.
CREATE TABLE payment_fee (
  consortium TEXT NOT NULL,
  payment TEXT NOT NULL,
  fee TEXT NOT NULL,
  cents INTEGER NOT NULL CHECK (cents > 0),
  PRIMARY KEY (consortium, payment, fee),
  UNIQUE (consortium, fee),
  FOREIGN KEY (consortium, payment) REFERENCES payment (consortium, payment),
  FOREIGN KEY (consortium, fee) REFERENCES fee (consortium, fee)
);

-- K3, A1: a message that must be acknowledged before anything else.
ALTER TABLE message ADD COLUMN acknowledge INTEGER NOT NULL DEFAULT 0 CHECK (acknowledge IN (0, 1));
ALTER TABLE message ADD COLUMN acknowledged_at TEXT;

-- K12: an item of another library, borrowed for a patron. in_transit_to: on its way to that branch (N6, K10).
ALTER TABLE item ADD COLUMN interlibrary INTEGER NOT NULL DEFAULT 0 CHECK (interlibrary IN (0, 1));
ALTER TABLE item ADD COLUMN in_transit_to TEXT;

-- When it came back although no loan of it was known; a loan of before that is told late ended then.
ALTER TABLE item ADD COLUMN came_back_at TEXT;

-- K11, S8, K10.
ALTER TABLE loan ADD COLUMN renewals INTEGER NOT NULL DEFAULT 0 CHECK (renewals >= 0);
ALTER TABLE loan ADD COLUMN membership TEXT;
ALTER TABLE loan ADD COLUMN returned_branch TEXT;

CREATE INDEX loans_by_item ON loan (consortium, item);

-- K4: the history of who wants one, and what is told or erased of a patron (AVG).
CREATE INDEX closed_loans_by_patron ON loan (consortium, patron, returned_at) WHERE returned_at IS NOT NULL;

CREATE INDEX closed_loans_by_day ON loan (consortium, returned_at) WHERE returned_at IS NOT NULL;

-- K8, K12: where it will be fetched, since when it waits, and where it stands in words.
ALTER TABLE hold ADD COLUMN branch TEXT;
ALTER TABLE hold ADD COLUMN placed_at TEXT NOT NULL DEFAULT '';
ALTER TABLE hold ADD COLUMN shelf TEXT NOT NULL DEFAULT '';
ALTER TABLE hold ADD COLUMN shelf_until TEXT CHECK (shelf_until LIKE '____-__-__');

CREATE INDEX hold_by_title ON hold (consortium, title) WHERE status IN ('waiting', 'on_shelf');

CREATE INDEX hold_by_patron ON hold (consortium, patron) WHERE status IN ('waiting', 'on_shelf');

-- F5: a SEPA mandate, recorded at the desk. Only the last four of the account number are kept.
CREATE TABLE mandate (
  consortium TEXT NOT NULL,
  mandate TEXT NOT NULL CHECK (length(mandate) = 16),
  patron TEXT NOT NULL,
  account_end TEXT NOT NULL CHECK (length(account_end) = 4),
  signed_on TEXT NOT NULL CHECK (signed_on LIKE '____-__-__'),
  ended_on TEXT CHECK (ended_on LIKE '____-__-__'),
  PRIMARY KEY (consortium, mandate),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

-- Who works at the desk. `institution` NULL: of the whole consortium. Token as a kiosk's: salted hash of 256 bits.
CREATE TABLE staff (
  consortium TEXT NOT NULL,
  staff TEXT NOT NULL CHECK (length(staff) BETWEEN 1 AND 40),
  role TEXT NOT NULL CHECK (role IN ('reader', 'desk', 'manager', 'peer')),
  institution TEXT,
  salt TEXT NOT NULL CHECK (length(salt) = 32),
  credential TEXT NOT NULL CHECK (length(credential) = 64),
  ended_at TEXT,
  PRIMARY KEY (consortium, staff),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

-- Every write of staff has an EventId, and is answered the same for ever.
CREATE TABLE staff_answer (
  consortium TEXT NOT NULL,
  staff TEXT NOT NULL,
  event TEXT NOT NULL,
  identity TEXT NOT NULL CHECK (length(identity) = 64),
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  answered_at TEXT NOT NULL,
  PRIMARY KEY (consortium, staff, event),
  FOREIGN KEY (consortium, staff) REFERENCES staff (consortium, staff)
);

-- What staff did, to which patron (by reference, never by name or number), and what of.
CREATE TABLE audit (
  consortium TEXT NOT NULL,
  entry TEXT NOT NULL,
  staff TEXT NOT NULL,
  act TEXT NOT NULL,
  patron TEXT,
  subject TEXT NOT NULL DEFAULT '',
  done_at TEXT NOT NULL,
  PRIMARY KEY (consortium, entry)
);

CREATE INDEX audit_by_patron ON audit (consortium, patron);

-- N10: a short code under which the desk finds what a kiosk refused.
CREATE TABLE handover (
  consortium TEXT NOT NULL,
  code TEXT NOT NULL CHECK (length(code) BETWEEN 4 AND 8),
  branch TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  event TEXT NOT NULL,
  patron TEXT,
  item TEXT,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  until TEXT NOT NULL,
  PRIMARY KEY (consortium, code),
  UNIQUE (consortium, kiosk, event),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk)
);

-- How a home library is asked: 'store' over HTTP, 'sip2'; the secret stands in a file that secret_file names.
ALTER TABLE home_library ADD COLUMN connector TEXT NOT NULL DEFAULT '' CHECK (connector IN ('', 'store', 'sip2'));
ALTER TABLE home_library ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE home_library ADD COLUMN secret_file TEXT NOT NULL DEFAULT '';
ALTER TABLE home_library ADD COLUMN per_minute INTEGER NOT NULL DEFAULT 600 CHECK (per_minute > 0);
ALTER TABLE home_library ADD COLUMN province TEXT NOT NULL DEFAULT '';

-- G7, G8: what the home library said of a guest in a night; a night that was broken off goes on where it stopped.
CREATE TABLE guest_check (
  consortium TEXT NOT NULL,
  night TEXT NOT NULL CHECK (night LIKE '____-__-__'),
  patron TEXT NOT NULL,
  isil TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('valid', 'ended', 'unknown', 'silent')),
  tries INTEGER NOT NULL DEFAULT 1 CHECK (tries > 0),
  asked_at TEXT NOT NULL,
  PRIMARY KEY (consortium, night, patron),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

-- G10: a guest who enrolled at a kiosk: the answer to that EventId, given again byte for byte. No PIN, no number.
CREATE TABLE guest_enrolment (
  consortium TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  event TEXT NOT NULL,
  identity TEXT NOT NULL CHECK (length(identity) = 64),
  body TEXT NOT NULL,
  answered_at TEXT NOT NULL,
  PRIMARY KEY (consortium, kiosk, event),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk)
);

CREATE INDEX patron_by_home ON patron (consortium, home) WHERE home IS NOT NULL;

-- The change feed. The head is the last thing that a transaction touches: what has a lower number is committed.
CREATE TABLE feed_head (
  consortium TEXT NOT NULL,
  generation TEXT NOT NULL CHECK (length(generation) BETWEEN 8 AND 40),
  head INTEGER NOT NULL DEFAULT 0 CHECK (head >= 0),
  pruned INTEGER NOT NULL DEFAULT 0 CHECK (pruned >= 0),
  -- Keys the hash by which a mirror knows a pass: no number stands there.
  pass_key TEXT NOT NULL CHECK (length(pass_key) = 64),
  PRIMARY KEY (consortium),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium)
);

CREATE TABLE feed (
  consortium TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq > 0),
  kind TEXT NOT NULL CHECK (kind IN ('patron', 'item', 'network')),
  ref TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (consortium, seq),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium)
);

-- What a kiosk last said of itself.
ALTER TABLE kiosk ADD COLUMN seen_at TEXT;
ALTER TABLE kiosk ADD COLUMN cursor TEXT;
ALTER TABLE kiosk ADD COLUMN waiting INTEGER;
ALTER TABLE kiosk ADD COLUMN release TEXT;
ALTER TABLE kiosk ADD COLUMN certificate TEXT;

-- The answers of 0001 with every outcome that an act may have by now.
CREATE TABLE event_answer (
  consortium TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  event TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq > 0),
  identity TEXT NOT NULL CHECK (length(identity) = 64),
  outcome TEXT NOT NULL CHECK (length(outcome) BETWEEN 1 AND 40),
  body TEXT NOT NULL,
  fact_body TEXT,
  answered_at TEXT NOT NULL,
  PRIMARY KEY (consortium, kiosk, event),
  UNIQUE (consortium, kiosk, seq),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk)
);

INSERT INTO event_answer (consortium, kiosk, event, seq, identity, outcome, body, fact_body, answered_at)
  SELECT consortium, kiosk, event, seq, identity, outcome, body, fact_body, answered_at FROM answer;

DROP TABLE answer;

INSERT INTO network_version (consortium) SELECT consortium FROM consortium;

-- P8: the chips of a pass, whole in the index: else SQLite, which takes a consortium for few rows, reads every chip of it.
DROP INDEX pass_chip_by_pass;

CREATE INDEX pass_chip_by_pass ON pass_chip (consortium, pass, uid);
