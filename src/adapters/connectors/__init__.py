"""How an adapter reads its agency's record systems: one narrow, read-only interface; one folder of records."""
