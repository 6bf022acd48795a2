"""Working days, as far as they can be known here. Pure.

Promises: Saturdays and Sundays do not count. Does not know bank holidays: a clock over one runs out too
early, never too late.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


def working_days_after(at: int, days: int) -> int:
    """The same time of day so many working days later; instants are Unix seconds, days are those of UTC."""
    due = datetime.fromtimestamp(at, UTC)
    for _ in range(days):
        due += _DAY
        while due.weekday() >= _SATURDAY:
            due += _DAY
    return int(due.timestamp())
