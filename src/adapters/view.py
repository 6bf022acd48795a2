"""What the desk shows: plain values read out of the journal. Only `Opened` holds readable words; print it,
never store it.
"""

from dataclasses import dataclass
from enum import StrEnum

from adapters.contradiction import Contradiction, Shown
from broker.protocol.act import ReceiptOutcome
from broker.protocol.body import Body, OutcomeTold
from broker.protocol.declaration import Declaration, Kind, NoticeKind
from broker.protocol.life import State
from policies.finding import Finding, Need
from policies.vocabulary import Category, Outcome, Rating, Sector


class Progress(StrEnum):
    """How far this adapter has got with an envelope it sends."""

    READY = "ready"
    """Journalled; not yet declared, or the answer was lost."""
    HELD = "held"
    """The hub holds it; something is missing."""
    PROVED = "proved"
    """Permitted, and the proof verified; the body goes next."""
    DEPOSITED = "deposited"
    """The hub has the body; the recipient has not opened it yet."""
    ENDED = "ended"
    """At one of the life's endings, for an ask also once every category has its item or its closure."""
    FAILED = "failed"
    """Stopped here: refused as malformed, or the hub's proof did not hold."""


class TaskState(StrEnum):
    """What became of one category of an ask received here."""

    WAITING = "waiting"
    PREPARED = "prepared"
    ANSWERED = "answered"
    DECLINED = "declined"
    NIL = "nil"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureSeen:
    """A category in which nothing was handed over by the due time, as the hub told the asker."""

    category: Category
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An envelope of ours. `answered` are the categories of an ask for which an item was opened here.

    `opened_at`: when the hub recorded the recipient's receipt. `problem_code` and `problem` say why it
    FAILED. `replaced_by` names the envelope in which it was sealed again.
    """

    jti: str
    exchange: str
    kind: Kind
    recipient: str
    categories: tuple[Category, ...]
    created_at: int
    progress: Progress
    state: State | None = None
    outcome: Outcome | None = None
    findings: tuple[Finding, ...] = ()
    needs: tuple[Need, ...] = ()
    index: int | None = None
    due_at: int | None = None
    undelivered: bool = False
    closures: tuple[ClosureSeen, ...] = ()
    answered: tuple[Category, ...] = ()
    problem_code: str | None = None
    problem: str | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    enquiry: str | None = None
    opened_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An envelope handed over to us, without its words. `warning`: what our officer should see of it;
    `corrected_by` the notices that correct it.
    """

    jti: str
    exchange: str
    kind: Kind
    sender: str
    categories: tuple[Category, ...]
    received_at: int
    outcome: ReceiptOutcome
    receipt_acknowledged: bool
    warning: str | None = None
    notice: NoticeKind | None = None
    corrected_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An envelope with its readable body, sent or received. `corrected_by` are the notices that correct
    it.
    """

    jti: str
    declaration: Declaration
    body: Body
    mine: bool
    corrected_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A concern told to us. `due_at`: by when a person is to have seen it; `seen_by` their staff number."""

    sender: str
    jti: str
    rating: Rating
    received_at: int
    due_at: int
    seen_at: int | None = None
    seen_by: str | None = None
    decision: OutcomeTold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One category of an ask received here. `confirmable`: the asker may be told that nothing is held.

    `why` is the coded reason for which it waits for a person.
    """

    exchange: str
    category: Category
    asker: str
    rating: Rating
    state: TaskState
    due_at: int
    confirmable: bool
    why: str | None = None
    has_draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActSent:
    """A signed act of ours and what the hub said."""

    jti: str
    act: str
    done: bool
    index: int | None = None
    problem_code: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetState:
    """Our own key set in force. `expires` and `rotates_from` in Unix seconds; `rotating` while its successor
    is on its way to the hub.
    """

    version: int
    expires: int
    rotates_from: int
    rotating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another agency, as pinned here. Nothing is sealed to it before its fingerprint was confirmed by
    telephone, nor while `doubt` says that the hub shows something of it that was refused.
    `changed_fingerprint` is of the identity key that the hub shows in place of the pinned one,
    `former_fingerprints` are of those in force no more, newest first.
    """

    agency: str
    name: str
    sector: Sector
    duty_contact: str
    active: bool
    fingerprint: str
    confirmed_at: int | None
    key_set_version: int
    doubt: str | None = None
    changed_fingerprint: str | None = None
    former_fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What the hub has shown that does not fit, and what the evidence proves. `at` and `ended_at` in Unix
    seconds; `stops`: nothing is sent or taken in because of it. `why` is what the person said who ended it.
    """

    number: int
    code: str
    at: int
    stops: bool
    shows: Shown
    evidence: Contradiction
    ended_at: int | None
    ended_by: str | None
    believed: str | None
    why: str | None
