-- An adapter's journal, version 4: what a person must see to before an answer leaves.

-- The records that could be a subject's, as a record system offered them, and which of them a person chose (`choice`
-- orders the choices, so that the running adapter sees a new one).
CREATE TABLE unsure (
    exchange          TEXT NOT NULL,
    subject           INTEGER NOT NULL,
    sealed_candidates BLOB NOT NULL,
    sealed_choice     BLOB,
    choice            INTEGER UNIQUE,
    person            TEXT,
    role              TEXT,
    chosen_at         INTEGER,
    PRIMARY KEY (exchange, subject)
) STRICT;

-- Who prepared, approved or sent back which exact draft (`digest`), and when.
CREATE TABLE approval (
    seq            INTEGER PRIMARY KEY,
    exchange       TEXT NOT NULL,
    category       TEXT NOT NULL,
    step           TEXT NOT NULL,
    person         TEXT NOT NULL,
    role           TEXT NOT NULL,
    digest         TEXT NOT NULL,
    reason         TEXT,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX approval_task ON approval (exchange, category);

-- Whether the people here were warned, in the adapter's log, that an answer falls due.
ALTER TABLE task ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;
