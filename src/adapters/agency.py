"""`agency.json`: which agency this is, at which hub, and what was pinned of the hub at enrolment. No secrets.

Promises that a file read is whole and strictly shaped. Where the keys lie is `keyring`'s.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from adapters.errors import Unusable
from broker.protocol.evidence import HubKeys
from broker.protocol.problem import Problem
from broker.protocol.wire import AgencyId, Seconds, Wire, parse_wire
from keys import store

FILE: Final = "agency.json"


class Settings(Wire):
    """Limits and habits, each with its reason."""

    credit: Annotated[int, Field(ge=1, le=256)] = 64
    """Envelopes the hub may hand over before it has a receipt: bounds what is in memory at once."""
    in_flight: Annotated[int, Field(ge=1, le=1_000)] = 64
    """Envelopes of ours under way to the hub at once."""
    watch_ms: Annotated[int, Field(ge=10, le=10_000)] = 100
    """How often the running adapter looks for rows written by a command."""
    follow_seconds: Annotated[int, Field(ge=1, le=3_600)] = 30
    """How often the state of open envelopes is asked for when no hint came."""
    accept_within: Annotated[int, Field(ge=60, le=86_400)] = 86_400
    """Seconds in which the hub may take a declaration for the first time; later it is written anew."""
    needed_within: Annotated[int, Field(ge=60, le=366 * 86_400)] = 30 * 86_400
    """Seconds for which an envelope is of use where nobody said otherwise."""
    seal_again: Annotated[int, Field(ge=0, le=10)] = 3
    """How often one content is sealed again after `cannot_open`, so that two faulty ends do not loop."""
    key_set_days: Annotated[int, Field(ge=1, le=3_660)] = 400
    """Life of a key set."""
    rotate_days: Annotated[int, Field(ge=0, le=3_660)] = 60
    """Days before the end of its key set from which the running adapter rotates it by itself, though never in
    the first three quarters of its life; 0 leaves it to a person.
    """
    overlap_seconds: Annotated[int, Field(ge=0, le=366 * 86_400)] = 3_600
    """For how long peers that have not heard of a rotation may still seal to the old key."""
    drain_seconds: Annotated[int, Field(ge=0, le=3 * 366 * 86_400)] = 60 * 86_400
    """For how long after that the old key is kept to open mail on its way; at least `needed_within` of one's
    peers.
    """
    contact_working_days: Annotated[int, Field(ge=1, le=30)] = 1
    """Working days within which a person is to have seen a contact. Working Together to Safeguard Children
    gives one working day for the decision on a referral; that this is your area's clock is to be confirmed.
    """


class AgencyFile(Wire):
    """The file's content."""

    agency: AgencyId
    hub_url: str
    ca_file: str | None = None
    hub: HubKeys
    enrolled_at: Seconds
    settings: Settings = Settings()


def save(state: Path, agency: AgencyFile) -> None:
    """Write `agency.json`, whole or not at all."""
    store.write_secret(state / FILE, agency.model_dump_json(indent=2).encode() + b"\n")


def load(state: Path) -> AgencyFile:
    """Read `agency.json`.

    Raises:
        Unusable: `not-enrolled`, or `agency-file` when it is not what enrolment wrote.
    """
    try:
        data = (state / FILE).read_bytes()
    except FileNotFoundError:
        raise Unusable(
            "not-enrolled", f"No agency is enrolled in {state}: run gatehouse-adapter enrol first."
        ) from None
    try:
        return parse_wire(AgencyFile, data)
    except Problem as problem:
        raise Unusable(
            "agency-file", f"{state / FILE} is not as enrolment wrote it: {problem.detail}."
        ) from None
