-- name: share_guards
-- Share-locks the guard rows a decision rests on, in one order, before any fact is read.
SELECT g.kind, g.id, g.version
FROM guard g JOIN unnest($1::text[], $2::text[]) AS w(kind, id) ON g.kind = w.kind AND g.id = w.id
ORDER BY g.kind, g.id FOR SHARE OF g;

-- name: lock_guards
-- Keeps every reader out while something revocable changes; without it the changer starves behind ever new readers.
LOCK TABLE guard IN EXCLUSIVE MODE;

-- name: move_guard
-- Moves a guard's version; a scope without a row gets one.
INSERT INTO guard (kind, id) VALUES ($1, $2)
ON CONFLICT (kind, id) DO UPDATE SET version = guard.version + 1 RETURNING version;

-- name: read_agencies
-- Reads agencies with their controllers' recorded facts.
SELECT id, name, sector, controllers, duty_contact, state, identity FROM agency WHERE id = ANY($1::text[]);

-- name: read_keys
-- Reads agencies' signing keys with when their key set ends.
SELECT k.kid, k.agency, k.raw, k.revoked, s.expires
FROM agency_key k JOIN key_set s ON s.agency = k.agency AND s.enrolment = k.enrolment AND s.version = k.set_version
WHERE k.agency = ANY($1::text[]) AND k.use = 'signing';

-- name: read_key
-- Finds whose signing key a kid names.
SELECT agency, raw FROM agency_key WHERE kid = $1 AND use = 'signing';

-- name: read_policy
-- Reads the policy set in force.
SELECT p.version, p.digest, p.document FROM policy_head h JOIN policy_set p USING (version);

-- name: read_agreements
-- Reads the agreements that have not been ended.
SELECT document FROM agreement WHERE NOT ended ORDER BY id;

-- name: read_consents
-- Reads consents by reference: what rests on them is decided from these rows.
SELECT reference, agency, outcome, purposes, subjects FROM consent WHERE reference = ANY($1::text[]);

-- name: read_generations
-- Reads which connection of each agency is the newest.
SELECT agency, generation FROM connection WHERE agency = ANY($1::text[]) AND live;
