-- An adapter's journal, version 5: exchanges put into an enquiry by hand.

-- An exchange may be in several enquiries. The name is ours, may name a person, and is never sent.
CREATE TABLE enquiry_member (
    seq            INTEGER PRIMARY KEY,
    exchange       TEXT NOT NULL,
    sealed_enquiry BLOB NOT NULL,
    added_at       INTEGER NOT NULL
) STRICT;
