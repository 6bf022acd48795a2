-- name: read_pulse
-- Reads whether a policy is in force, and how far the log's checkpoint has come.
SELECT (SELECT version FROM policy_head) AS policy_version,
       (SELECT n FROM log_head) AS records,
       coalesce((SELECT size FROM checkpoint), 0) AS size;

-- name: read_policy
-- Reads the policy set in force.
SELECT s.version, s.digest, s.document FROM policy_head h JOIN policy_set s ON s.version = h.version;
