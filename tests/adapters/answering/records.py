"""A record system of a few invented rows, told by each test; and answering rules for it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from adapters.connectors.connector import (
    Candidate,
    ConnectorFailed,
    Found,
    LeftForPerson,
    Match,
    MatchedBy,
    NotFound,
    PersonRef,
    Reading,
    SourceEntry,
    SubjectSought,
    Unread,
    WaitReason,
    WaitsForPerson,
)
from broker.protocol.body import Searched
from policies.vocabulary import Category
from tests.adapters.core.made import NUMBER

VISITS = Category.HEALTH_ATTENDANCES
CLEAN = SourceEntry(on=date(2026, 1, 2), what="Emergency attendance: wheeze; discharged.")
"""Nothing in it belongs to anybody else."""


def reference(key: str, matched: MatchedBy = MatchedBy.PERSON) -> PersonRef:
    """A record's reference."""
    return PersonRef(connector="invented records", key=key, matched=matched)


@dataclass
class Records:
    """Rows by the key of a record. The child of the core's tests is record "child" by NHS number; where
    `candidates` are set, nobody is certain.
    """

    rows: dict[str, dict[Category, tuple[SourceEntry, ...]]] = field(default_factory=dict)
    left: tuple[LeftForPerson, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    name: str = "Invented records"
    serves: frozenset[Category] = frozenset(Category)

    def find(self, sought: SubjectSought) -> Match:
        """Find by NHS number."""
        if self.candidates:
            return WaitsForPerson(reason=WaitReason.NEAR, candidates=self.candidates)
        if "child" in self.rows and any(each.value == NUMBER for each in sought.identifiers):
            return Found(person=reference("child", MatchedBy.NHS_NUMBER))
        return NotFound(searched=self._searched())

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read that record's rows."""
        if person.key not in self.rows:
            raise ConnectorFailed("person-gone", "That record is not there any more.")
        rows = self.rows[person.key]
        return Reading(
            entries={each: rows.get(each, ()) for each in categories},
            restricted=False,
            searched=self._searched(),
            redactions={},
            left=self.left,
        )

    def freshness(self) -> datetime | None:
        """When it was last changed."""
        return datetime(2026, 1, 5, tzinfo=UTC)

    def unread(self) -> tuple[Unread, ...]:
        """Nothing is unreadable."""
        return ()

    def _searched(self) -> Searched:
        return Searched(systems=[self.name], by=["NHS number"], as_of=self.freshness())


def rules(*named: str, default: str = 'release = "automatic"\nnil = "automatic"') -> str:
    """Rules by `category` (the default) or `category: lines of TOML`."""
    text = "[practitioner]\nid = 'records-desk'\nrole = 'screener'\n"
    for each in named:
        category, _, lines = each.partition(":")
        text += f"""
[category.{category}]
{lines.strip() or default}
purposes = ["child_protection_enquiry"]
preset = "s47-answering-health"
schedule1 = "c"
handling = "official_sensitive_personal"
necessity = "It bears on the enquiry."
"""
    return text
