"""Pure cryptography and proofs: keys, signatures, sealing, the log's tree.

Promises: no I/O, no clock, no ids made here; `keys.store` (files) is the one edge. Sealing and key
generation draw their own randomness. Knows nothing of purposes, policies or envelopes' lives.
"""
