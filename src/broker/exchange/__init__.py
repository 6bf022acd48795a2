"""The hub's use cases: one verb a file, each owning its transaction. Every one is idempotent by issuer and
id.
"""
