-- An adapter's journal, version 2: identities that changed.

-- The identity that the hub shows for a pinned agency in place of the one pinned. It is believed only once a person here
-- has heard its fingerprint from the agency itself; until then nothing is sealed to that agency.
CREATE TABLE changed_identity (
    agency         TEXT PRIMARY KEY,
    entry          TEXT NOT NULL,
    shown_at       INTEGER NOT NULL
) STRICT;

-- Pins that are in force no more, and why: `confirmed-anew` or `forgotten`. What they signed is still proved with them.
CREATE TABLE former_pin (
    seq            INTEGER PRIMARY KEY,
    agency         TEXT NOT NULL,
    entry          TEXT NOT NULL,
    pinned_at      INTEGER NOT NULL,
    confirmed_at   INTEGER,
    ended_at       INTEGER NOT NULL,
    why            TEXT NOT NULL
) STRICT;
CREATE INDEX former_pin_agency ON former_pin (agency);
