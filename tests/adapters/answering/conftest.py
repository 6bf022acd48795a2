"""A hub and adapters, as the core's tests have them."""

from tests.adapters.core.conftest import hub_settings, limits, pair, poll, town

__all__ = ["hub_settings", "limits", "pair", "poll", "town"]
