"""The embedded PostgreSQL: `start` it, use its `url`, `stop` it."""

from broker.store.postgres.embedded import Embedded, start
from broker.store.postgres.errors import DatabaseUnavailable

__all__ = ["DatabaseUnavailable", "Embedded", "start"]
