"""What a picture is made of: plain values out of the journal, with bodies opened."""

from collections.abc import Mapping
from dataclasses import dataclass

from broker.protocol.body import Body
from broker.protocol.declaration import Declaration
from policies.vocabulary import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One opened envelope. `mine`: we sent it. `at` is when its sender wrote it, Unix seconds."""

    declaration: Declaration
    body: Body
    mine: bool

    @property
    def at(self) -> int:
        """When its sender wrote it, Unix seconds."""
        return self.declaration.iat


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An envelope that came and was not opened: `outcome` is the word of its receipt."""

    exchange: str
    sender: str
    categories: tuple[Category, ...]
    at: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStanding:
    """How an ask of ours stands. `trouble` says in a sentence why it never got to the source; `closed` gives
    the categories in which nothing was handed over by the due time, and when the hub said so. Unix seconds.
    """

    exchange: str
    to: str
    categories: tuple[Category, ...]
    asked_at: int
    due_at: int | None = None
    trouble: str | None = None
    undelivered: bool = False
    withdrawn: bool = False
    closed: Mapping[Category, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyNamed:
    """An agency by id, name and whom to ring there."""

    id: str
    name: str
    duty_contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Everything of one enquiry. `me` is our agency, `at` the moment it was gathered, Unix seconds."""

    enquiry: str
    me: str
    at: int
    told: tuple[Told, ...]
    asks: tuple[AskStanding, ...]
    unreadable: tuple[Unreadable, ...] = ()
    agencies: tuple[AgencyNamed, ...] = ()
