-- The subject key's open epoch: the one a key is claimed and passed for. It moves on when the key was lost, by itself
-- or by an administrator; keys of earlier epochs stay with whoever has them.
CREATE TABLE subject_epoch (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch        int NOT NULL
);
INSERT INTO subject_epoch (epoch) VALUES (1);

-- Under which of its enrolments the holder claimed it: one that has enrolled again may have lost it.
ALTER TABLE subject_key ADD COLUMN enrolment int NOT NULL DEFAULT 1;
