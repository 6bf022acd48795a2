-- The hub's first schema. Columns marked (sensitive) are pseudonymous personal data or metadata about who asks whom;
-- SECURITY.md lists them with who may see them. No column holds a name, an identifier or a word about a subject.

CREATE TABLE hub (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    hub_id       text NOT NULL,
    origin       text NOT NULL,
    made_at      bigint NOT NULL
);

-- One row per thing that can be revoked. Every permit and every handover reads the rows it rests on FOR SHARE before
-- it reads any fact; every change takes the table lock and then moves the version (docs/protocol.md, "Transactions").
CREATE TABLE guard (
    kind         text NOT NULL,
    id           text NOT NULL,
    version      bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (kind, id)
);

CREATE TABLE person (
    id           text PRIMARY KEY,
    role         text NOT NULL,
    key          bytea NOT NULL,
    revoked      boolean NOT NULL DEFAULT false
);

CREATE TABLE agency (
    id           text PRIMARY KEY,
    name         text NOT NULL,
    sector       text NOT NULL,
    controllers  jsonb NOT NULL,
    duty_contact text NOT NULL,
    state        text NOT NULL CHECK (state IN ('invited', 'active', 'stopped')),
    code_digest  text NOT NULL,
    code_expires bigint NOT NULL,
    identity     bytea
);

-- An enrolment under way: what was offered and the nonces whose return proves possession of each sealing key.
CREATE TABLE enrolment (
    agency       text PRIMARY KEY REFERENCES agency,
    offer        jsonb NOT NULL,
    nonces       jsonb NOT NULL,
    done_index   bigint
);

CREATE TABLE key_set (
    agency       text NOT NULL REFERENCES agency,
    version      int NOT NULL,
    token        text NOT NULL,
    expires      bigint NOT NULL,
    made_at      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (agency, version)
);

-- Every public key an agency has ever used, so that one key never serves two agencies or two uses.
CREATE TABLE agency_key (
    kid          text PRIMARY KEY,
    agency       text NOT NULL REFERENCES agency,
    use          text NOT NULL CHECK (use IN ('identity', 'signing', 'sealing')),
    raw          bytea NOT NULL,
    set_version  int NOT NULL,
    revoked      boolean NOT NULL DEFAULT false
);

CREATE TABLE access_token (
    digest       bytea PRIMARY KEY,
    agency       text NOT NULL REFERENCES agency,
    kid          text NOT NULL,
    thumbprint   text NOT NULL,
    expires      bigint NOT NULL
);

-- Spent ids of client assertions and DPoP proofs, kept until they would have expired anyway.
CREATE TABLE spent (
    issuer       text NOT NULL,
    jti          text NOT NULL,
    expires      bigint NOT NULL,
    PRIMARY KEY (issuer, jti)
);
CREATE INDEX spent_expires ON spent (expires);

CREATE TABLE connection (
    agency       text PRIMARY KEY REFERENCES agency,
    generation   bigint NOT NULL,
    live         boolean NOT NULL,
    opened_at    bigint NOT NULL
);

CREATE TABLE policy_set (
    version      int PRIMARY KEY,
    digest       text NOT NULL,
    document     bytea NOT NULL
);
CREATE TABLE policy_head (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    version      int NOT NULL REFERENCES policy_set
);

CREATE TABLE agreement (
    id           text PRIMARY KEY,
    document     jsonb NOT NULL,
    ended        boolean NOT NULL DEFAULT false
);

-- (sensitive) who relies on which consent, and whether it stands.
CREATE TABLE consent (
    reference    text PRIMARY KEY,
    agency       text NOT NULL REFERENCES agency,
    outcome      text NOT NULL,
    purposes     text[] NOT NULL,
    -- tokens of the people it is about; none where the act named nobody
    subjects     bytea[] NOT NULL DEFAULT '{}'
);

CREATE TABLE subject_key (
    epoch        int PRIMARY KEY,
    holder       text NOT NULL REFERENCES agency
);
CREATE TABLE subject_key_pass (
    epoch        int NOT NULL REFERENCES subject_key,
    recipient    text NOT NULL REFERENCES agency,
    act          text NOT NULL,
    sealed       text NOT NULL,
    PRIMARY KEY (epoch, recipient)
);

-- (sensitive) one ask to one source and all that belongs to it.
CREATE TABLE exchange (
    id           text PRIMARY KEY,
    asker        text NOT NULL REFERENCES agency,
    source       text NOT NULL REFERENCES agency,
    categories   text[] NOT NULL,
    confirmable  text[] NOT NULL DEFAULT '{}',
    due_within   bigint NOT NULL,
    needed_until bigint NOT NULL,
    delivered_at bigint,
    due_at       bigint,
    closed_at    bigint,
    undelivered  boolean NOT NULL DEFAULT false,
    withdrawn    boolean NOT NULL DEFAULT false
);
CREATE INDEX exchange_source ON exchange (source);
CREATE INDEX exchange_due ON exchange (due_at) WHERE closed_at IS NULL AND due_at IS NOT NULL;

-- (sensitive) every envelope: its declaration, its place in its life, the decision in force. Rows here, in body, subject
-- and record_text have no foreign keys: the transactions that write them have read what they refer to, and the key
-- locks of foreign keys on a few agency rows would be the busiest locks of the database.
CREATE TABLE envelope (
    sender       text NOT NULL,
    jti          text NOT NULL,
    kid          text NOT NULL,
    seq          bigint GENERATED ALWAYS AS IDENTITY,
    kind         text NOT NULL,
    recipient    text NOT NULL,
    exchange     text NOT NULL,
    categories   text[] NOT NULL,
    consent      text,
    declaration  text NOT NULL,
    declaration_digest text NOT NULL,
    body_digest  text NOT NULL,
    state        text NOT NULL,
    decided      jsonb NOT NULL,
    record_index bigint,
    deposit_by   bigint NOT NULL,
    needed_until bigint NOT NULL,
    handovers    int NOT NULL DEFAULT 0,
    -- leases that ran out without a receipt; those a closed connection gave back do not count
    fruitless    int NOT NULL DEFAULT 0,
    -- rated red: handed over first
    urgent       boolean NOT NULL DEFAULT false,
    lease_until  bigint,
    lifted       text[] NOT NULL DEFAULT '{}',
    -- for an item: which of the ask's subjects each of its own is, by place
    asked_as     int[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (sender, jti)
);
-- What waits for a recipient: red first, then in the order it was declared.
CREATE INDEX envelope_waiting ON envelope (recipient, urgent DESC, seq) WHERE state IN ('deposited', 'handed_over');
CREATE INDEX envelope_held ON envelope (seq) WHERE state = 'held';
CREATE INDEX envelope_undeposited ON envelope (deposit_by) WHERE state IN ('held', 'permitted');
CREATE INDEX envelope_needed ON envelope (needed_until) WHERE state IN ('deposited', 'handed_over');
CREATE INDEX envelope_exchange ON envelope (exchange);
CREATE INDEX envelope_consent ON envelope (consent) WHERE consent IS NOT NULL;

-- Base64 does not shrink: trying to compress it would be lost on every declaration.
ALTER TABLE envelope ALTER COLUMN declaration SET STORAGE EXTERNAL;

-- Sealed bodies, only between deposit and receipt.
CREATE TABLE body (
    sender       text NOT NULL,
    jti          text NOT NULL,
    sealed       bytea NOT NULL,
    PRIMARY KEY (sender, jti)
);
ALTER TABLE body ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- (sensitive) subject tokens: HMAC under a key that is never in this database.
CREATE TABLE subject (
    sender       text NOT NULL,
    jti          text NOT NULL,
    ordinal      int NOT NULL,
    role         text NOT NULL,
    token        bytea NOT NULL,
    PRIMARY KEY (sender, jti, ordinal)
);

-- (sensitive) the source's answer per category: one final answer, whatever it was.
CREATE TABLE answer (
    exchange     text NOT NULL REFERENCES exchange,
    category     text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('item', 'nil', 'decline', 'waiting')),
    jti          text NOT NULL,
    PRIMARY KEY (exchange, category)
);

-- What the asker is told at the due time of a category with nothing handed over.
CREATE TABLE closure (
    exchange     text NOT NULL REFERENCES exchange,
    category     text NOT NULL,
    at           bigint NOT NULL,
    PRIMARY KEY (exchange, category)
);

-- Signed acts taken: a repeat of the same bytes gets the same answer, other bytes under the same id a conflict.
CREATE TABLE act (
    issuer       text NOT NULL,
    jti          text NOT NULL,
    digest       text NOT NULL,
    record_index bigint,
    state        text,
    PRIMARY KEY (issuer, jti)
);

-- The log's order. This row is the last lock of every transaction that records, so order is commit order, without gaps.
CREATE TABLE log_head (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    n            bigint NOT NULL DEFAULT 0
);
INSERT INTO log_head DEFAULT VALUES;

CREATE TABLE record (
    index        bigint PRIMARY KEY,
    entry        bytea NOT NULL CHECK (octet_length(entry) = 32)
);
-- Text and salt apart, so that they can be erased while every proof still verifies.
CREATE TABLE record_text (
    index        bigint PRIMARY KEY,
    salt         bytea NOT NULL,
    text         bytea NOT NULL
);

ALTER TABLE record_text ALTER COLUMN text SET STORAGE EXTERNAL;

CREATE TABLE tile (
    level        int NOT NULL,
    index        bigint NOT NULL,
    hashes       bytea NOT NULL,
    PRIMARY KEY (level, index)
);
CREATE TABLE checkpoint (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    size         bigint NOT NULL,
    root         bytea NOT NULL,
    note         bytea NOT NULL
);
