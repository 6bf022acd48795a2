-- An adapter's journal, version 6: what people here did with what came in, and corrections.

-- A concern told to us: by when a person is to have seen it, and who did. The decision is sealed: what was decided, by
-- whose office, when.
CREATE TABLE contact (
    sender          TEXT NOT NULL,
    jti             TEXT NOT NULL,
    rating          TEXT NOT NULL,
    due_at          INTEGER NOT NULL,
    seen_at         INTEGER,
    seen_by         TEXT,
    sealed_decision BLOB,
    PRIMARY KEY (sender, jti)
) STRICT;

-- Who of this agency read the words of a received envelope at a terminal, and when. `corrections`: how many had come by
-- then, which tells who read it before each.
CREATE TABLE reading (
    seq            INTEGER PRIMARY KEY,
    sender         TEXT NOT NULL,
    jti            TEXT NOT NULL,
    person         TEXT NOT NULL,
    at             INTEGER NOT NULL,
    corrections    INTEGER NOT NULL
) STRICT;
CREATE INDEX reading_jti ON reading (jti);

-- Corrections of what we were sent; the item may come after its correction.
CREATE TABLE correction_received (
    sender         TEXT NOT NULL,
    notice         TEXT NOT NULL,
    item           TEXT NOT NULL,
    received_at    INTEGER NOT NULL,
    PRIMARY KEY (sender, notice)
) STRICT;
CREATE INDEX correction_received_item ON correction_received (item);

-- Corrections of what we sent. The same entries of one envelope (their places, or `all`) are corrected once, so that a
-- command may be given again.
CREATE TABLE correction_sent (
    notice         TEXT PRIMARY KEY,
    item           TEXT NOT NULL,
    entries        TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    UNIQUE (item, entries)
) STRICT;
