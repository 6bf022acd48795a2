"""The catalogue of lawful bases: what each is, who may rely on it, what it needs beside it, how far it was
checked.

Promises: read strictly from the package's own data, indexed by id, with one digest over all of it. An entry
without `use` is listed so that it can be named and shown, and cannot be relied on. Does not promise legal
advice: `status` and `caution` say what was read, and an information-governance lead signs off what a hub
uses.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from policies.errors import MalformedCatalogue
from policies.finding import Finding, Slot
from policies.party import BodyFact
from policies.policy_set import digest_of
from policies.reading import Reader
from policies.vocabulary import Action, Purpose, Side, Verification


class Layer(StrEnum):
    """Which question of law an entry answers."""

    ARTICLE6 = "art6"
    """A basis under UK GDPR Article 6."""
    ARTICLE9 = "art9"
    """A condition for special categories."""
    ARTICLE10 = "art10"
    """Criminal-offence data."""
    PART3 = "part3"
    """Law-enforcement processing."""
    GATEWAY = "gateway"
    """A power or duty to share."""
    CONFIDENTIALITY = "confidentiality"
    """An answer to the common-law duty of confidence."""
    CONTROL = "control"
    """A duty about how processing is done."""
    BAR_OR_GATE = "bar_or_gate"
    """A bar, or a test to pass first."""
    DEVOLVED = "devolved"
    """Wales and Scotland, for reference."""


class LegEffect(StrEnum):
    """What an entry does for the party that relies on it."""

    PERMITS = "permits"
    """A power."""
    REQUIRES = "requires"
    """A duty of that party's own."""


class Companion(StrEnum):
    """What an entry needs beside it. Each is one small test in `policies.companion`."""

    CONSENT = "consent"
    """A consent that the hub knows and that stands."""
    DUTY_GATEWAY = "duty-gateway"
    """A gateway that lays a duty on this body itself."""
    REASON_PER_SUBJECT = "reason-per-subject"
    """A reason (a), (b) or (c) for each data subject."""
    PROTECTED_PERSON = "protected-person"
    """Somebody under 18, or an adult shown to be at risk, whom this protects."""
    INCAPABLE_SUBJECTS = "incapable-subjects"
    """Every data subject incapable of consenting."""
    OFFICIAL_AUTHORITY_OR_SCHEDULE1 = "official-authority-or-schedule1"
    """Official authority, or a Schedule 1 condition with its other limbs."""
    CONFIDENCE_OVERRIDE = "confidence-override"
    """A gateway whose own words disapply confidence."""
    OTHER_BODY = "other-body"
    """The two parties are different bodies."""
    BOTH_ENDS = "both-ends"
    """The other party, too, is a body within the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """How one side may rely on an entry: on any one of `facts`, each a set of facts that must all be
    recorded."""

    facts: tuple[frozenset[BodyFact], ...]
    effect: LegEffect
    status: Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How an entry may be relied on. `purposes` empty: any. `schedule1`: it may carry an Article 10 claim."""

    asker: Leg | None
    source: Leg | None
    purposes: frozenset[Purpose]
    companions: tuple[Companion, ...]
    schedule1: bool
    overrides_confidence: bool

    def leg(self, side: Side) -> Leg | None:
        """How that side may rely on it; None where it may not."""
        return self.asker if side is Side.ASKER else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One lawful basis, power, duty, bar or gate.

    `in_force_from` the first day (UTC) it may be relied on, where that is recent enough to matter; `who` and
    `caution` are plain words for those who rely on it.
    """

    id: str
    layer: Layer
    title: str
    instrument: str
    effect: str
    tests: str
    confidence: str
    in_force: bool
    in_force_from: date | None
    status: Verification
    caution: str | None
    who: str | None
    use: Use | None

    @property
    def citation(self) -> str:
        """The instrument and the catalogue's id for it, as findings show them."""
        return f"{self.instrument} [{self.id}]"


WordedKey = tuple[str, str | None, Slot | None, Side, Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All entries by id. `as_of` is the day they were last checked.

    `worded` remembers notes already put into words: they depend on the entries alone, so it changes nothing.
    """

    entries: Mapping[str, Entry]
    digest: str
    as_of: date
    worded: dict[WordedKey, Finding] = field(default_factory=dict, init=False, repr=False, compare=False)

    def entry(self, id: str) -> Entry | None:
        """The entry of that id, if there is one."""
        return self.entries.get(id)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue this release carries."""
    return parse_catalogue(json.loads(files("policies").joinpath("data/catalogue.json").read_bytes()))


def parse_catalogue(value: object) -> Catalogue:
    """Read a catalogue from a JSON value.

    Raises:
        MalformedCatalogue: a member is missing, unknown or out of its closed set; or two entries share an id.
    """
    reader = Reader(value, at="catalogue", error=MalformedCatalogue)
    as_of = _day(reader, "as_of")
    entries = reader.objects("entries", _entry)
    reader.end()
    by_id = {entry.id: entry for entry in entries}
    if len(by_id) != len(entries):
        raise reader.refuse("two entries share an id.")
    if as_of is None:
        raise reader.refuse("as_of is missing.")
    return Catalogue(entries=MappingProxyType(by_id), digest=digest_of(value), as_of=as_of)


def _entry(reader: Reader) -> Entry:
    status = reader.word("status", Verification)
    use = None if reader.optional("use") is None else reader.one("use", lambda inner: _use(inner, status))
    who = reader.text_or_none("who")
    if use is not None and who is None:
        raise reader.refuse("an entry that may be relied on says in words by whom.")
    return Entry(
        id=reader.text("id"),
        layer=reader.word("layer", Layer),
        title=reader.text("title"),
        instrument=reader.text("instrument"),
        effect=reader.text("effect"),
        tests=reader.text("tests"),
        confidence=reader.text("confidence"),
        in_force=reader.flag("in_force"),
        in_force_from=_day(reader, "in_force_from"),
        status=status,
        caution=reader.text_or_none("caution"),
        who=who,
        use=use,
    )


def _use(reader: Reader, status: Verification) -> Use:
    return Use(
        asker=_leg_or_none(reader, "asker", status),
        source=_leg_or_none(reader, "source", status),
        purposes=frozenset(reader.words("purposes", Purpose)),
        companions=reader.words("companions", Companion),
        schedule1=reader.flag("schedule1"),
        overrides_confidence=reader.flag("overrides_confidence"),
    )


def _leg_or_none(reader: Reader, name: str, status: Verification) -> Leg | None:
    if reader.optional(name) is None:
        return None
    return reader.one(name, lambda inner: _leg(inner, status))


def _leg(reader: Reader, status: Verification) -> Leg:
    return Leg(
        facts=reader.word_sets("facts", BodyFact),
        effect=reader.word("effect", LegEffect),
        status=reader.word_or_none("status", Verification) or status,
    )


def _day(reader: Reader, name: str) -> date | None:
    text = reader.text_or_none(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise reader.refuse(f"{name} is not a day (YYYY-MM-DD).") from None
