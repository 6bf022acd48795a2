"""Random values of every model of the protocol, made from the models themselves."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import BaseModel

from broker.protocol import act, body, declaration, frame, record, wire
from broker.protocol.member import bounds
from keys import base64url
from policies.question import Question
from tests.policies.strategies import questions

DECLARATIONS: tuple[type[Any], ...] = declaration.Declaration.__args__
BODIES: tuple[type[Any], ...] = body.Body.__args__
AGENCY_ACTS: tuple[type[Any], ...] = act.AgencyAct.__args__
PERSON_ACTS: tuple[type[Any], ...] = act.PersonAct.__args__
RECORDS: tuple[type[Any], ...] = record.Record.__origin__.__args__  # type: ignore[attr-defined]
FRAMES: tuple[type[Any], ...] = tuple(
    dict.fromkeys(
        (
            frame.Request,
            frame.Response,
            *frame.ASKED_OF_HUB.values(),
            *frame.ASKED_OF_ADAPTER.values(),
            *frame.ANSWERED.values(),
        )
    )
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
HUBS = st.text("0123456789abcdef", min_size=32, max_size=32)
AGENCIES = st.from_regex(r"\A[a-z][a-z0-9-]{1,39}\Z")
UUIDS = st.uuids().map(str)
BYTES_32 = st.binary(min_size=32, max_size=32).map(base64url.encode)
SECONDS = st.integers(0, 253_402_300_799)


def _token(parts: tuple[bytes, bytes, bytes]) -> str:
    return ".".join(base64url.encode(part) for part in parts)


_SOME_BYTES = st.binary(min_size=1, max_size=40)
_MADE: dict[type[Any], st.SearchStrategy[Any]] = {}
NAMED: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    (wire.HubId, HUBS),
    (wire.AgencyId, AGENCIES),
    (wire.PersonId, st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")),
    (wire.Jti, UUIDS),
    (wire.Digest, BYTES_32),
    (wire.Seconds, SECONDS),
    (wire.Token, st.tuples(_SOME_BYTES, _SOME_BYTES, _SOME_BYTES).map(_token)),
    (frame.FrameId, st.from_regex(r"\A[A-Za-z0-9_-]{1,36}\Z")),
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(1 << 63), (1 << 63) - 1),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)) | st.datetimes(),
    Any: st.none() | st.booleans() | TEXT | st.lists(TEXT, max_size=2),
    NoneType: st.none(),
    Question: questions(),
}


def values(model: type[Any]) -> st.SearchStrategy[Any]:
    """Any value of a model."""
    if model not in _MADE:
        _MADE[model] = _make(model)
    return _MADE[model]


def _make(model: type[Any]) -> st.SearchStrategy[Any]:
    mend = _MEND.get(model, _as_it_is)
    return st.fixed_dictionaries({name: _of(annotation) for name, annotation in _members(model).items()}).map(
        lambda drawn: model(**mend(drawn))
    )


def _members(model: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    names = model.model_fields if issubclass(model, BaseModel) else [each.name for each in fields(model)]
    return {name: hints[name] for name in names}


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    for alias, strategy in NAMED:
        if annotation == alias:
            return strategy
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of(*(_of(each) for each in inner))
    if origin is Annotated:
        return _bounded(inner[0], annotation.__metadata__)
    if origin is list:
        return st.lists(_of(inner[0]), max_size=3)
    if origin is tuple:
        return st.lists(_of(inner[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_of(inner[0]), _of(inner[1]), max_size=3)
    if issubclass(annotation, StrEnum):
        return st.sampled_from(annotation)
    if is_dataclass(annotation) or issubclass(annotation, BaseModel):
        return st.deferred(lambda: values(annotation))
    raise TypeError(annotation)


def _bounded(of: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    said = bounds(metadata).strip()
    if said.startswith("`"):
        return st.from_regex(said.strip("`").replace("^", r"\A", 1).removesuffix("$") + r"\Z")
    least, most = _range(said)
    if of is int:
        return st.integers(least, (1 << 63) - 1 if most is None else most)
    if of is str:
        # Long texts take long and find nothing: the bounds have a test of their own.
        return st.text(st.characters(codec="utf-8"), min_size=least, max_size=min(40, most or 40))
    inner = get_args(of)
    if get_origin(of) is dict:
        return st.dictionaries(_of(inner[0]), _of(inner[1]), min_size=least, max_size=least + 2)
    return st.lists(
        _of(inner[0]), min_size=least, max_size=min(most or 3, least + 2), unique=_is_closed(inner[0])
    )


def _is_closed(annotation: Any) -> bool:
    # A closed set, of which each word is named once.
    return isinstance(annotation, type) and issubclass(annotation, StrEnum)


def _range(said: str) -> tuple[int, int | None]:
    low, _, high = said.replace(",", "").lstrip("≤≥ ").partition("–")
    if said.startswith("≤"):
        return 1, int(low)
    return int(low), (int(high) if high else None if said.startswith("≥") else int(low))


def _as_it_is(drawn: dict[str, Any]) -> dict[str, Any]:
    return drawn


def _declared(drawn: dict[str, Any]) -> dict[str, Any]:
    drawn["iat"], drawn["exp"], drawn["needed_until"] = sorted(
        (drawn["iat"], drawn["exp"], drawn["needed_until"])
    )
    hub = "".join(f"{ord(letter) % 16:x}" for letter in drawn["aud"][0].ljust(32, "0"))[:32]
    drawn["aud"] = [hub, f"{drawn['iss'][:39]}x"]
    for name in ("article6", "article9", "schedule1_paragraph", "article10", "gateway", "confidentiality"):
        object.__setattr__(drawn["grounds"], name, "GDPR6-1E" if getattr(drawn["grounds"], name) else None)
    if drawn["consent"].reference is not None:
        object.__setattr__(drawn["consent"], "reference", drawn["jti"])
    return drawn


def _ask(drawn: dict[str, Any]) -> dict[str, Any]:
    return _declared(drawn | {"exchange": drawn["jti"]})


def _notice(drawn: dict[str, Any]) -> dict[str, Any]:
    kind = drawn["notice"]
    if kind in (declaration.NoticeKind.OUTCOME, declaration.NoticeKind.CORRECTION):
        drawn["regards"] = drawn["regards"] or drawn["exchange"]
    correction = kind is declaration.NoticeKind.CORRECTION
    drawn["corrects"] = (drawn["corrects"] or drawn["jti"]) if correction else None
    return _declared(drawn | {"exchange": drawn["regards"] or drawn["jti"]})


def _message(drawn: dict[str, Any]) -> dict[str, Any]:
    return _declared(drawn | {"regards": drawn["exchange"]})


def _body_with_entries(drawn: dict[str, Any]) -> dict[str, Any]:
    people = len(drawn["subjects"])
    drawn["entries"] = [
        entry.model_copy(update={"subject": entry.subject % people}) for entry in drawn["entries"]
    ]
    if drawn.get("result") == "nil":
        drawn["entries"] = []
    if "redactions" in drawn:
        held = len(drawn["entries"])
        drawn["redactions"] = [
            one.model_copy(update={"entry": one.entry if (one.entry or 0) < held else None})
            for one in drawn["redactions"]
        ]
        drawn["conditions"] = drawn["conditions"] or "Not onward without the source's word."
    return drawn


def _agreement(drawn: dict[str, Any]) -> dict[str, Any]:
    agreement = drawn["agreement"]
    object.__setattr__(agreement, "id", "northtown-2026")
    object.__setattr__(agreement, "starts", datetime(2026, 1, 1, tzinfo=UTC))
    ends = None if agreement.ends is None else datetime(2027, 1, 1, tzinfo=UTC)
    object.__setattr__(agreement, "ends", ends)
    return drawn


def _one(drawn: dict[str, Any]) -> dict[str, Any]:
    if (drawn["ok"] is None) == (drawn["problem"] is None):
        drawn |= {"ok": {}, "problem": None}
    return drawn


_MEND: dict[type[Any], Callable[[dict[str, Any]], dict[str, Any]]] = {
    declaration.Ask: _ask,
    declaration.Item: _declared,
    declaration.Notice: _notice,
    declaration.Message: _message,
    body.ItemBody: _body_with_entries,
    body.NoticeBody: _body_with_entries,
    act.AgreementSigning: _agreement,
    frame.Response: _one,
}
