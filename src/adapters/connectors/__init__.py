"""How an adapter reads its agency's records: one narrow, read-only interface, and what implements it."""
