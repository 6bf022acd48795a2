-- name: append
-- Takes the log's counter, the last lock of the transaction, and writes records in that order; gives the first index.
WITH head AS (UPDATE log_head SET n = n + $1 RETURNING n - $1 AS first),
     entries AS (
         INSERT INTO record (index, entry)
         SELECT head.first + u.place - 1, u.entry
         FROM head, unnest($2::bytea[]) WITH ORDINALITY AS u(entry, place)
     ),
     texts AS (
         INSERT INTO record_text (index, salt, text)
         SELECT head.first + u.place - 1, u.salt, u.text
         FROM head, unnest($3::bytea[], $4::bytea[]) WITH ORDINALITY AS u(salt, text, place)
     ),
     decisions AS (
         UPDATE envelope e SET record_index = head.first + u.place
         FROM head, unnest($5::bigint[], $6::text[], $7::text[]) AS u(place, sender, jti)
         WHERE e.sender = u.sender AND e.jti = u.jti
     ),
     acts AS (
         UPDATE act a SET record_index = head.first + u.place
         FROM head, unnest($8::bigint[], $9::text[], $10::text[]) AS u(place, issuer, jti)
         WHERE a.issuer = u.issuer AND a.jti = u.jti
     )
SELECT first FROM head;

-- name: read_checkpoint
-- Reads the newest checkpoint: size, root and signed note.
SELECT size, root, note FROM checkpoint;

-- name: first_checkpoint
-- Writes the checkpoint of the empty log, once.
INSERT INTO checkpoint (size, root, note) VALUES (0, $1, $2) ON CONFLICT DO NOTHING;

-- name: pending_records
-- Reads the checkpoint's size and, in the log's order, the records not yet under it; one row without any when all are.
SELECT c.size, p.index, p.entry, p.salt, p.text
FROM checkpoint c LEFT JOIN LATERAL (
    SELECT r.index, r.entry, t.salt, t.text FROM record r LEFT JOIN record_text t USING (index)
    WHERE r.index >= c.size ORDER BY r.index LIMIT $1) p ON true
ORDER BY p.index;

-- name: swap_checkpoint
-- Moves the checkpoint from one size to the next and writes each changed tile in its widest form (a partial tile is
-- always a prefix of the wider one); does and gives nothing if another process has moved it already.
WITH swapped AS (UPDATE checkpoint SET size = $2, root = $3, note = $4 WHERE size = $1 RETURNING size),
written AS (
    INSERT INTO tile (level, index, hashes)
    SELECT u.level, u.index, u.hashes
    FROM swapped, unnest($5::int[], $6::bigint[], $7::bytea[]) AS u(level, index, hashes)
    ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes)
SELECT size FROM swapped;

-- name: read_tile
-- Reads one tile in its widest form.
SELECT hashes FROM tile WHERE level = $1 AND index = $2;

-- name: read_tiles
-- Reads every tile in order, for an export.
SELECT level, index, hashes FROM tile ORDER BY level, index;

-- name: read_record
-- Reads a record's exact bytes and its salt.
SELECT salt, text FROM record_text WHERE index = $1;

-- name: read_records
-- Reads several records' exact bytes and salts.
SELECT t.index, r.entry, t.salt, t.text FROM record_text t JOIN record r USING (index)
WHERE t.index = ANY($1::bigint[]);
