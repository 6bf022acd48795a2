"""Dates as people and systems write them in the United Kingdom.

Promises: a date that is read is the only one it can mean; a year of two digits, a month before a day
(03/27/2015) and a day that does not exist are read as none. Day and month are taken in the British order,
as every local authority's export writes them.
"""

import re
from datetime import date, datetime
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A time of day may follow, as spreadsheets and databases append midnight.
_TIME: Final = r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_FORMS: Final = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})" + _TIME),
    re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})" + _TIME),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(r"(?P<d>\d{1,2})[/. -](?P<m>\d{1,2})[/. -](?P<y>\d{4})" + _TIME),
    re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[ -](?P<m>[a-z]{3,9})[ -](?P<y>\d{4})", re.IGNORECASE),
)


def read_date(written: object) -> date | None:
    """Give the date that a value means; None where it means none, or could mean two."""
    if isinstance(written, datetime):
        return written.date()
    if isinstance(written, date):
        return written
    if not isinstance(written, str) or not written.isascii():
        return None
    bare = " ".join(written.split())
    for form in _FORMS:
        found = form.fullmatch(bare)
        if found is not None:
            return _date(found["y"], found["m"], found["d"])
    return None


def _date(year: str, month: str, day: str) -> date | None:
    if month.isdecimal():
        number = int(month)
    elif month[:3].lower() in _MONTHS:
        number = _MONTHS.index(month[:3].lower()) + 1
    else:
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None
