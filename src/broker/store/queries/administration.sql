-- name: person_by_key
-- Finds whose key a kid names.
SELECT id, role, key FROM person WHERE NOT revoked;

-- name: add_person
-- Adds a person with a role and a key.
INSERT INTO person (id, role, key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id;

-- name: add_agency
-- Invites an agency, or renews the invitation of one that never enrolled.
INSERT INTO agency (id, name, sector, controllers, duty_contact, state, code_digest, code_expires, code_open)
VALUES ($1, $2, $3, $4::jsonb, $5, 'invited', $6, $7, true)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, sector = excluded.sector, controllers = excluded.controllers,
    duty_contact = excluded.duty_contact, code_digest = excluded.code_digest, code_expires = excluded.code_expires
WHERE agency.state = 'invited' RETURNING id;

-- name: invite_agency
-- Gives a known agency that is not stopped a new code; the one before is good no more.
UPDATE agency SET code_digest = $2, code_expires = $3, code_open = true
WHERE id = $1 AND state <> 'stopped' RETURNING id;

-- name: forget_enrolment
-- Forgets an earlier enrolment's offer and answer, so that another may be completed.
DELETE FROM enrolment WHERE agency = $1;

-- name: stop_agency
-- Stops an agency, and an invitation with it.
UPDATE agency SET state = 'stopped', code_open = false WHERE id = $1 AND state <> 'stopped' RETURNING id;

-- name: add_agreement
-- Puts an agreement in force; one that is there is replaced only by a newer version of itself.
INSERT INTO agreement (id, document) VALUES ($1, $2::jsonb)
ON CONFLICT (id) DO UPDATE SET document = excluded.document, ended = false
WHERE (agreement.document->>'version')::int < (excluded.document->>'version')::int RETURNING id;

-- name: end_agreement
-- Ends an agreement.
UPDATE agreement SET ended = true WHERE id = $1 AND NOT ended RETURNING id;

-- name: add_policy_set
-- Keeps a policy set.
INSERT INTO policy_set (version, digest, document) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING version;

-- name: set_policy_head
-- Puts a policy set in force; versions only go up.
INSERT INTO policy_head (version) VALUES ($1)
ON CONFLICT (one) DO UPDATE SET version = excluded.version WHERE policy_head.version < excluded.version RETURNING version;

-- name: read_hub
-- Reads the hub's own row.
SELECT hub_id, origin FROM hub;

-- name: add_hub
-- Makes the hub's own row, once.
INSERT INTO hub (hub_id, origin, made_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING hub_id;
