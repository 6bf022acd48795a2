-- name: read_outcomes
-- Finds envelopes already declared, so that a repeat gets the first outcome.
SELECT e.sender, e.jti, e.exchange, e.declaration_digest, e.state, e.decided, e.record_index, e.deposit_by
FROM envelope e JOIN unnest($1::text[], $2::text[]) AS w(sender, jti) ON e.sender = w.sender AND e.jti = w.jti;

-- name: share_exchanges
-- Reads exchanges that items answer, locked in one order against a withdrawal.
SELECT x.id, x.asker, x.source, x.categories, x.withdrawn, x.needed_until, x.delivered_at
FROM exchange x WHERE x.id = ANY($1::text[]) ORDER BY x.id FOR SHARE OF x;

-- name: read_ask
-- Reads the declaration of an exchange's ask.
SELECT e.declaration FROM exchange x JOIN envelope e ON e.sender = x.asker AND e.jti = x.id WHERE x.id = $1;

-- name: read_asks
-- Reads what was lifted for a handed over ask between these two, and whom it is about. Before, it is not there.
SELECT x.id, e.lifted, (SELECT array_agg(s.token ORDER BY s.ordinal) FROM subject s
                        WHERE s.sender = e.sender AND s.jti = e.jti) AS tokens
FROM exchange x JOIN envelope e ON e.sender = x.asker AND e.jti = x.id
JOIN unnest($1::text[], $2::text[], $3::text[]) AS w(id, asker, source)
  ON x.id = w.id AND x.asker = w.asker AND x.source = w.source
WHERE x.delivered_at IS NOT NULL;

-- name: add_exchanges
-- Opens exchanges; gives the ids that were free.
INSERT INTO exchange (id, asker, source, categories, confirmable, due_within, needed_until)
SELECT u.id, u.asker, u.source, string_to_array(u.categories, ','), string_to_array(u.confirmable, ','),
       u.due_within, u.needed_until
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
     AS u(id, asker, source, categories, confirmable, due_within, needed_until)
ORDER BY u.id ON CONFLICT DO NOTHING RETURNING id;

-- name: take_answers
-- Takes the one final answer of (exchange, category); "no answer yet" gives way; gives what was taken.
INSERT INTO answer (exchange, category, kind, jti)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS u(exchange, category, kind, jti)
ORDER BY u.exchange, u.category
ON CONFLICT (exchange, category) DO UPDATE SET kind = excluded.kind, jti = excluded.jti
WHERE answer.kind = 'waiting' AND excluded.kind <> 'waiting'
RETURNING exchange, category, jti;

-- name: free_answers
-- Gives back the answers of items that will not pass, so that the source may answer anew. A jti is its sender's own: what
-- somebody else sent under the same one in this exchange frees nothing, nor does it free a nil.
DELETE FROM answer a
USING unnest($1::text[], $2::text[], $3::text[]) AS u(exchange, sender, jti)
JOIN exchange x ON x.id = u.exchange AND x.source = u.sender
WHERE a.exchange = u.exchange AND a.jti = u.jti AND a.kind = 'item';

-- name: given
-- Finds items and notices of these senders that these recipients have, or will have before what is said of them now.
SELECT e.sender, e.jti, e.categories FROM envelope e
JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w(sender, jti, recipient, exchange)
  ON e.sender = w.sender AND e.jti = w.jti AND e.recipient = w.recipient AND e.exchange = w.exchange
WHERE e.kind IN ('item', 'notice') AND (e.handovers > 0 OR e.state = 'deposited');

-- name: never_given
-- Finds which of these envelopes ended without ever being handed over: there is nothing to correct.
SELECT e.sender, e.jti FROM envelope e
JOIN unnest($1::text[], $2::text[]) AS w(sender, jti) ON e.sender = w.sender AND e.jti = w.jti
WHERE e.handovers = 0 AND e.state NOT IN ('held', 'permitted', 'deposited');

-- name: read_openings
-- Reads what opened exchanges, handed over between the two that write in them now: an ask, or a notice told unasked.
SELECT DISTINCT ON (w.kind, w.exchange, w.sender, w.recipient)
       w.kind AS as_kind, w.sender AS as_sender, w.recipient AS as_recipient, e.jti, e.declaration, e.lifted,
       (SELECT array_agg(s.token ORDER BY s.ordinal) FROM subject s
        WHERE s.sender = e.sender AND s.jti = e.jti) AS tokens
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w(kind, exchange, sender, recipient)
JOIN envelope e ON e.jti = w.exchange AND e.exchange = w.exchange
  AND ((e.sender = w.sender AND e.recipient = w.recipient) OR (e.sender = w.recipient AND e.recipient = w.sender))
WHERE e.kind IN ('ask', 'notice') AND e.handovers > 0
ORDER BY w.kind, w.exchange, w.sender, w.recipient, e.seq;

-- name: message_room
-- How many messages a sender has written in an exchange, and whether its ask was withdrawn.
SELECT w.sender, w.exchange,
       (SELECT count(*) FROM envelope e
        WHERE e.exchange = w.exchange AND e.sender = w.sender AND e.kind = 'message') AS written,
       coalesce((SELECT x.withdrawn FROM exchange x WHERE x.id = w.exchange), false) AS withdrawn
FROM unnest($1::text[], $2::text[]) AS w(sender, exchange);

-- name: add_envelopes
-- Writes envelopes in one order, with the tokens that stand for their subjects; gives the ids that were free.
WITH subjects AS (INSERT INTO subject (sender, jti, ordinal, role, token)
                  SELECT * FROM unnest($19::text[], $20::text[], $21::int[], $22::text[], $23::bytea[]))
INSERT INTO envelope (sender, jti, kid, kind, recipient, exchange, categories, consent, declaration,
                      declaration_digest, body_digest, state, decided, deposit_by, needed_until, lifted, asked_as, urgent)
SELECT u.sender, u.jti, u.kid, u.kind, u.recipient, u.exchange, string_to_array(u.categories, ','), u.consent,
       u.declaration, u.declaration_digest, u.body_digest, u.state, u.decided::jsonb, u.deposit_by, u.needed_until,
       string_to_array(u.lifted, ','), string_to_array(u.asked_as, ',')::int[],
       u.urgent
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::text[],
            $17::text[], $18::boolean[])
     AS u(sender, jti, kid, kind, recipient, exchange, categories, consent, declaration, declaration_digest, body_digest,
          state, decided, deposit_by, needed_until, lifted, asked_as, urgent)
ORDER BY u.sender, u.jti ON CONFLICT DO NOTHING RETURNING sender, jti;

-- name: lock_envelopes
-- Locks envelopes in one order for their deposit or receipt.
SELECT e.sender, e.jti, e.kind, e.recipient, e.exchange, e.state, e.body_digest, e.deposit_by, e.record_index,
       e.handovers
FROM envelope e
JOIN unnest($1::text[], $2::text[]) AS w(sender, jti) ON e.sender = w.sender AND e.jti = w.jti
ORDER BY e.sender, e.jti FOR UPDATE OF e;

-- name: add_bodies
-- Keeps sealed bodies until they are received, and moves their envelopes on.
WITH kept AS (INSERT INTO body (sender, jti, sealed) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]))
UPDATE envelope e SET state = 'deposited'
FROM unnest($1::text[], $2::text[]) AS u(sender, jti) WHERE e.sender = u.sender AND e.jti = u.jti;

-- name: delete_bodies
-- Deletes sealed bodies: received, recalled or expired.
DELETE FROM body b USING unnest($1::text[], $2::text[]) AS u(sender, jti) WHERE b.sender = u.sender AND b.jti = u.jti;

-- name: move
-- Moves envelopes to their next states.
UPDATE envelope e SET state = u.state
FROM unnest($1::text[], $2::text[], $3::text[]) AS u(sender, jti, state)
WHERE e.sender = u.sender AND e.jti = u.jti;

-- name: redecide
-- Moves a held envelope to the state its new decision gives.
UPDATE envelope SET state = $3, decided = $4::jsonb, deposit_by = $5, lifted = $6 WHERE sender = $1 AND jti = $2;

-- name: candidates
-- Finds what waits for a recipient, is still needed and leased to nobody, oldest first; not what was leased too often.
SELECT sender, jti, kind, exchange, declaration FROM envelope
WHERE recipient = $1 AND state IN ('deposited', 'handed_over') AND (lease_until IS NULL OR lease_until <= $2)
  AND needed_until >= $2 AND (lease_until IS NULL OR fruitless < $4 - 1)
ORDER BY urgent DESC, seq LIMIT $3;

-- name: lease
-- Leases envelopes for handover, skipping what another transaction is handing over; recheck after waiting for guards.
-- An item or a message whose ask was withdrawn may still be there to be recalled.
SELECT e.sender, e.jti, e.seq, e.urgent, e.kid, e.kind, e.recipient, e.exchange, e.state, e.record_index, e.handovers,
       e.fruitless, e.lease_until, e.lifted, e.asked_as,
       e.kind IN ('item', 'message')
       AND EXISTS (SELECT 1 FROM exchange x WHERE x.id = e.exchange AND x.withdrawn
                   AND (e.sender, e.recipient) IN ((x.asker, x.source), (x.source, x.asker))) AS withdrawn
FROM envelope e
JOIN unnest($1::text[], $2::text[]) AS w(sender, jti) ON e.sender = w.sender AND e.jti = w.jti
WHERE e.state IN ('deposited', 'handed_over') AND (e.lease_until IS NULL OR e.lease_until <= $3)
  AND e.needed_until >= $3 AND (e.lease_until IS NULL OR e.fruitless < $4 - 1)
ORDER BY e.sender, e.jti FOR UPDATE OF e SKIP LOCKED;

-- name: hand_over
-- Marks envelopes handed over under a lease. A lease that ran out, and was not given back, counts as fruitless, and the
-- next one is twice as long. Starts the due time of asks handed over for the first time, and gives the sealed bodies.
WITH moved AS (
    UPDATE envelope e SET state = 'handed_over', handovers = e.handovers + 1,
        fruitless = e.fruitless + (e.lease_until IS NOT NULL)::int,
        lease_until = $3 + $4 * (1 << (e.fruitless + (e.lease_until IS NOT NULL)::int))
    FROM unnest($1::text[], $2::text[]) AS u(sender, jti) WHERE e.sender = u.sender AND e.jti = u.jti),
clocks AS (
    UPDATE exchange SET delivered_at = $3, due_at = $3 + due_within
    WHERE id = ANY($5::text[]) AND delivered_at IS NULL)
SELECT b.sender, b.jti, b.sealed FROM body b
JOIN unnest($1::text[], $2::text[]) AS w(sender, jti) ON b.sender = w.sender AND b.jti = w.jti;

-- name: leased
-- Finds which envelopes a handover with this lease has leased, after its commit's answer was lost.
SELECT e.sender, e.jti, e.handovers FROM envelope e
JOIN unnest($1::text[], $2::text[]) AS w(sender, jti) ON e.sender = w.sender AND e.jti = w.jti
WHERE e.state = 'handed_over' AND e.lease_until > $3;

-- name: count_leased
-- Counts what a recipient has been handed and not yet receipted, for one that polls: nobody else counts for it.
SELECT count(*) FROM envelope WHERE recipient = $1 AND state = 'handed_over' AND lease_until > $2;

-- name: give_back
-- Ends the leases of a recipient whose connection ended or was replaced, so that its next one is served at once; what
-- somebody else has locked is being received or taken back.
UPDATE envelope e SET lease_until = NULL
FROM (SELECT sender, jti FROM envelope WHERE recipient = $1 AND state = 'handed_over' AND lease_until > $2
      ORDER BY sender, jti FOR UPDATE SKIP LOCKED) AS w
WHERE e.sender = w.sender AND e.jti = w.jti;

-- name: read_statuses
-- Reads the caller's own envelopes; what is not the caller's is as if it were not there.
SELECT e.jti, e.kind, e.state, e.decided, e.record_index, e.deposit_by, e.opened_at, x.due_at, x.undelivered, x.closed_at,
       (SELECT json_agg(json_build_object('category', c.category, 'at', c.at) ORDER BY c.category)
        FROM closure c WHERE c.exchange = e.jti AND e.kind = 'ask') AS closures
FROM envelope e LEFT JOIN exchange x ON x.id = e.jti AND e.kind = 'ask'
WHERE e.sender = $1 AND e.jti = ANY($2::text[]) ORDER BY e.jti;

-- name: read_asked
-- Reads the asks that were handed over to the caller: how each is rated now, and when it is due.
SELECT x.id, x.rating, x.due_at, e.declaration FROM exchange x JOIN envelope e ON e.sender = x.asker AND e.jti = x.id
WHERE x.source = $1 AND x.id = ANY($2::text[]) AND x.due_at IS NOT NULL ORDER BY x.id;

-- name: confirmable
-- Keeps for which categories existence may be confirmed, as the newest decision on the ask says.
UPDATE exchange SET confirmable = $2 WHERE id = $1;
