-- Since when a kiosk's credential counts no more (ISO UTC); its id, its sequence and what it told stay.
ALTER TABLE kiosk ADD COLUMN ended_at TEXT;
