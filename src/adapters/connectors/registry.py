"""Which kinds of record system there are, and how `KIND:PLACE` is opened.

Promises: nothing of a kind is imported before one of it is opened; a kind that is not here, or a place that
is not one, is refused with what to write instead. To add a kind: one line in `KINDS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from adapters.errors import WrongOrder

if TYPE_CHECKING:
    # Only for its name: every command shows the kinds in its help, and must start quickly.
    from adapters.connectors.connector import Connector

UNKNOWN: Final = "unknown-connector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record system. `place` says in one word what stands after the colon; `opener` is
    `module:function` in this package, which takes the place as text and raises `WrongOrder` where it is none.
    """

    place: str
    does: str
    opener: str


KINDS: Final = MappingProxyType({
    "fhir": Kind(place="DIR", does="a folder of FHIR R4 JSON", opener="fhir_folder:open_folder"),
    "fhir-server": Kind(place="URL", does="a FHIR R4 server, or FILE.toml", opener="fhir_server:open_server"),
    "sql": Kind(place="MAPPING.toml", does="a PostgreSQL or SQLite database", opener="sql_source:open_sql"),
    "cin": Kind(place="FILE.xml", does="a Children in Need census, or DIR", opener="cin_source:open_cin"),
    "extract": Kind(place="FILE.csv", does="an extract, with its page", opener="extract_source:open_extract"),
    "python": Kind(place="FILE.py", does="your own in Python", opener="python_file:open_file"),
})  # fmt: skip
"""Every kind of record system, by the word before the colon."""


def described() -> str:
    """All kinds in one line, as help and errors show them."""
    return ", ".join(f"{name}:{kind.place} ({kind.does})" for name, kind in KINDS.items())


def kind_of(named: str) -> tuple[Kind, str]:
    """Give the kind and the place of `KIND:PLACE`. Raises WrongOrder, `unknown-connector`."""
    word, _, place = named.partition(":")
    kind = KINDS.get(word)
    if kind is None:
        raise WrongOrder(UNKNOWN, f"A record system is named as KIND:PLACE: {described()}.")
    if not place:
        raise WrongOrder(UNKNOWN, f"A record system of this kind is named as {word}:{kind.place}.")
    return kind, place


def open_connector(named: str) -> "Connector":
    """Open `KIND:PLACE` in this very process; `bounded.Bounded` opens it behind limits.

    Raises:
        WrongOrder: `unknown-connector`, or what the kind says of its place.
    """
    kind, place = kind_of(named)
    module, _, function = kind.opener.partition(":")
    opener = cast(
        "Callable[[str], Connector]", getattr(import_module(f"adapters.connectors.{module}"), function)
    )
    return opener(place)


def existing(place: str, *, folder: bool, what: str) -> Path:
    """Give a place as a path that is there. Raises WrongOrder, `unknown-connector`."""
    path = Path(place)
    if not (path.is_dir() if folder else path.is_file()):
        raise WrongOrder(UNKNOWN, f"That {what} is not there, or is no {'folder' if folder else 'file'}.")
    return path
