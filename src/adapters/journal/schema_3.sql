-- An adapter's journal, version 3: an alarm is ended by a person, with a reason, and stays here.
-- `believed` says with which history the adapter went on: `seen` or `shown`.
ALTER TABLE alarm ADD COLUMN ended_at INTEGER;
ALTER TABLE alarm ADD COLUMN ended_by TEXT;
ALTER TABLE alarm ADD COLUMN believed TEXT;
ALTER TABLE alarm ADD COLUMN sealed_reason BLOB;
