"""The protocol as tables: functions from the models to Markdown, so that what is published cannot drift.

Each fills a generated block of docs/protocol.md. A member marked `?` may be left out; every model is closed.
"""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

from broker.protocol import act, body, declaration, frame, life, problem, record, wire
from broker.protocol.declaration import Kind
from broker.protocol.frame import ANSWERED, ASKED_BY_POST
from broker.protocol.member import described, joined, kinds_in, members
from keys import context, dpop, keyset, sealing
from keys.errors import MalformedInput
from keys.padding import SizeClass
from policies.finding import Finding, Need

_DECLARATIONS: Final = {
    Kind.ASK: declaration.Ask,
    Kind.ITEM: declaration.Item,
    Kind.NOTICE: declaration.Notice,
    Kind.MESSAGE: declaration.Message,
}
_BODIES: Final = (body.AskBody, body.ItemBody, body.NoticeBody, body.MessageBody)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _sentence(of: type[Any]) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(of) or "").split("\n\n")[0].split())


def _nested(models: Iterable[type[Any]], *, but: Iterable[type[Any]] = ()) -> list[type[Any]]:
    """Every model and dataclass inside these, each once, in the order met."""
    found: dict[type[Any], None] = {}
    waiting = list(models)
    told = {*waiting, *but}
    while waiting:
        for inner in kinds_in(waiting.pop(0)):
            if inner not in told and (is_dataclass(inner) or issubclass(inner, BaseModel)):
                told.add(inner)
                found[inner] = None
                waiting.append(inner)
    return list(found)


def _models(models: Iterable[type[Any]]) -> str:
    return _table(
        ("model", "members", "what it is"),
        ((f"`{model.__name__}`", described(model), _sentence(model)) for model in models),
    )


def texts_table() -> str:
    """The texts with a form of their own."""
    named = (
        ("hub id", wire.HUB_ID, "names a hub for good"),
        ("agency id", wire.AGENCY_ID, "chosen when the agency is added"),
        (
            "person id",
            _pattern(wire.PersonId),
            "a staff number or account name, not a subject's",
        ),
        ("uuid", wire.UUID, "RFC 9562, unique per issuer"),
        ("digest", _pattern(wire.Digest), "32 bytes in base64url"),
        ("JWS", _pattern(wire.Token), "compact, at most 262,144 characters"),
        ("frame id", _pattern(frame.FrameId), "chosen by whoever asks"),
    )
    return _table(("word", "form", "what it is"), ((word, f"`{form}`", what) for word, form, what in named))


def _pattern(alias: Any) -> str:
    return str(alias.__metadata__[0].pattern)


def contexts_table() -> str:
    """The context strings of hashes and MACs."""
    rows = [
        (name.lower().replace("_", " "), f"`{value[:-1].decode()}` and a NUL")
        for name, value in vars(context).items()
        if isinstance(value, bytes)
    ]
    return _table(("for", "context"), rows)


def sizes_table() -> str:
    """The size classes of sealed bodies."""
    sealed = {size: length for length, size in _sealed_lengths()}
    rows = [(f"{size - 4:,}", f"{size:,}", f"{sealed[size]:,}") for size in SizeClass]
    return _table(("bytes of body at most", "padded", "sealed, as JSON"), rows)


def _sealed_lengths() -> list[tuple[int, SizeClass]]:
    found = []
    for size in SizeClass:
        length = size * 4 // 3
        while True:
            try:
                found.append((length, sealing.size_class(length)))
                break
            except MalformedInput:
                length += 1
    return found


def typ_table() -> str:
    """Every `typ` of the models here, by who signs it."""
    signed = {
        "the sending agency's signing key": declaration.TYP.values(),
        "the acting agency's signing key": [act.typ_of(model) for model in act.AgencyAct.__args__],
        "the acting person's key": [act.typ_of(model) for model in act.PersonAct.__args__],
        "the agency's identity key": [keyset.TYP],
        "the hub's decision key": [record.TYP],
        "the adapter's own key, in the header": [dpop.TYP],
    }
    return _table(
        ("signed by", "typ"), ((who, ", ".join(f"`{typ}`" for typ in typs)) for who, typs in signed.items())
    )


def declaration_models() -> str:
    """The members of each declaration and of what is inside."""
    common = members(declaration.Message)
    shared = [name for name in common if all(name in members(each) for each in _DECLARATIONS.values())]
    own = {"kind?"}
    rows = [("every kind", joined((n, t) for n, t in common.items() if n in shared and n not in own), "")]
    for kind, model in _DECLARATIONS.items():
        mine = ((n, t) for n, t in members(model).items() if n not in shared or n in own)
        rows.append((f"`{declaration.TYP[kind]}`", joined(mine), _sentence(model)))
    inner = _nested(_DECLARATIONS.values())
    rows += [(f"`{model.__name__}`", described(model), _sentence(model)) for model in inner]
    return _table(("model", "members", "what it is"), rows)


def body_models() -> str:
    """The members of each body and of what is inside."""
    return _models([*_BODIES, *_nested(_BODIES)])


def act_models() -> str:
    """The acts, what each says beyond what all say."""
    rows = []
    for who, union, common in (
        ("agency", act.AgencyAct.__args__, members(act.Nil)),
        ("person", act.PersonAct.__args__, members(act.AgencyStop)),
    ):
        shared = [n for n in common if all(n in members(model) for model in union) and n != "act?"]
        rows.append(
            (
                f"every act of {'an agency' if who == 'agency' else 'a person'}",
                joined((n, common[n]) for n in shared),
                "",
            )
        )
        for model in union:
            own = ((n, t) for n, t in members(model).items() if n not in shared)
            rows.append((f"`{act.typ_of(model)}`", joined(own), _sentence(model)))
    return _table(("act", "members", "what it says"), rows)


def record_models() -> str:
    """The kinds of record and what is inside."""
    kinds = list(record.Record.__origin__.__args__)  # type: ignore[attr-defined]  # a union inside Annotated
    shared = ("at", "v?")
    common = members(record.Lapsed)
    rows = [("every record", joined((n, common[n]) for n in shared), "")]
    for model in kinds:
        own = ((n, t) for n, t in members(model).items() if n not in (*shared, "record?"))
        rows.append((f"`{model.model_fields['record'].default}`", joined(own), _sentence(model)))
    rows += [
        (f"`{model.__name__}`", described(model), _sentence(model))
        for model in _nested(kinds, but=_nested(_DECLARATIONS.values()))
    ]
    return _table(("record", "members", "what it says"), rows)


def verbs_table() -> str:
    """Who asks what of whom, with which models."""
    asked = [(verb, "hub", model) for verb, model in ASKED_BY_POST.items()]
    asked += [(verb, "adapter", model) for verb, model in frame.ASKED_OF_ADAPTER.items()]
    rows = [
        (f"`{verb.value}`", of, f"`{model.__name__}`", f"`{ANSWERED[verb].__name__}`")
        for verb, of, model in asked
    ]
    return _table(("verb", "asked of the", "body", "answer"), rows)


def verb_models() -> str:
    """The models of the verbs and what is inside."""
    models: dict[type[Any], None] = {}
    for verb in frame.Verb:
        asked = ASKED_BY_POST.get(verb) or frame.ASKED_OF_ADAPTER[verb]
        models |= {asked: None, ANSWERED[verb]: None}
    return _models([frame.Request, frame.Response, *models, *_nested(models, but=(Finding, Need))])


def life_table() -> str:
    """The life of an envelope, line by line."""
    rows = [(start.value, event.value, end.value) for (start, event), end in life.TABLE.items()]
    return _table(("state", "event", "next state"), rows)


def problems_table() -> str:
    """The codes of problems."""
    return _table(
        ("code", "status", "title"),
        ((f"`{code}`", str(status), title) for code, (status, title) in problem.TITLES.items()),
    )


def closed_sets() -> str:
    """The words of every closed set that crosses a wire."""
    everything = [
        *_DECLARATIONS.values(), *_BODIES, *act.AgencyAct.__args__, *act.PersonAct.__args__,
        *record.Record.__origin__.__args__,  # type: ignore[attr-defined]  # as above
        *ASKED_BY_POST.values(), *ANSWERED.values(), *frame.ASKED_OF_ADAPTER.values(),
    ]  # fmt: skip
    found: dict[type[StrEnum], None] = {}
    for model in [*everything, *_nested(everything)]:
        for inner in kinds_in(model):
            if issubclass(inner, StrEnum):
                found[inner] = None
    return _table(
        ("set", "words"),
        (
            (f"`{each.__name__}`", ", ".join(f"`{word.value}`" for word in each))
            for each in sorted(found, key=lambda one: one.__name__)
        ),
    )
