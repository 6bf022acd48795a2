"""Frames: what travels on the one live connection, and, verb by verb, as the bodies of HTTP requests.

Either side asks with an `id`, the other answers with `re`. The same models serve `POST /v1/<verb>`. An
adapter may add `seen`, the size of the newest checkpoint it has verified: proofs sent after that come with a
consistency proof from it.
"""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, model_validator

from broker.protocol.declaration import MAX_SUBJECTS, Kind
from broker.protocol.life import State
from broker.protocol.wire import AgencyId, Digest, Jti, Seconds, ShortText, Token, Wire
from policies.finding import Finding, Need
from policies.vocabulary import Category, Outcome, Rating, Sector

FrameId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,36}$")]
FRAME_LIMIT: Final = 8 << 20
"""A 4 MiB body sealed and in base64url, with room for its declaration and proof."""
SealedText = Annotated[str, StringConstraints(min_length=1, max_length=FRAME_LIMIT)]


class Verb(StrEnum):
    """What may be asked of the hub (all but the last two) or of an adapter (the last two)."""

    DECLARE = "declare"
    PROVE = "prove"
    DEPOSIT = "deposit"
    ACT = "act"
    STATUS = "status"
    DIRECTORY = "directory"
    SUBJECT_KEY = "subject-key"
    CONSISTENCY = "consistency"
    TAKE = "take"
    HANDOVER = "handover"
    CHANGED = "changed"


class Opening(Wire):
    """(t1, r) of one subject: travels beside the declaration, unsigned, and is forgotten once checked."""

    t1: Digest
    r: Digest


class Proof(Wire):
    """A record, its salt, its place under a checkpoint, and how that checkpoint extends one seen before."""

    record: Token
    salt: Digest
    index: int
    size: int
    path: list[Digest]
    checkpoint: Annotated[str, StringConstraints(max_length=16_384)]
    consistency_from: int | None = None
    consistency: list[Digest] = []


class Declare(Wire):
    """Ask the hub to decide on an envelope."""

    declaration: Token
    openings: Annotated[list[Opening], Field(min_length=1, max_length=MAX_SUBJECTS)]


class Declared(Wire):
    """The decision. `proof` is there when the record already lies under a checkpoint; else ask `prove`."""

    envelope: Jti
    exchange: Jti
    state: State
    outcome: Outcome
    findings: list[Finding]
    needs: list[Need]
    confirmable: list[Category] = []
    index: int
    deposit_by: Seconds
    proof: Proof | None = None


class Prove(Wire):
    """Ask for the proof of one's own permitted envelope; the hub waits a moment for its checkpoint."""

    envelope: Jti


class Deposit(Wire):
    """Let the sealed body go: only after the proof has been verified."""

    envelope: Jti
    body: SealedText


class Deposited(Wire):
    """The hub has the body, durably."""

    envelope: Jti
    state: State


class Act(Wire):
    """A signed act; `openings` for a consent's or link's subjects, `sealed` for a passed subject key."""

    act: Token
    openings: Annotated[list[Opening], Field(max_length=MAX_SUBJECTS)] = []
    sealed: SealedText | None = None


class Acted(Wire):
    """The act is in the log's order, durably, at this index."""

    index: int
    state: State | None = None


class Status(Wire):
    """Ask about envelopes one is party to, at most 256 at a time."""

    envelopes: Annotated[list[Jti], Field(min_length=1, max_length=256)]


class Closure(Wire):
    """What the asker is told of a category in which nothing was handed over by the due time."""

    category: Category
    at: Seconds
    sentence: ShortText


class EnvelopeStatus(Wire):
    """An envelope as its sender may see it. `opened_at`: when the recipient's receipt was recorded. Closures
    and due time are the asker's view of an ask.
    """

    envelope: Jti
    state: State
    outcome: Outcome
    findings: list[Finding]
    needs: list[Need]
    index: int
    deposit_by: Seconds
    opened_at: Seconds | None = None
    due_at: Seconds | None = None
    undelivered: bool = False
    closures: list[Closure] = []


class AskedStatus(Wire):
    """An ask as its source may see it once it was handed over: how it is rated now, and when it is due."""

    exchange: Jti
    rating: Rating
    due_at: Seconds


class Statuses(Wire):
    """Those of the asked envelopes that are the caller's, and of the asks among them that were handed over to
    it; what is not yours and what is not there are both left out.
    """

    envelopes: list[EnvelopeStatus]
    asked: list[AskedStatus] = []


class Directory(Wire):
    """Ask who is enrolled, or about one agency."""

    agency: AgencyId | None = None


class DirectoryEntry(Wire):
    """An agency as its peers see it: what is needed to pin, confirm and seal to it."""

    agency: AgencyId
    name: ShortText
    sector: Sector
    duty_contact: ShortText
    active: bool
    identity: dict[str, str]
    key_sets: list[Token]
    revoked: list[str] = []


class DirectoryAnswer(Wire):
    """Every enrolled agency asked for, and the hub's clocks (seconds from handover to due, per rating)."""

    agencies: list[DirectoryEntry]
    clocks: dict[Rating, int]


class SubjectKey(Wire):
    """Ask for the state of `K_A` for an epoch."""

    epoch: Annotated[int, Field(ge=1)]


class SubjectKeyAnswer(Wire):
    """Who was first; what has been sealed to the caller, by whom; which agencies still wait for it. `open` is
    the epoch to use now.
    """

    epoch: int
    open: Annotated[int, Field(ge=1)]
    holder: AgencyId | None
    act: Token | None = None
    sealed: SealedText | None = None
    waiting: list[AgencyId] = []


class Consistency(Wire):
    """Ask how the checkpoint of size `new` (0: the latest) extends that of size `old`."""

    old: Annotated[int, Field(ge=0)]
    new: Annotated[int, Field(ge=0)] = 0


class ConsistencyAnswer(Wire):
    """The consistency proof and, when `new` was 0, the latest checkpoint."""

    old: int
    new: int
    path: list[Digest]
    checkpoint: str | None = None


class Handover(Wire):
    """The hub hands an envelope over: answered by `HandoverTaken` once journalled; its receipt is an act."""

    envelope: Jti
    kind: Kind
    sender: AgencyId
    generation: int
    declaration: Token
    body: SealedText
    proof: Proof
    lease_until: Seconds


class HandoverTaken(Wire):
    """The recipient's adapter has it in its journal; this is not the receipt."""

    envelope: Jti


class Changed(Wire):
    """A hint that these envelopes changed, or that others joined or keys moved: the truth is in `status` and
    `directory`.
    """

    envelopes: list[Jti] = []
    directory: bool = False
    subject_key: bool = False


class Taken(Wire):
    """Answer to a hint."""


class Take(Wire):
    """Ask, without a live connection, for what waits: at most as many handovers are out without a receipt as
    `credit` says. `connection` is the number that the first answer gave; left out, this opens a new one.
    """

    connection: Annotated[int, Field(ge=1)] | None = None
    credit: Annotated[int, Field(ge=1, le=256)]
    wait: Annotated[int, Field(ge=0, le=25)] = 0


class HandedOver(Wire):
    """What is handed over now, what changed while one waited, and the number to ask with next. `more`: ask
    again at once.
    """

    connection: int
    handovers: list[Handover]
    changed: Changed | None = None
    more: bool = False


class Request(Wire):
    """A frame that asks."""

    id: FrameId
    verb: Verb
    body: dict[str, Any]
    seen: int | None = None


class Response(Wire):
    """A frame that answers: either `ok` or `problem` (an RFC 9457 document)."""

    re: FrameId
    ok: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Response":
        if (self.ok is None) == (self.problem is None):
            raise ValueError("an answer has either ok or problem")
        return self


ASKED_OF_HUB: Final[dict[Verb, type[Wire]]] = {
    Verb.DECLARE: Declare,
    Verb.PROVE: Prove,
    Verb.DEPOSIT: Deposit,
    Verb.ACT: Act,
    Verb.STATUS: Status,
    Verb.DIRECTORY: Directory,
    Verb.SUBJECT_KEY: SubjectKey,
    Verb.CONSISTENCY: Consistency,
}
ASKED_BY_POST: Final[dict[Verb, type[Wire]]] = {**ASKED_OF_HUB, Verb.TAKE: Take}
"""Over plain HTTP there is one verb more: on a live connection handovers come by themselves."""
ASKED_OF_ADAPTER: Final[dict[Verb, type[Wire]]] = {Verb.HANDOVER: Handover, Verb.CHANGED: Changed}
ANSWERED: Final[dict[Verb, type[Wire]]] = {
    Verb.DECLARE: Declared,
    Verb.PROVE: Declared,
    Verb.DEPOSIT: Deposited,
    Verb.ACT: Acted,
    Verb.STATUS: Statuses,
    Verb.DIRECTORY: DirectoryAnswer,
    Verb.SUBJECT_KEY: SubjectKeyAnswer,
    Verb.CONSISTENCY: ConsistencyAnswer,
    Verb.TAKE: HandedOver,
    Verb.HANDOVER: HandoverTaken,
    Verb.CHANGED: Taken,
}

CLOSURE_SENTENCE: Final = "No information was shared; this does not mean nothing is held."
