-- name: open
-- Makes the newest connection of an active agency, by an unrevoked key; its generation is one more than the last.
INSERT INTO connection (agency, generation, live, opened_at)
SELECT a.id, 1, true, $2 FROM agency a JOIN agency_key k ON k.agency = a.id
WHERE a.id = $1 AND a.state = 'active' AND k.kid = $3 AND k.use = 'signing' AND NOT k.revoked
ON CONFLICT (agency) DO UPDATE SET generation = connection.generation + 1, live = true, opened_at = excluded.opened_at
RETURNING generation;

-- name: close
-- Ends a connection if no newer one has taken over.
UPDATE connection SET live = false WHERE agency = $1 AND generation = $2 AND live RETURNING generation;

-- name: share
-- Share-locks the connection row: a handover goes to the newest connection or nowhere.
SELECT generation FROM connection WHERE agency = $1 AND live FOR SHARE;

-- name: notify
-- Tells every hub process, when this transaction commits.
SELECT pg_notify('gatehouse', $1);
