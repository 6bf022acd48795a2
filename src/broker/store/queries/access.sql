-- name: read_signing_key
-- Reads a signing key that may authenticate now: unrevoked, of an active agency, in a key set that has not expired.
SELECT k.agency, k.raw
FROM agency_key k
JOIN agency a ON a.id = k.agency
JOIN key_set s ON s.agency = k.agency AND s.enrolment = k.enrolment AND s.version = k.set_version
WHERE k.kid = $1 AND k.use = 'signing' AND NOT k.revoked AND a.state = 'active' AND s.expires > $2;

-- name: write_access_token
-- Keeps an access token's digest, never the token.
INSERT INTO access_token (digest, agency, kid, thumbprint, expires) VALUES ($1, $2, $3, $4, $5);

-- name: read_access_token
-- Reads what an access token stands for, if it is good now, its agency active and its key unrevoked.
SELECT t.agency, t.kid, t.thumbprint, t.expires
FROM access_token t
JOIN agency a ON a.id = t.agency
JOIN agency_key k ON k.kid = t.kid
WHERE t.digest = $1 AND t.expires > $2 AND a.state = 'active' AND NOT k.revoked;

-- name: spend
-- Spends an id once: gives no row when it was spent before.
INSERT INTO spent (issuer, jti, expires) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true;

-- name: forget_spent
-- Forgets spent ids whose assertion or proof has run out anyway.
DELETE FROM spent WHERE expires < $1;

-- name: forget_access_tokens
-- Forgets access tokens that have run out.
DELETE FROM access_token WHERE expires < $1;
