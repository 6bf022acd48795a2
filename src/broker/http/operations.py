"""Every route as its clients may rely on it: method, path, models, media types, problems, authentication.

`/openapi.json` is made of this and of the models; a test holds it against the router, route by route.
"""

from dataclasses import dataclass
from typing import Final

from broker.enrolment.model import Challenges, Completion, Enrolment, Offer
from broker.http.administration_route import Administered, Administration
from broker.http.answers import (
    Alive,
    HubAnswer,
    PolicyAnswer,
    Readiness,
    TokenAnswer,
    TokenRequest,
)
from broker.protocol.frame import ANSWERED, ASKED_BY_POST, Verb
from broker.protocol.wire import Wire

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

_ANY: Final = ("malformed", "internal", "unavailable")
_BODY: Final = ("too-large", "unsupported", "unprocessable")
_KNOWN: Final = ("unauthenticated", "too-many")
_CHANGES: Final = (
    "forbidden",
    "not-found",
    "conflict",
    "already-answered",
    "replayed-differently",
    "wrong-state",
    "gone",
)
_READS: Final = {
    Verb.STATUS: (),
    Verb.DIRECTORY: (),
    Verb.PROVE: ("not-found",),
    Verb.CONSISTENCY: ("not-found",),
    Verb.SUBJECT_KEY: (),
    Verb.TAKE: ("conflict",),
}
"""Verbs that write nothing of the caller's, with what they refuse beyond what all do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A number in the query."""

    name: str
    least: int
    most: int | None
    needed: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route. `answer` is a model, or a media type where what is answered is no JSON."""

    method: str
    path: str
    does: str
    answer: type[Wire] | str | None
    status: int = 200
    also: tuple[int, ...] = ()
    """Other statuses with the same answer."""
    asked: type[Wire] | None = None
    media_type: str = JSON
    problems: tuple[str, ...] = _ANY
    token: bool = False
    proof: bool = False
    queries: tuple[Query, ...] = ()


def _verb(verb: Verb) -> Operation:
    asked = ASKED_BY_POST[verb]
    return Operation(
        method="post",
        path=f"/v1/{verb.value}",
        does=" ".join((asked.__doc__ or "").split("\n\n")[0].split()),
        asked=asked,
        answer=ANSWERED[verb],
        problems=(*_ANY, *_BODY, *_KNOWN, *_READS.get(verb, _CHANGES)),
        token=True,
    )


OPERATIONS: Final = (
    Operation(method="get", path="/v1/hub", does="The hub's keys and state.", answer=HubAnswer),
    Operation(
        method="post",
        path="/v1/enrolments",
        does="An agency with a code offers its keys and gets its challenges.",
        asked=Offer,
        answer=Challenges,
        status=201,
        problems=(*_ANY, *_BODY, "unauthenticated", "conflict", "gone", "forbidden"),
    ),
    Operation(
        method="post",
        path="/v1/enrolments/complete",
        does="An agency answers every challenge and is enrolled.",
        asked=Completion,
        answer=Enrolment,
        problems=(*_ANY, *_BODY, "unauthenticated", "conflict", "gone", "forbidden"),
    ),
    Operation(
        method="post",
        path="/v1/token",
        does="An access token for a client assertion.",
        asked=TokenRequest,
        media_type=FORM,
        answer=TokenAnswer,
        problems=(*_ANY, *_BODY, "unauthenticated"),
        proof=True,
    ),
    Operation(
        method="get",
        path="/v1/connection",
        does="The live connection: a WebSocket of frames (docs/protocol.md, Transport).",
        answer=None,
        status=101,
        problems=(*_ANY, "unauthenticated"),
        token=True,
        queries=(
            Query(name="credit", least=1, most=256, needed=True, says="Handovers taken without a receipt."),
            Query(name="seen", least=0, most=None, needed=False, says="The newest checkpoint verified."),
        ),
    ),
    *(_verb(verb) for verb in ASKED_BY_POST),
    Operation(
        method="post",
        path="/v1/administration",
        does="A person's signed act takes effect and enters the log; its signature authenticates it.",
        asked=Administration,
        answer=Administered,
        problems=(*_ANY, *_BODY, "unauthenticated", *_CHANGES),
    ),
    Operation(
        method="get",
        path="/v1/policy",
        does="The policy set in force.",
        answer=PolicyAnswer,
        problems=(*_ANY, *_KNOWN),
        token=True,
    ),
    Operation(
        method="get",
        path="/log/checkpoint",
        does="The newest checkpoint, a signed note (C2SP).",
        answer="text/plain",
        problems=(*_ANY, "not-found"),
    ),
    Operation(
        method="get",
        path="/log/tile/{path}",
        does="A tile of the log (C2SP tlog-tiles).",
        answer="application/octet-stream",
        problems=(*_ANY, "not-found"),
    ),
    Operation(method="get", path="/healthz", does="This process answers.", answer=Alive),
    Operation(method="get", path="/readyz", does="The hub can do its work.", answer=Readiness, also=(503,)),
    Operation(method="get", path="/openapi.json", does="This document.", answer=JSON),
)
