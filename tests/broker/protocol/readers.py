"""Every way bytes come in, by name: the model and what reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from broker.protocol import act, body, declaration, record
from broker.protocol.declaration import Kind
from broker.protocol.evidence import Evidence, HubKeys
from broker.protocol.problem import Problem
from broker.protocol.wire import parse_wire
from keys.errors import Rejected
from tests.broker.protocol.strategies import (
    AGENCY_ACTS,
    BODIES,
    DECLARATIONS,
    FRAMES,
    PERSON_ACTS,
    RECORDS,
)
from tests.broker.protocol.tokens import unsigned


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """`read` takes the JSON bytes of a `model` as they would come in."""

    model: type[Any]
    read: Callable[[bytes], Any]


def _kind(model: type[Any], name: str) -> Kind:
    return Kind(model.model_fields[name].default)


def _wire(model: type[Any]) -> Callable[[bytes], Any]:
    return lambda data: parse_wire(model, data)


def _declaration(model: type[Any]) -> Callable[[bytes], Any]:
    typ = declaration.TYP[_kind(model, "kind")]
    return lambda data: declaration.parse_declaration(unsigned(typ, data))[1]


def _agency_act(model: type[Any]) -> Callable[[bytes], Any]:
    return lambda data: act.parse_agency_act(unsigned(act.typ_of(model), data))[1]


def _person_act(model: type[Any]) -> Callable[[bytes], Any]:
    return lambda data: act.parse_person_act(unsigned(act.typ_of(model), data))[1]


def _record(data: bytes) -> Any:
    return record.parse_record(unsigned(record.TYP, data))[1]


def _body(model: type[Any]) -> Callable[[bytes], Any]:
    return lambda data: body.parse_body(_kind(model, "body"), data)


READERS: dict[str, Reader] = {
    reader.model.__name__: reader
    for reader in (
        *(Reader(model=model, read=_declaration(model)) for model in DECLARATIONS),
        *(Reader(model=model, read=_agency_act(model)) for model in AGENCY_ACTS),
        *(Reader(model=model, read=_person_act(model)) for model in PERSON_ACTS),
        *(Reader(model=model, read=_body(model)) for model in BODIES),
        *(Reader(model=model, read=_wire(model)) for model in FRAMES),
        Reader(model=Evidence, read=_wire(Evidence)),
        Reader(model=HubKeys, read=_wire(HubKeys)),
    )
}
# Some records have the names of frames and acts.
READERS |= {
    f"record:{model.model_fields['record'].default}": Reader(model=model, read=_record) for model in RECORDS
}


def reason_of(error: Exception) -> str | None:
    """What narrows it down: a problem's reason, or the code of what `keys` refused."""
    match error:
        case Problem():
            return error.reason
        case Rejected():
            return error.code
        case _:
            return None
