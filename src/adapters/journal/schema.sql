-- An adapter's journal, version 1. The journal is the queue: a command writes a row, the running adapter sends it, the
-- command reads what came of it. Blobs named `sealed_*` are sealed to the agency's storage key for their own row
-- (context "table:id"); every other column holds only what is clear at the hub too, or says how far the work has got.

CREATE TABLE setting (
    name         TEXT PRIMARY KEY,
    value        TEXT NOT NULL
) STRICT;

-- Every envelope of ours. `body` is the sealed envelope itself, kept until the hub has it, `sealed_to` the kid of the
-- recipient's key; `sealed_archive` is our own copy.
CREATE TABLE sent (
    seq             INTEGER PRIMARY KEY,
    jti             TEXT NOT NULL UNIQUE,
    exchange        TEXT NOT NULL,
    kind            TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    categories      TEXT NOT NULL,
    declaration     TEXT NOT NULL,
    sealed_openings BLOB NOT NULL,
    body            TEXT,
    sealed_to       TEXT NOT NULL,
    sealed_archive  BLOB NOT NULL,
    sealed_enquiry  BLOB,
    progress        TEXT NOT NULL,
    state           TEXT,
    outcome         TEXT,
    proof           TEXT,
    problem         TEXT,
    attempt         INTEGER NOT NULL,
    replaces        TEXT,
    replaced_by     TEXT,
    due_at          INTEGER,
    needed_until    INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX sent_open ON sent (seq) WHERE progress IN ('ready', 'held', 'proved', 'deposited');
CREATE INDEX sent_exchange ON sent (exchange);

-- Every envelope handed over to us. The receipt is signed once and repeated as it is until the hub has it.
CREATE TABLE received (
    seq            INTEGER PRIMARY KEY,
    sender         TEXT NOT NULL,
    jti            TEXT NOT NULL,
    exchange       TEXT NOT NULL,
    kind           TEXT NOT NULL,
    categories     TEXT NOT NULL,
    generation     INTEGER NOT NULL,
    digest         TEXT NOT NULL,
    declaration    TEXT NOT NULL,
    proof          TEXT NOT NULL,
    sealed_body    BLOB,
    outcome        TEXT NOT NULL,
    why            TEXT,
    receipt        TEXT NOT NULL,
    acknowledged   INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    UNIQUE (sender, jti)
) STRICT;
CREATE INDEX received_unacknowledged ON received (seq) WHERE acknowledged = 0;
CREATE INDEX received_exchange ON received (exchange);
CREATE INDEX received_jti ON received (jti);

-- Signed acts on their way to the hub, and what it said. `sealed_note` is what stays here: a decline's reason and salt.
CREATE TABLE act (
    seq             INTEGER PRIMARY KEY,
    jti             TEXT NOT NULL UNIQUE,
    act             TEXT NOT NULL,
    token           TEXT NOT NULL,
    sealed_openings BLOB,
    passed          TEXT,
    sealed_note     BLOB,
    exchange        TEXT,
    category        TEXT,
    done            INTEGER NOT NULL,
    answer          TEXT,
    problem         TEXT,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX act_open ON act (seq) WHERE done = 0;
CREATE INDEX act_exchange ON act (exchange);

-- Other agencies: the identity key seen first is kept for good; nothing is sealed to it before a person confirmed it.
CREATE TABLE pin (
    agency         TEXT PRIMARY KEY,
    identity       TEXT NOT NULL,
    entry          TEXT NOT NULL,
    pinned_at      INTEGER NOT NULL,
    confirmed_at   INTEGER
) STRICT;

-- Checkpoints verified here, each shown to extend the one before.
CREATE TABLE checkpoint (
    size           INTEGER PRIMARY KEY,
    root           BLOB NOT NULL,
    note           TEXT NOT NULL
) STRICT;

-- K_A per epoch. `held` is 0 while we have only offered to be its maker.
CREATE TABLE subject_key (
    epoch          INTEGER PRIMARY KEY,
    sealed_key     BLOB NOT NULL,
    source         TEXT NOT NULL,
    held           INTEGER NOT NULL
) STRICT;

-- What is asked of us, one row per category.
CREATE TABLE task (
    exchange       TEXT NOT NULL,
    category       TEXT NOT NULL,
    asker          TEXT NOT NULL,
    rating         TEXT NOT NULL,
    state          TEXT NOT NULL,
    due_at         INTEGER NOT NULL,
    confirmable    INTEGER NOT NULL,
    why            TEXT,
    sealed_draft   BLOB,
    reminded       INTEGER NOT NULL,
    PRIMARY KEY (exchange, category)
) STRICT;
CREATE INDEX task_open ON task (due_at) WHERE state IN ('waiting', 'prepared');

-- What the hub told us as asker: nothing was handed over in this category by the due time.
CREATE TABLE closure (
    exchange       TEXT NOT NULL,
    category       TEXT NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (exchange, category)
) STRICT;

-- Proof that the hub must not be trusted any more, kept for the officer; while a row stands here nothing is sent.
CREATE TABLE alarm (
    seq            INTEGER PRIMARY KEY,
    code           TEXT NOT NULL,
    detail         TEXT NOT NULL,
    at             INTEGER NOT NULL
) STRICT;
