-- An ask may be rated anew, which moves its due time; and a sender is told when what it sent was opened.

-- The rating in force; none where the ask's own stands.
ALTER TABLE exchange ADD COLUMN rating text;

-- When the receipt that says so was recorded.
ALTER TABLE envelope ADD COLUMN opened_at bigint;
