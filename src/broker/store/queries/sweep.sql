-- name: held_and_changed
-- Finds held envelopes whose decision was made at another version of a fact than is in force now.
SELECT e.sender, e.jti FROM envelope e
WHERE e.state = 'held' AND EXISTS (
    SELECT 1 FROM jsonb_array_elements(e.decided->'guards') AS g(part)
    LEFT JOIN guard v ON v.kind = g.part->>0 AND v.id = g.part->>1
    WHERE coalesce(v.version, 0) <> (g.part->>2)::bigint)
ORDER BY e.seq LIMIT $1;

-- name: lapsing
-- Locks envelopes whose time to be deposited, or to be held, has passed.
SELECT * FROM envelope
WHERE state IN ('held', 'permitted')
  AND ((state = 'permitted' AND deposit_by < $1) OR (state = 'held' AND needed_until < $1))
ORDER BY sender, jti LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: expiring
-- Locks envelopes that are no longer needed, and those handed over too often without a receipt.
SELECT * FROM envelope
WHERE state IN ('deposited', 'handed_over')
  AND (needed_until < $1 OR (state = 'handed_over' AND fruitless >= $3 - 1 AND lease_until < $1))
ORDER BY sender, jti LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: due
-- Locks exchanges whose due time has come, or whose ask was never handed over while it was needed; not those where
-- all that is left to wait for is leased: what becomes of it decides whether its category is closed.
SELECT * FROM exchange x
WHERE closed_at IS NULL AND (due_at <= $1 OR (due_at IS NULL AND needed_until < $1))
  AND (withdrawn
    OR NOT EXISTS (SELECT 1 FROM envelope e WHERE e.exchange = x.id AND e.kind = 'item' AND e.state = 'handed_over')
    OR EXISTS (
        SELECT 1 FROM unnest(x.categories) AS c(category)
        WHERE NOT EXISTS (SELECT 1 FROM closure o WHERE o.exchange = x.id AND o.category = c.category)
          AND NOT EXISTS (SELECT 1 FROM envelope e WHERE e.exchange = x.id AND e.kind = 'item'
                          AND c.category = ANY(e.categories) AND e.state IN ('handed_over', 'opened'))))
ORDER BY id LIMIT $2 FOR UPDATE OF x SKIP LOCKED;

-- name: spoken
-- In which categories of these exchanges the source said anything at all, an item declared and refused included, and
-- whether an item there was opened or is leased, or the category is closed already.
SELECT s.exchange, s.category, bool_or(s.state = 'opened') AS opened, bool_or(s.state = 'handed_over') AS leased,
       bool_or(s.state = 'closed') AS closed
FROM (SELECT exchange, category, '' AS state FROM answer WHERE exchange = ANY($1::text[])
      UNION ALL
      SELECT exchange, category, 'closed' FROM closure WHERE exchange = ANY($1::text[])
      UNION ALL
      SELECT exchange, unnest(categories), state FROM envelope WHERE exchange = ANY($1::text[]) AND kind = 'item') AS s
GROUP BY s.exchange, s.category;

-- name: ask_states
-- Whether the asks of these exchanges were ever permitted.
SELECT e.jti, e.state FROM envelope e WHERE e.jti = ANY($1::text[]) AND e.kind = 'ask';

-- name: add_closures
-- Writes what the asker is told.
INSERT INTO closure (exchange, category, at)
SELECT *, $3::bigint FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING;

-- name: close_exchanges
-- Marks exchanges closed, and those whose ask was never opened.
UPDATE exchange x SET closed_at = $3, undelivered = u.undelivered
FROM unnest($1::text[], $2::boolean[]) AS u(id, undelivered) WHERE x.id = u.id;

-- name: forget_spent
-- Forgets spent ids and access tokens that have run out.
WITH spent_ids AS (DELETE FROM spent WHERE expires < $1), tokens AS (DELETE FROM access_token WHERE expires < $1)
SELECT 1;
