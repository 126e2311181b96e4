-- K9, K2: receipts by mail.

-- From which address an institution mails receipts; empty where it mails none.
ALTER TABLE institution ADD COLUMN mail_from TEXT NOT NULL DEFAULT '';

-- Receipts on their way. To whom is looked up when one is sent; its text is gone as soon as that is over.
CREATE TABLE receipt_mail (
  consortium TEXT NOT NULL,
  kiosk TEXT NOT NULL,
  event TEXT NOT NULL,
  branch TEXT NOT NULL,
  patron TEXT NOT NULL,
  language TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  asked_at TEXT NOT NULL,
  next_at TEXT NOT NULL,
  PRIMARY KEY (consortium, kiosk, event),
  FOREIGN KEY (consortium, kiosk) REFERENCES kiosk (consortium, kiosk),
  FOREIGN KEY (consortium, branch) REFERENCES branch (consortium, branch),
  FOREIGN KEY (consortium, patron) REFERENCES patron (consortium, patron)
);

CREATE INDEX receipt_mail_by_patron ON receipt_mail (consortium, patron);

CREATE INDEX receipt_mail_due ON receipt_mail (consortium, next_at) WHERE state = 'waiting';
