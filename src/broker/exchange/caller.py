"""Who asks the hub for something, as the edge has authenticated it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An agency by its access token; `generation` is that of its live connection or of its polls, None
    where a request over plain HTTP names none.
    """

    agency: str
    kid: str
    generation: int | None = None
