"""`answering.toml` of the state folder: which categories a record system may answer by itself, who approves
the others, and on what grounds.

Promises: a category without a rule waits for a person, an unknown field or word refuses the whole file (an
unreadable rule must not read as permission), no rule makes what `NEVER_AUTOMATIC` names leave by itself, and
nothing here widens what was asked. Does not decide whether a release is lawful.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from adapters.errors import Unusable
from broker.protocol.declaration import Practitioner
from policies.errors import PolicyError
from policies.reading import Reader
from policies.vocabulary import Category, HandlingCode, PractitionerRole, Purpose, SchedulePara18Reason

FILE: Final = "answering.toml"
_LIMIT: Final = 1 << 16


class Release(StrEnum):
    """Whether a prepared answer goes by itself."""

    AUTOMATIC = "automatic"
    """It goes as soon as it is prepared."""
    WAITING = "waiting"
    """A person at the source looks at it first."""
    TWO_PERSONS = "two_persons"
    """One person prepares it and another approves exactly that."""


class Sensitive(StrEnum):
    """What becomes of a category in which the record marks something as sensitive. That never leaves."""

    WAITING = "waiting"
    """A person looks."""
    WITHHELD = "withheld"
    """The rest goes by the category's rule; where there is no rest the category is declined, which the asker
    cannot tell from nothing held, and the reason stays here.
    """


NEVER_AUTOMATIC: Final = frozenset({Category.POLICE_INTELLIGENCE, Category.ADOPTION, Category.SEXUAL_HEALTH})
"""Intelligence needs sanitising by a person; the other two are made of specially protected facts (adoption;
fertility treatment and sexually transmitted infection). Others only *can* hold such a fact, and where a
record does it stays by its mark.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRule:
    """How one category is answered. For a purpose not in `purposes` it waits. `approver` None: any role may
    approve.
    """

    category: Category
    release: Release
    nil: Release
    sensitive: Sensitive = Sensitive.WAITING
    approver: PractitionerRole | None = None
    purposes: tuple[Purpose, ...]
    preset: str
    schedule1: SchedulePara18Reason | None
    handling: HandlingCode
    necessity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRules:
    """Every rule of the file. `practitioner` None: there is no file, everything waits."""

    practitioner: Practitioner | None
    rules: Mapping[Category, ReleaseRule]


NO_RULES: Final = ReleaseRules(practitioner=None, rules=MappingProxyType({}))


class _Malformed(PolicyError):
    """Carries the reader's sentence out."""


def load_rules(folder: Path) -> ReleaseRules:
    """Read `answering.toml` of a state folder; without one everything waits.

    Raises:
        Unusable: `answering-rules`, saying where and what is wrong.
    """
    try:
        data = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return NO_RULES
    except OSError as error:
        raise Unusable(
            "answering-rules", f"{FILE} cannot be read ({error.strerror}); make it readable or take it away."
        ) from None
    return parse_rules(data)


def parse_rules(data: bytes) -> ReleaseRules:
    """Read the file's bytes. Raises Unusable, `answering-rules`."""
    try:
        if len(data) > _LIMIT:
            raise _Malformed(f"the file is larger than {_LIMIT} bytes.")
        whole = Reader(tomllib.loads(data.decode()), at=FILE, error=_Malformed)
        practitioner = whole.one("practitioner", _practitioner)
        named = whole.optional("category")
        whole.end()
        return ReleaseRules(practitioner=practitioner, rules=MappingProxyType(_categories(named)))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Unusable("answering-rules", f"{FILE} is not TOML; look at its quotes and brackets.") from None
    except (_Malformed, RecursionError) as error:
        raise Unusable(
            "answering-rules", f"{error} Put it right; until then nothing is answered by itself."
        ) from None


def _categories(named: object) -> dict[Category, ReleaseRule]:
    if named is None:
        return {}
    section = Reader(named, at="category", error=_Malformed)
    rules = {
        category: _rule(section.optional(category.value), category)
        for category in Category
        if section.optional(category.value) is not None
    }
    section.end()
    return rules


def _rule(value: object, category: Category) -> ReleaseRule:
    reader = Reader(value, at=f"category.{category.value}", error=_Malformed)
    rule = ReleaseRule(
        category=category,
        release=reader.word("release", Release),
        nil=reader.word_or_none("nil", Release) or Release.WAITING,
        sensitive=reader.word_or_none("sensitive", Sensitive) or Sensitive.WAITING,
        approver=reader.word_or_none("approver", PractitionerRole),
        purposes=reader.words("purposes", Purpose),
        preset=reader.text("preset"),
        schedule1=reader.word_or_none("schedule1", SchedulePara18Reason),
        handling=reader.word("handling", HandlingCode),
        necessity=reader.text("necessity"),
    )
    reader.end()
    if category in NEVER_AUTOMATIC and Release.AUTOMATIC in (rule.release, rule.nil):
        raise reader.refuse('may never leave by itself; write "waiting" or "two_persons".')
    if rule.nil is Release.TWO_PERSONS:
        raise reader.refuse('nil is "automatic" or "waiting".')
    if rule.approver is not None and rule.release is Release.AUTOMATIC:
        raise reader.refuse("approver goes with a release that waits; nobody approves what is automatic.")
    return rule


def _practitioner(reader: Reader) -> Practitioner:
    try:
        return Practitioner(id=reader.text("id"), role=reader.word("role", PractitionerRole))
    except ValidationError:
        raise reader.refuse("id is a staff number or account name, without spaces.") from None
