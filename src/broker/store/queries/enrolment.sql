-- name: read_invitation
-- Reads what an enrolment offer is checked against.
SELECT state, code_digest, code_expires FROM agency WHERE id = $1;

-- name: read_known_keys
-- Finds which of some keys an agency has used before, whoever it is.
SELECT kid FROM agency_key WHERE kid = ANY($1::text[]);

-- name: write_offer
-- Keeps an offer and the digests of its nonces: a repeated offer replaces the one before, unless it was completed.
INSERT INTO enrolment (agency, offer, nonces) VALUES ($1, $2::jsonb, $3::jsonb)
ON CONFLICT (agency) DO UPDATE SET offer = excluded.offer, nonces = excluded.nonces
WHERE enrolment.done_index IS NULL;

-- name: read_enrolment
-- Reads an enrolment under way or completed, with its invitation.
SELECT a.state, a.code_digest, a.code_expires, e.offer::text AS offer, e.nonces::text AS nonces, e.done_index
FROM agency a JOIN enrolment e ON e.agency = a.id
WHERE a.id = $1;

-- name: lock_enrolment
-- As read_enrolment, holding both rows until the transaction ends.
SELECT a.state, a.code_digest, a.code_expires, e.offer::text AS offer, e.nonces::text AS nonces, e.done_index
FROM agency a JOIN enrolment e ON e.agency = a.id
WHERE a.id = $1
FOR UPDATE;

-- name: activate
-- Makes an invited agency active under its identity key: the code is spent by the change of state.
UPDATE agency SET state = 'active', identity = $2 WHERE id = $1 AND state = 'invited';

-- name: write_key_set
-- Keeps an agency's first key set.
INSERT INTO key_set (agency, version, token, expires) VALUES ($1, $2, $3, $4);

-- name: write_keys
-- Keeps an agency's keys: the primary key refuses one that any agency has used before.
INSERT INTO agency_key (kid, agency, use, raw, set_version)
SELECT kid, $1, use, raw, $2 FROM unnest($3::text[], $4::text[], $5::bytea[]) AS offered (kid, use, raw);

-- name: write_done
-- Notes the enrolment's record, which a repeated completion is answered with.
UPDATE enrolment SET done_index = $2 WHERE agency = $1;
