-- name: find
-- Finds an act already taken, so that a repeat gets the same answer.
SELECT digest, record_index, state FROM act WHERE issuer = $1 AND jti = $2;

-- name: find_all
-- Finds which of these acts were taken already.
SELECT a.issuer, a.jti, a.digest, a.record_index, a.state
FROM act a JOIN unnest($1::text[], $2::text[]) AS w(issuer, jti) ON a.issuer = w.issuer AND a.jti = w.jti;

-- name: take
-- Takes acts in one order; gives those whose id was free. Of receipts the envelopes are moved on and the bodies deleted.
WITH moved AS (
    UPDATE envelope e SET state = u.state, opened_at = CASE WHEN u.state = 'opened' THEN $7::bigint END
    FROM unnest($5::text[], $6::text[], $4::text[]) AS u(sender, jti, state)
    WHERE e.sender = u.sender AND e.jti = u.jti),
gone AS (
    DELETE FROM body b USING unnest($5::text[], $6::text[]) AS u(sender, jti)
    WHERE b.sender = u.sender AND b.jti = u.jti)
INSERT INTO act (issuer, jti, digest, state)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(issuer, jti, digest, state)
ORDER BY u.issuer, u.jti ON CONFLICT DO NOTHING RETURNING issuer, jti;

-- name: opened_late
-- Locks the exchanges of asks that are opened now, and begins anew the time of those that were called undelivered: a
-- rating later counts from now too. A sweep that is closing one of them has said so by then, or passes it over until it sees the ask opened.
WITH locked AS (SELECT id, undelivered AND NOT withdrawn AS late FROM exchange WHERE id = ANY($1::text[])
                ORDER BY id FOR NO KEY UPDATE)
UPDATE exchange x SET undelivered = false, closed_at = NULL, delivered_at = $2, due_at = $2 + x.due_within
FROM locked WHERE x.id = locked.id AND locked.late;

-- name: say_state
-- Keeps the state that an act was answered with.
UPDATE act SET state = $3 WHERE issuer = $1 AND jti = $2;

-- name: lock_exchange
-- Locks an exchange the caller is a party of.
SELECT * FROM exchange WHERE id = $1 AND (asker = $2 OR source = $2) FOR UPDATE;

-- name: withdraw_exchange
-- The asker wants nothing more of this exchange: what was due later is due now, so that the sweep takes it up.
UPDATE exchange SET withdrawn = true, due_at = CASE WHEN due_at > $2 THEN $2 ELSE due_at END WHERE id = $1;

-- name: any_closure
-- Whether the asker was told already that nothing came in a category.
SELECT EXISTS (SELECT 1 FROM closure WHERE exchange = $1);

-- name: rate
-- Rates an ask anew: the due time moves, counted from its handover; before that it goes in its new turn.
WITH turn AS (UPDATE envelope SET urgent = $5 WHERE sender = $2 AND jti = $1)
UPDATE exchange SET rating = $3, due_within = $4, due_at = delivered_at + $4 WHERE id = $1;

-- name: count_undelivered
-- How much of its asker's exchange has not been received, counted no further than to a limit.
SELECT count(*) FROM (
    SELECT 1 FROM exchange x JOIN envelope e ON e.exchange = x.id
    WHERE x.id = $1 AND x.asker = $2
      AND (e.kind IN ('ask', 'item')
           OR e.kind = 'message' AND (e.sender, e.recipient) IN ((x.asker, x.source), (x.source, x.asker)))
      AND e.state IN ('held', 'permitted', 'deposited', 'handed_over') LIMIT $3) AS found;

-- name: undelivered_of
-- Locks what of exchanges has not been received, up to a limit and the asks first, to recall it. A notice that regards
-- an exchange is not its asker's, nor is a message of another two in an exchange of theirs that bears its id.
SELECT e.* FROM exchange x JOIN envelope e ON e.exchange = x.id
WHERE x.id = ANY($1::text[])
  AND (e.kind IN ('ask', 'item')
           OR e.kind = 'message' AND (e.sender, e.recipient) IN ((x.asker, x.source), (x.source, x.asker)))
  AND e.state IN ('held', 'permitted', 'deposited', 'handed_over')
ORDER BY e.kind <> 'ask', e.sender, e.jti LIMIT $2 FOR UPDATE OF e;

-- name: lock_one
-- Locks one envelope.
SELECT * FROM envelope WHERE sender = $1 AND jti = $2 FOR UPDATE;

-- name: read_one
-- Reads one envelope without locking it.
SELECT * FROM envelope WHERE sender = $1 AND jti = $2;

-- name: set_consent
-- Keeps what a consent came to.
INSERT INTO consent (reference, agency, outcome, purposes, subjects) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (reference) DO UPDATE SET outcome = excluded.outcome;

-- name: consent_parties
-- Whether an agency has a part in a consent: an envelope that names it went between it and whoever registered the
-- consent, or, where nobody has, it sent one or was handed one. Naming another's consent gives no part in it.
SELECT 1 FROM envelope e LEFT JOIN consent c ON c.reference = e.consent
WHERE e.consent = $2
  AND ((e.sender = $1 AND (c.reference IS NULL OR (e.recipient = c.agency AND e.handovers > 0)))
    OR (e.recipient = $1 AND e.handovers > 0 AND (c.reference IS NULL OR e.sender = c.agency)))
LIMIT 1;

-- name: read_consent
-- Reads a consent.
SELECT agency, outcome FROM consent WHERE reference = $1;

-- name: claim_subject_key
-- The first adapter to claim an epoch holds it.
INSERT INTO subject_key (epoch, holder, enrolment) SELECT $1, a.id, a.enrolment FROM agency a WHERE a.id = $2
ON CONFLICT DO NOTHING RETURNING holder;

-- name: open_epoch
-- The open epoch, and whether its key is lost: it was claimed, and neither its holder, by the keys it claimed it with,
-- nor anyone it was passed to is active.
SELECT e.epoch, EXISTS (SELECT 1 FROM subject_key k WHERE k.epoch = e.epoch)
    AND NOT EXISTS (SELECT 1 FROM subject_key k JOIN agency a ON a.id = k.holder AND a.enrolment = k.enrolment
                    WHERE k.epoch = e.epoch AND a.state = 'active')
    AND NOT EXISTS (SELECT 1 FROM subject_key_pass p JOIN agency a ON a.id = p.recipient
                    WHERE p.epoch = e.epoch AND a.state = 'active') AS lost
FROM subject_epoch e;

-- name: next_epoch
-- Opens the next epoch, if the one before it is open.
UPDATE subject_epoch SET epoch = $1 WHERE epoch = $1 - 1 RETURNING epoch;

-- name: sealing_key_of
-- Whether a kid names a sealing key of an agency that is not revoked.
SELECT 1 FROM agency_key WHERE kid = $1 AND agency = $2 AND use = 'sealing' AND NOT revoked;

-- name: subject_key_holder
-- Who holds an epoch's key.
SELECT holder FROM subject_key WHERE epoch = $1;

-- name: subject_key_pass
-- What was sealed to an agency for an epoch.
SELECT act, sealed FROM subject_key_pass WHERE epoch = $1 AND recipient = $2;

-- name: pass_subject_key
-- Keeps a passed subject key for its recipient; the newest wins.
INSERT INTO subject_key_pass (epoch, recipient, act, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (epoch, recipient) DO UPDATE SET act = excluded.act, sealed = excluded.sealed;

-- name: subject_key_waiting
-- Active agencies that neither hold an epoch's key nor have had it passed to them.
SELECT a.id FROM agency a
WHERE a.state = 'active'
  AND NOT EXISTS (SELECT 1 FROM subject_key k WHERE k.epoch = $1 AND k.holder = a.id AND k.enrolment = a.enrolment)
  AND NOT EXISTS (SELECT 1 FROM subject_key_pass p WHERE p.epoch = $1 AND p.recipient = a.id)
ORDER BY a.id;

-- name: read_directory
-- Reads enrolled agencies as their peers see them.
SELECT a.id, a.name, a.sector, a.duty_contact, a.state, a.identity,
       (SELECT json_agg(s.token ORDER BY s.version) FROM key_set s
        WHERE s.agency = a.id AND s.enrolment = a.enrolment) AS key_sets,
       (SELECT json_agg(k.kid ORDER BY k.kid) FROM agency_key k WHERE k.agency = a.id AND k.revoked) AS revoked
FROM agency a WHERE a.identity IS NOT NULL AND ($1::text IS NULL OR a.id = $1) ORDER BY a.id;

-- name: newest_key_set
-- Reads an agency's newest key set, and its identity key with whether that is revoked.
SELECT a.identity, s.version, s.token,
       EXISTS (SELECT 1 FROM agency_key k WHERE k.agency = a.id AND k.use = 'identity' AND k.raw = a.identity
               AND k.revoked) AS revoked
FROM agency a JOIN key_set s ON s.agency = a.id AND s.enrolment = a.enrolment
WHERE a.id = $1 ORDER BY s.version DESC LIMIT 1;

-- name: lately_changed
-- How often an agency has changed its keys since an instant.
SELECT count(*) FROM key_set WHERE agency = $1 AND made_at > $2;

-- name: add_key_set
-- Adds the next key set of an agency.
INSERT INTO key_set (agency, version, token, expires, made_at, enrolment)
SELECT a.id, $2, $3, $4, $5, a.enrolment FROM agency a WHERE a.id = $1;

-- name: own_keys
-- Reads whose these keys are, to refuse a key that serves another agency or another use.
SELECT kid, agency, use FROM agency_key WHERE kid = ANY($1::text[]);

-- name: add_key
-- Adds a public key of an agency, or carries it into its newer key set; not one of an enrolment that was replaced.
INSERT INTO agency_key (kid, agency, use, raw, set_version, enrolment)
SELECT $1, a.id, $3, $4, $5, a.enrolment FROM agency a WHERE a.id = $2
ON CONFLICT (kid) DO UPDATE SET set_version = excluded.set_version
WHERE agency_key.agency = excluded.agency AND agency_key.use = excluded.use
  AND agency_key.enrolment = excluded.enrolment RETURNING kid;

-- name: revoke_key
-- Revokes a key of an agency.
UPDATE agency_key SET revoked = true WHERE agency = $1 AND kid = $2 RETURNING use;

-- name: end_tokens
-- Ends access tokens obtained with a key, or all of an agency's.
DELETE FROM access_token WHERE agency = $1 AND ($2::text IS NULL OR kid = $2);
