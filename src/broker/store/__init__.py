"""The hub's one source of truth: PostgreSQL, in named queries."""
