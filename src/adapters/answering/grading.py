"""A 3x5x2 grading as people write it: `2BP` is an untested source, corroborated, lawful sharing permitted."""

import re
from typing import Final

from broker.protocol.body import Grading

_GRADING: Final = re.compile(r"([123])\s*/?\s*([A-E])\s*/?\s*([PC])", re.IGNORECASE)


def parse_grading(text: str) -> Grading | None:
    """Read a grading; None where it is not one."""
    match = _GRADING.fullmatch(text.strip())
    if match is None:
        return None
    source, information, handling = match.groups()
    return Grading.model_validate(
        {"source": int(source), "information": information.upper(), "handling": handling.upper()}
    )


def written(grading: Grading) -> str:
    """Write a grading, such as `2BP`."""
    return f"{grading.source}{grading.information}{grading.handling}"
