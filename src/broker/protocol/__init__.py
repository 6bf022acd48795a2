"""What both ends of an exchange must agree on: declarations, acts, records, bodies, frames, and how each is
proved.

Pure: values in, values out. Nothing here does I/O, reads a clock or makes an id, so that an adapter, the hub
and an offline verifier run the same lines over the same bytes. Knows `policies` (the words) and `keys` (the
proofs); knows neither the hub's store nor an agency's.
"""
