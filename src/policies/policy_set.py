"""A hub's sharing policy: who may ask, release or tell what to whom, for which purpose, and by when.

Promises: a parsed policy set is complete and closed (unknown words and members are refused), its digest
covers all of it, and what no rule names is not allowed. Does not promise that a set is in force: that is
the hub's to know. Law is in the catalogue; a rule can only narrow what the law allows.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

from policies.errors import MalformedPolicy
from policies.grounds import Grounds, Schedule1Reason
from policies.reading import Reader
from policies.vocabulary import (
    Action,
    Category,
    Purpose,
    Rating,
    Regime,
    SchedulePara18Reason,
    Sector,
    Verification,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Sectors of `from_sectors` may do `action` towards `to_sectors`, for `purpose`, in `categories`.

    "From" is who sends the envelope: the asker of an ask, the source of a release or a tell. `confirm` are
    the categories of which the asker may be told that nothing is held; a category that can hold a protected
    fact is never confirmed, whatever stands here.
    """

    name: str
    action: Action
    purpose: Purpose
    from_sectors: tuple[Sector, ...]
    to_sectors: tuple[Sector, ...]
    categories: tuple[Category, ...]
    confirm: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Complete grounds an administrator has named; a practitioner adds only the facts of the case.

    `grounds` lack what only the case knows: a Schedule 1 reason per data subject, and recorded necessity.
    """

    name: str
    title: str
    actions: tuple[Action, ...]
    purposes: tuple[Purpose, ...]
    sectors: tuple[Sector, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """The grounds on which a sector receives what it is told unasked, for some purposes.

    `reason` answers Schedule 1 paragraph 18(2) for each data subject, as the recipient's administrator
    recorded.
    """

    sectors: tuple[Sector, ...]
    purposes: tuple[Purpose, ...]
    grounds: Grounds
    reason: SchedulePara18Reason | None


RuleKey = tuple[Action, Purpose, Sector, Sector, Category]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """One version of a hub's sharing policy.

    `clocks` seconds within which an answer is due, by rating; `clocks_verification` how far they were
    checked.
    `require_agreement`: an exchange no agreement covers is held. `allow_unconfirmed`: a catalogue entry
    nobody has confirmed may be relied on. `allowed` and `confirmed` are the rules spelled out, for speed.
    """

    version: int
    digest: str
    rules: tuple[Rule, ...]
    clocks: tuple[tuple[Rating, int], ...]
    clocks_verification: Verification
    receiving: tuple[Receiving, ...]
    presets: tuple[Preset, ...]
    require_agreement: bool
    allow_unconfirmed: bool
    allowed: frozenset[RuleKey] = field(init=False, repr=False, compare=False)
    confirmed: frozenset[RuleKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", frozenset(k for r in self.rules for k in _keys(r, r.categories)))
        object.__setattr__(self, "confirmed", frozenset(k for r in self.rules for k in _keys(r, r.confirm)))

    def clock(self, rating: Rating) -> int:
        """Seconds within which an answer is due."""
        return dict(self.clocks)[rating]

    def preset(self, name: str) -> Preset | None:
        """The preset of that name, if there is one."""
        return next((preset for preset in self.presets if preset.name == name), None)


def _keys(rule: Rule, categories: tuple[Category, ...]) -> list[RuleKey]:
    return [
        (rule.action, rule.purpose, sender, recipient, category)
        for sender in rule.from_sectors
        for recipient in rule.to_sectors
        for category in categories
    ]


def receiving_grounds(
    policy: PolicySet, *, sector: Sector, purpose: Purpose, subjects: int
) -> Grounds | None:
    """The grounds on which an agency of `sector` receives a tell about `subjects` people; None where none
    is set."""
    for preset in policy.receiving:
        if sector in preset.sectors and purpose in preset.purposes:
            if preset.reason is None:
                return preset.grounds
            return with_case(preset.grounds, reasons=(preset.reason,) * subjects)
    return None


def with_case(grounds: Grounds, *, reasons: tuple[SchedulePara18Reason, ...] = ()) -> Grounds:
    """A preset's grounds with the facts of the case: one reason per data subject, and necessity in words."""
    schedule1 = tuple(Schedule1Reason(subject=n, reason=reason) for n, reason in enumerate(reasons))
    return replace(grounds, schedule1=schedule1, necessity_recorded=True)


def parse_policy_set(value: object) -> PolicySet:
    """Read a policy set from a JSON value.

    Raises:
        MalformedPolicy: a member is missing, unknown or out of its closed set; or two rules or presets
        share a name.
    """
    reader = Reader(value, at="policy", error=MalformedPolicy)
    rules = reader.objects("rules", _rule)
    presets = reader.objects("presets", _preset)
    for what, names in (("rule", [r.name for r in rules]), ("preset", [p.name for p in presets])):
        if len(set(names)) != len(names):
            raise reader.refuse(f"two {what}s share a name.")
    policy = PolicySet(
        version=reader.count("version"),
        digest=digest_of(value),
        rules=rules,
        clocks=reader.counts("clocks", Rating),
        clocks_verification=reader.word("clocks_verification", Verification),
        receiving=reader.objects("receiving", _receiving),
        presets=presets,
        require_agreement=reader.flag("require_agreement"),
        allow_unconfirmed=reader.flag("allow_unconfirmed"),
    )
    reader.end()
    return policy


def digest_of(value: object) -> str:
    """SHA-256, in hex, over the value as compact JSON with sorted members: what two signers would sign."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def seed_policy() -> PolicySet:
    """The policy set a new hub starts with; its clocks and presets are for an administrator to confirm."""
    return parse_policy_set(json.loads(files("policies").joinpath("data/seed_policy.json").read_bytes()))


def _rule(reader: Reader) -> Rule:
    rule = Rule(
        name=reader.text("name"),
        action=reader.word("action", Action),
        purpose=reader.word("purpose", Purpose),
        from_sectors=reader.words("from", Sector),
        to_sectors=reader.words("to", Sector),
        categories=reader.words("categories", Category),
        confirm=reader.words("confirm", Category),
    )
    if not set(rule.confirm) <= set(rule.categories):
        raise reader.refuse("a category may be confirmed only where it may be asked for.")
    return rule


def _grounds(reader: Reader) -> Grounds:
    return Grounds(
        regime=reader.word("regime", Regime),
        collected_under=reader.word("collected_under", Regime),
        article6=reader.text("article6"),
        article9=reader.text_or_none("article9"),
        schedule1_paragraph=reader.text_or_none("schedule1_paragraph"),
        article10=reader.text_or_none("article10"),
        gateway=reader.text_or_none("gateway"),
        confidentiality=reader.text_or_none("confidentiality"),
    )


def _preset(reader: Reader) -> Preset:
    return Preset(
        name=reader.text("name"),
        title=reader.text("title"),
        actions=reader.words("actions", Action),
        purposes=reader.words("purposes", Purpose),
        sectors=reader.words("sectors", Sector),
        grounds=reader.one("grounds", _grounds),
    )


def _receiving(reader: Reader) -> Receiving:
    return Receiving(
        sectors=reader.words("sectors", Sector),
        purposes=reader.words("purposes", Purpose),
        grounds=replace(reader.one("grounds", _grounds), necessity_recorded=True),
        reason=reader.word_or_none("reason", SchedulePara18Reason),
    )
