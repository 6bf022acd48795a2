-- name: read_invitation
-- Reads what an enrolment offer is checked against.
SELECT code_open, code_digest, code_expires FROM agency WHERE id = $1;

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
SELECT a.code_open, a.code_digest, a.code_expires, e.offer::text AS offer, e.nonces::text AS nonces, e.done_index
FROM agency a JOIN enrolment e ON e.agency = a.id
WHERE a.id = $1;

-- name: lock_enrolment
-- As read_enrolment, holding both rows until the transaction ends.
SELECT a.code_open, a.code_digest, a.code_expires, e.offer::text AS offer, e.nonces::text AS nonces, e.done_index
FROM agency a JOIN enrolment e ON e.agency = a.id
WHERE a.id = $1
FOR UPDATE;

-- name: activate
-- Makes an agency active under its identity key, spends the code, and gives the number of this enrolment.
UPDATE agency SET state = 'active', identity = $2, code_open = false, enrolment = enrolment + (identity IS NOT NULL)::int
WHERE id = $1 AND code_open RETURNING enrolment;

-- name: revoke_former
-- Revokes every key of an agency's earlier enrolments; gives whether there were any.
WITH former AS (UPDATE agency_key SET revoked = true WHERE agency = $1 RETURNING kid) SELECT count(*) > 0 FROM former;

-- name: forget_passed
-- Forgets the subject keys that were sealed to keys of an earlier enrolment: they are passed anew.
DELETE FROM subject_key_pass WHERE recipient = $1;

-- name: write_key_set
-- Keeps the first key set of an enrolment.
INSERT INTO key_set (agency, version, token, expires, enrolment) VALUES ($1, $2, $3, $4, $5);

-- name: write_keys
-- Keeps an agency's keys: the primary key refuses one that any agency has used before.
INSERT INTO agency_key (kid, agency, use, raw, set_version, enrolment)
SELECT kid, $1, use, raw, $2, $6 FROM unnest($3::text[], $4::text[], $5::bytea[]) AS offered (kid, use, raw);

-- name: write_done
-- Notes the enrolment's record, which a repeated completion is answered with.
UPDATE enrolment SET done_index = $2 WHERE agency = $1;
