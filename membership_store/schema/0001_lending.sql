-- What lending needs, as plain SQL that SQLite and PostgreSQL (managed or distributed too) run alike:
-- the consortium comes first in every key, money is integer cents, dates are library-local and instants UTC,
-- both as ISO 8601 text. The migration runner makes the tables STRICT where the engine knows that word.
-- Every statement ends with a semicolon at the end of a line. Never edited after release.

CREATE TABLE consortium (
  consortium TEXT NOT NULL CHECK (length(consortium) BETWEEN 1 AND 40),
  name TEXT NOT NULL,
  since TEXT NOT NULL CHECK (since LIKE '____-__-__'),
  -- Keys the hash by which an answer remembers whose act it was: no pass number outlives its loan there.
  identity_key TEXT NOT NULL CHECK (length(identity_key) = 64),
  PRIMARY KEY (consortium)
);

-- N1, N6, N11: a samenwerkingsgroep.
CREATE TABLE cooperation (
  consortium TEXT NOT NULL,
  cooperation TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('1', '2', '3', '3a', '3b', '3c')),
  PRIMARY KEY (consortium, cooperation),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium)
);

CREATE TABLE institution (
  consortium TEXT NOT NULL,
  institution TEXT NOT NULL CHECK (length(institution) BETWEEN 1 AND 40),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  isil TEXT,
  cooperation TEXT,
  province TEXT NOT NULL DEFAULT '',
  uses_eid INTEGER NOT NULL DEFAULT 0 CHECK (uses_eid IN (0, 1)),
  unverified_nights INTEGER NOT NULL DEFAULT 7 CHECK (unverified_nights >= 0),
  PRIMARY KEY (consortium, institution),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium),
  FOREIGN KEY (consortium, cooperation) REFERENCES cooperation (consortium, cooperation)
);

-- K1: the patron types that may start a visit at the institution.
CREATE TABLE visit_type (
  consortium TEXT NOT NULL,
  institution TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (consortium, institution, type),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

-- K1: the subscriptions under which a special patron may start one too.
CREATE TABLE visit_subscription (
  consortium TEXT NOT NULL,
  institution TEXT NOT NULL,
  subscription TEXT NOT NULL,
  PRIMARY KEY (consortium, institution, subscription),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

-- N1: "Accepteert Leners Van".
CREATE TABLE accepts (
  consortium TEXT NOT NULL,
  institution TEXT NOT NULL,
  accepted TEXT NOT NULL,
  PRIMARY KEY (consortium, institution, accepted),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution),
  FOREIGN KEY (consortium, accepted) REFERENCES institution (consortium, institution)
);

CREATE TABLE branch (
  consortium TEXT NOT NULL,
  branch TEXT NOT NULL CHECK (length(branch) BETWEEN 1 AND 40),
  institution TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  zone TEXT NOT NULL,
  open_amount_limit INTEGER NOT NULL DEFAULT 1000 CHECK (open_amount_limit >= 0),
  asks_pin INTEGER NOT NULL DEFAULT 0 CHECK (asks_pin IN (0, 1)),
  hold_shelf TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (consortium, branch),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

-- S1: the catalogue, with validity dates. NULL is "no maximum", and for loan_days "no self-service loan".
CREATE TABLE subscription (
  consortium TEXT NOT NULL,
  subscription TEXT NOT NULL,
  valid_from TEXT NOT NULL CHECK (valid_from LIKE '____-__-__'),
  valid_to TEXT NOT NULL CHECK (valid_to LIKE '____-__-__'),
  name TEXT NOT NULL,
  price INTEGER NOT NULL CHECK (price >= 0),
  months INTEGER NOT NULL CHECK (months > 0),
  strips INTEGER CHECK (strips >= 0),
  on_pass INTEGER CHECK (on_pass >= 0),
  loan_days INTEGER CHECK (loan_days >= 0),
  fine_per_day INTEGER CHECK (fine_per_day >= 0),
  fine_maximum INTEGER CHECK (fine_maximum >= 0),
  digital_only INTEGER NOT NULL DEFAULT 0 CHECK (digital_only IN (0, 1)),
  pay_at_once INTEGER NOT NULL DEFAULT 0 CHECK (pay_at_once IN (0, 1)),
  youngest INTEGER CHECK (youngest >= 0),
  oldest INTEGER CHECK (oldest >= 0),
  for_institutions INTEGER NOT NULL DEFAULT 0 CHECK (for_institutions IN (0, 1)),
  PRIMARY KEY (consortium, subscription, valid_from),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium),
  CHECK (valid_from <= valid_to),
  CHECK ((fine_per_day IS NULL) = (fine_maximum IS NULL))
);

-- N1: "Productkoppeling": of_subscription of of_institution counts as subscription where institution is.
CREATE TABLE product_link (
  consortium TEXT NOT NULL,
  institution TEXT NOT NULL,
  of_institution TEXT NOT NULL,
  of_subscription TEXT NOT NULL,
  subscription TEXT NOT NULL,
  PRIMARY KEY (consortium, institution, of_institution, of_subscription),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution),
  FOREIGN KEY (consortium, of_institution) REFERENCES institution (consortium, institution)
);

-- G1: the libraries from which a guest may come.
CREATE TABLE home_library (
  consortium TEXT NOT NULL,
  isil TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (consortium, isil),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium)
);

-- K1, K2: the type is a code as the library system writes it, known or not.
CREATE TABLE patron (
  consortium TEXT NOT NULL,
  patron TEXT NOT NULL CHECK (length(patron) BETWEEN 1 AND 40),
  type TEXT NOT NULL CHECK (length(type) BETWEEN 1 AND 4),
  language TEXT NOT NULL DEFAULT '',
  receipt TEXT NOT NULL DEFAULT 'ask' CHECK (receipt IN ('print', 'email', 'none', 'ask')),
  first_name TEXT NOT NULL DEFAULT '',
  home TEXT,
  main_library TEXT,
  pin_required INTEGER NOT NULL DEFAULT 0 CHECK (pin_required IN (0, 1)),
  PRIMARY KEY (consortium, patron),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium),
  FOREIGN KEY (consortium, main_library) REFERENCES institution (consortium, institution)
);

-- P4, P7: an old number may occur twice, so it is no key. P6: document_number asks a PIN.
CREATE TABLE pass (
  consortium TEXT NOT NULL,
  pass TEXT NOT NULL,
  patron TEXT NOT NULL,
  number TEXT NOT NULL CHECK (length(number) BETWEEN 1 AND 40),
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'replaced', 'blocked')),
  network_unique INTEGER NOT NULL CHECK (network_unique IN (0, 1)),
  document_number INTEGER NOT NULL DEFAULT 0 CHECK (document_number IN (0, 1)),
  eid INTEGER NOT NULL DEFAULT 0 CHECK (eid IN (0, 1)),
  PRIMARY KEY (consortium, pass),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

CREATE INDEX pass_by_number ON pass (consortium, number);

CREATE INDEX pass_by_patron ON pass (consortium, patron);

-- P8: chips linked at the desk. A random UID (08..., four bytes) is no identity and is never linked.
CREATE TABLE pass_chip (
  consortium TEXT NOT NULL,
  uid TEXT NOT NULL CHECK (length(uid) BETWEEN 8 AND 20),
  pass TEXT NOT NULL,
  PRIMARY KEY (consortium, uid, pass),
  FOREIGN KEY (consortium, pass) REFERENCES pass (consortium, pass),
  CHECK (NOT (length(uid) = 8 AND uid LIKE '08%'))
);

CREATE INDEX pass_chip_by_pass ON pass_chip (consortium, pass);

CREATE TABLE pass_institution (
  consortium TEXT NOT NULL,
  pass TEXT NOT NULL,
  institution TEXT NOT NULL,
  PRIMARY KEY (consortium, pass, institution),
  FOREIGN KEY (consortium, pass) REFERENCES pass (consortium, pass),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

-- S7, K6, G8. A row that ends before it begins exists and does not count.
CREATE TABLE membership (
  consortium TEXT NOT NULL,
  membership TEXT NOT NULL,
  patron TEXT NOT NULL,
  institution TEXT NOT NULL,
  subscription TEXT NOT NULL,
  starts TEXT NOT NULL CHECK (starts LIKE '____-__-__'),
  ends TEXT NOT NULL CHECK (ends LIKE '____-__-__'),
  status TEXT NOT NULL DEFAULT 'normal' CHECK (status IN ('normal', 'invoiced', 'invalid')),
  confirmed INTEGER NOT NULL DEFAULT 1 CHECK (confirmed IN (0, 1)),
  paid INTEGER NOT NULL DEFAULT 1 CHECK (paid IN (0, 1)),
  verified TEXT CHECK (verified LIKE '____-__-__'),
  PRIMARY KEY (consortium, membership),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

CREATE INDEX membership_by_patron ON membership (consortium, patron);

-- S2: no row is no maximum. What was lent offline beyond the balance is overdrawn, never a negative balance.
CREATE TABLE strips (
  consortium TEXT NOT NULL,
  membership TEXT NOT NULL,
  balance INTEGER NOT NULL CHECK (balance >= 0),
  overdrawn INTEGER NOT NULL DEFAULT 0 CHECK (overdrawn >= 0),
  PRIMARY KEY (consortium, membership),
  FOREIGN KEY (consortium, membership) REFERENCES membership (consortium, membership),
  CHECK (balance = 0 OR overdrawn = 0)
);

-- F1: cents owed; a credit is negative.
CREATE TABLE fee (
  consortium TEXT NOT NULL,
  fee TEXT NOT NULL,
  patron TEXT NOT NULL,
  institution TEXT NOT NULL,
  cents INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'registered', 'direct_debit', 'paid')),
  PRIMARY KEY (consortium, fee),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution)
);

CREATE INDEX fee_by_patron ON fee (consortium, patron);

-- K3: a melding; only one for the patron may reach a screen.
CREATE TABLE message (
  consortium TEXT NOT NULL,
  message TEXT NOT NULL,
  patron TEXT NOT NULL,
  body TEXT NOT NULL,
  for_patron INTEGER NOT NULL DEFAULT 0 CHECK (for_patron IN (0, 1)),
  PRIMARY KEY (consortium, message),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

CREATE INDEX message_by_patron ON message (consortium, patron);

CREATE TABLE title (
  consortium TEXT NOT NULL,
  title TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 500),
  author TEXT NOT NULL DEFAULT '',
  genre TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (consortium, title),
  FOREIGN KEY (consortium) REFERENCES consortium (consortium)
);

CREATE TABLE item (
  consortium TEXT NOT NULL,
  item TEXT NOT NULL CHECK (length(item) BETWEEN 1 AND 40),
  title TEXT NOT NULL,
  institution TEXT NOT NULL,
  branch TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'lendable' CHECK (status IN ('lendable', 'reference', 'damaged', 'missing')),
  PRIMARY KEY (consortium, item),
  FOREIGN KEY (consortium, title) REFERENCES title (consortium, title),
  FOREIGN KEY (consortium, institution) REFERENCES institution (consortium, institution),
  FOREIGN KEY (consortium, branch) REFERENCES branch (consortium, branch)
);

-- An open loan has no returned_at. A4: an internal one is on an administrative pass.
CREATE TABLE loan (
  consortium TEXT NOT NULL,
  loan TEXT NOT NULL,
  item TEXT NOT NULL,
  patron TEXT NOT NULL,
  branch TEXT NOT NULL,
  lent TEXT NOT NULL CHECK (lent LIKE '____-__-__'),
  due TEXT NOT NULL CHECK (due LIKE '____-__-__'),
  lent_at TEXT NOT NULL,
  returned_at TEXT,
  internal INTEGER NOT NULL DEFAULT 0 CHECK (internal IN (0, 1)),
  PRIMARY KEY (consortium, loan),
  FOREIGN KEY (consortium, item) REFERENCES item (consortium, item),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron),
  FOREIGN KEY (consortium, branch) REFERENCES branch (consortium, branch)
);

CREATE UNIQUE INDEX one_open_loan_an_item ON loan (consortium, item) WHERE returned_at IS NULL;

CREATE INDEX open_loans_by_patron ON loan (consortium, patron) WHERE returned_at IS NULL;

-- K8: a hold is on a title; once a copy is chosen it names the item, and one item is kept for one patron.
CREATE TABLE hold (
  consortium TEXT NOT NULL,
  hold TEXT NOT NULL,
  patron TEXT NOT NULL,
  title TEXT NOT NULL,
  item TEXT,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'on_shelf', 'filled', 'cancelled')),
  PRIMARY KEY (consortium, hold),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron),
  FOREIGN KEY (consortium, title) REFERENCES title (consortium, title),
  FOREIGN KEY (consortium, item) REFERENCES item (consortium, item),
  CHECK (status <> 'on_shelf' OR item IS NOT NULL)
);

CREATE UNIQUE INDEX one_hold_an_item_on_the_shelf ON hold (consortium, item) WHERE status = 'on_shelf';

CREATE INDEX hold_by_item ON hold (consortium, item);

-- A kiosk's branch says what it may see and do; last_seq is the last event that was taken in.
CREATE TABLE kiosk (
  consortium TEXT NOT NULL,
  kiosk TEXT NOT NULL CHECK (length(kiosk) BETWEEN 1 AND 40),
  branch TEXT NOT NULL,
  salt TEXT NOT NULL CHECK (length(salt) = 32),
  credential TEXT NOT NULL CHECK (length(credential) = 64),
  last_seq INTEGER NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
  PRIMARY KEY (consortium, kiosk),
  FOREIGN KEY (consortium, branch) REFERENCES branch (consortium, branch)
);

-- The answer to an EventId, as text, given again byte for byte. Told later as a fact after a "no" or a void,
-- the same act has a second answer of its own; the first is never changed.
CREATE TABLE answer (
  consortium TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  event TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq > 0),
  identity TEXT NOT NULL CHECK (length(identity) = 64),
  outcome TEXT NOT NULL CHECK (outcome IN ('checked_out', 'refused', 'voided')),
  body TEXT NOT NULL,
  fact_body TEXT,
  answered_at TEXT NOT NULL,
  PRIMARY KEY (consortium, kiosk, event),
  UNIQUE (consortium, kiosk, seq),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk)
);

-- What happened although a rule says no: for staff to settle. Numbers stand here only where no loan could be booked.
CREATE TABLE staff_flag (
  consortium TEXT NOT NULL,
  flag TEXT NOT NULL,
  branch TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  event TEXT NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  shown_pass TEXT,
  shown_item TEXT,
  settled_at TEXT,
  PRIMARY KEY (consortium, flag),
  FOREIGN KEY (consortium, branch) REFERENCES branch (consortium, branch),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk)
);
