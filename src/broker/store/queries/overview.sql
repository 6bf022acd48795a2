-- name: read_agencies
-- Lists agencies for an administrator.
SELECT id, name, sector, state, duty_contact FROM agency ORDER BY id;

-- name: read_policy
-- Reads the policy set in force for an administrator.
SELECT s.version, s.digest, s.document FROM policy_head h JOIN policy_set s ON s.version = h.version;

-- name: read_hub
-- Reads which hub a database is.
SELECT hub_id, origin FROM hub;

-- name: read_server
-- Reads how the server keeps what it commits.
SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('full_page_writes') AS full_page_writes, current_setting('data_checksums') AS checksums,
       coalesce((SELECT max(number) FROM schema_version), 0) AS schema;

-- name: read_stuck
-- Counts by recipient what was decided on before an instant (as deposit_by has it) and still waits, what was handed over
-- in vain, and what was set aside.
SELECT recipient, count(*) FILTER (WHERE state <> 'set_aside' AND deposit_by < $1) AS waiting,
       count(*) FILTER (WHERE state = 'handed_over' AND fruitless > 1) AS stuck,
       count(*) FILTER (WHERE state = 'set_aside') AS aside
FROM envelope WHERE state IN ('deposited', 'handed_over', 'set_aside') GROUP BY recipient
HAVING bool_or(state = 'set_aside' OR deposit_by < $1 OR fruitless > 1) ORDER BY recipient LIMIT 20;
