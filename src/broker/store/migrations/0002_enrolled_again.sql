-- An agency that is known may be invited again, and enrols again under the name it has: with another identity key, whose
-- key sets are counted from 1. Each enrolment has its number; what an earlier one left stays, revoked.

-- Whether the code is still to be used: an active agency may have one too.
ALTER TABLE agency
    ADD COLUMN code_open boolean NOT NULL DEFAULT false,
    ADD COLUMN enrolment int NOT NULL DEFAULT 1;
UPDATE agency SET code_open = (state = 'invited');

ALTER TABLE key_set ADD COLUMN enrolment int NOT NULL DEFAULT 1;
ALTER TABLE key_set DROP CONSTRAINT key_set_pkey, ADD PRIMARY KEY (agency, enrolment, version);

ALTER TABLE agency_key ADD COLUMN enrolment int NOT NULL DEFAULT 1;
