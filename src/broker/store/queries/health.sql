-- name: read_pulse
-- Reads whether a policy is in force, and how far the log's checkpoint has come.
SELECT (SELECT version FROM policy_head) AS policy_version,
       (SELECT n FROM log_head) AS records,
       coalesce((SELECT size FROM checkpoint), 0) AS size;

-- name: read_policy
-- Reads the policy set in force.
SELECT s.version, s.digest, s.document FROM policy_head h JOIN policy_set s ON s.version = h.version;

-- name: read_queues
-- Counts what is on its way, by state, with when the oldest of it was decided on; and what comes back again and again.
SELECT state, count(*) AS count, min(deposit_by) AS oldest, count(*) FILTER (WHERE fruitless > 1) AS stuck
FROM envelope WHERE state IN ('held', 'permitted', 'deposited', 'handed_over') GROUP BY state;
