"""The rules as tables: functions from the data to Markdown, so that what is published cannot drift.

Each fills a generated block of `docs/rules.md`; the check of generated documents and a test compare them.
"""

from collections.abc import Sequence

from policies.catalogue import Entry, Use, load_catalogue
from policies.finding import Effect
from policies.policy_set import seed_policy
from policies.vocabulary import CATEGORY_FACTS, PURPOSE_FACTS, Action, Verification
from policies.wording import WORDINGS


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _words(values: Sequence[str]) -> str:
    return ", ".join(value.replace("_", " ") for value in values)


def rules_table() -> str:
    """Who may ask and tell under the seed policy."""
    rows = [
        (
            PURPOSE_FACTS[rule.purpose].title,
            rule.action.value,
            _words(rule.from_sectors),
            _words(rule.to_sectors),
            _words(rule.categories),
            _words(rule.confirm) or "–",
        )
        for rule in seed_policy().rules
        # A release mirrors its ask; both are in the data, one is enough to read.
        if rule.action is not Action.RELEASE
    ]
    header = ("purpose", "action", "from", "to", "categories", "a nil may be told of")
    return _table(header, rows)


def clocks_table() -> str:
    """When an answer is due, and how far that was checked."""
    policy = seed_policy()
    status = _status(policy.clocks_verification)
    rows = [(rating.value, f"{seconds // 3600} hours", status) for rating, seconds in policy.clocks]
    return _table(("rating", "within", "checked"), rows)


def presets_table() -> str:
    """The seeded presets and what they claim."""
    rows = []
    for preset in seed_policy().presets:
        claimed = preset.grounds
        slots = (
            claimed.article6,
            claimed.article9,
            claimed.article10,
            claimed.schedule1_paragraph,
            claimed.gateway,
            claimed.confidentiality,
        )
        claims = dict.fromkeys(slot for slot in slots if slot is not None)
        rows.append((f"`{preset.name}`", preset.title, _words(preset.sectors), ", ".join(claims)))
    return _table(("name", "for", "sectors", "grounds"), rows)


def categories_table() -> str:
    """The categories and what the rules know of each."""
    rows = [
        (
            f"`{category.value}`",
            facts.title,
            "yes" if facts.special_category else "–",
            "yes" if facts.criminal else "–",
            "never" if facts.protected_possible else "where a rule says so",
        )
        for category, facts in CATEGORY_FACTS.items()
    ]
    return _table(("code", "title", "special category", "crime data", "existence told"), rows)


def findings_table() -> str:
    """Every finding: what it says and what puts it right."""
    catalogue = load_catalogue()
    rows = []
    for effect in (Effect.REFUSE, Effect.HOLD, Effect.NOTE):
        for code, wording in WORDINGS.items():
            if wording.effect is not effect:
                continue
            cited = catalogue.entry(wording.source) if wording.source is not None else None
            source = cited.instrument if cited is not None else "–"
            rows.append((f"`{code}`", effect.value, _plain(wording.sentence), _plain(wording.remedy), source))
    header = ("code", "effect", "what it says", "what puts it right", "source")
    return _table(header, rows)


def _plain(sentence: str) -> str:
    for name, words in (
        ("{who}", "the agency"),
        ("{Who}", "The agency"),
        ("{other}", "the other agency"),
        ("{claim}", "what is claimed"),
        ("{contact}", "the duty contact"),
        (" {caution}", ""),
        ("{people}", "those people"),
        ("{categories}", "which categories"),
        ("{detail}", "…"),
    ):
        sentence = sentence.replace(name, words)
    return sentence[0].upper() + sentence[1:]


def catalogue_table() -> str:
    """Every lawful basis: who may rely on it, what it needs, how far it was checked."""
    rows = [
        (
            f"`{entry.id}`",
            entry.title,
            entry.instrument,
            _may_rely(entry),
            _use(entry.use) if entry.use is not None else "–",
            _status(entry.status) + (f": {entry.caution}" if entry.caution is not None else ""),
        )
        for entry in load_catalogue().entries.values()
    ]
    header = ("id", "title", "instrument", "who may rely on it", "needs beside it", "checked")
    return _table(header, rows)


def _may_rely(entry: Entry) -> str:
    if entry.use is None:
        return "nobody here: listed only"
    if not entry.in_force:
        return f"nobody yet: not in force ({entry.who})"
    since = f", from {entry.in_force_from.isoformat()}" if entry.in_force_from is not None else ""
    return f"{entry.who}{since}"


def _use(use: Use) -> str:
    needs = [companion.value.replace("-", " ") for companion in use.companions]
    if use.purposes:
        needs.append("for " + _words(tuple(sorted(use.purposes))))
    return "; ".join(needs) or "–"


def _status(status: Verification) -> str:
    return status.value.replace("_", " ")
