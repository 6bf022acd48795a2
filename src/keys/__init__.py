"""Keys, seals, signatures and proofs. Knows no purpose; does no I/O except in `keys.store`."""
