"""How an agency comes to be known: its code, its keys, proof that it holds them, and access tokens after
that."""
