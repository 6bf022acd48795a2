"""Whether somebody sought is in the index: exactly, not at all, or for a person to say.

Promises: found only by a checked NHS number that is current and traced on exactly one record in use, where
nothing that is known on both sides contradicts it. A name or a birth date alone never finds.
"""

from collections.abc import Iterable

from adapters.connectors import nhs_number, spelling
from adapters.connectors.connector import (
    Candidate,
    Found,
    MatchedBy,
    PersonRef,
    SubjectSought,
    WaitReason,
    WaitsForPerson,
)
from adapters.connectors.fhir_index import Index, Person
from adapters.connectors.fhir_json import JsonObject, objects, text, texts
from adapters.connectors.fhir_label import is_restricted
from adapters.connectors.fhir_source import Located
from adapters.connectors.fhir_valid import is_valid
from adapters.connectors.nhs_number import CheckedNhsNumber

_CANDIDATES = 20
"""More are no help to whoever must choose."""


def match(
    connector: str, index: Index, sought: SubjectSought, unread_mentions: frozenset[CheckedNhsNumber]
) -> Found | WaitsForPerson | None:
    """Look for somebody; None where nobody bears the number.

    `unread_mentions` are the NHS numbers seen in files that could not be read.
    """
    number = sought_number(sought)
    if isinstance(number, WaitReason):
        likely = _likely(index, sought) if number is WaitReason.NO_CHECKED_NUMBER else ()
        return WaitsForPerson(reason=number, candidates=candidates_of(connector, likely))
    bearers = index.by_number.get(number, ())
    if not bearers:
        return WaitsForPerson(reason=WaitReason.UNREADABLE) if number in unread_mentions else None
    reason = _doubt(bearers, number, sought)
    if reason is not None:
        return WaitsForPerson(reason=reason, candidates=candidates_of(connector, bearers))
    return Found(person=PersonRef(connector=connector, key=bearers[0].key, matched=MatchedBy.NHS_NUMBER))


def sought_number(sought: SubjectSought) -> CheckedNhsNumber | WaitReason:
    """Give the one NHS number somebody is sought by, checked here whatever the asker says, or why there is
    none.
    """
    given = [identifier.value for identifier in sought.identifiers if identifier.system == nhs_number.SYSTEM]
    if not given:
        return WaitReason.NO_CHECKED_NUMBER
    try:
        numbers = {nhs_number.check(value) for value in given}
    except nhs_number.NumberRefused as refused:
        return WaitReason(refused.code)
    return numbers.pop() if len(numbers) == 1 else WaitReason.SEVERAL_NUMBERS


def _doubt(bearers: tuple[Person, ...], number: CheckedNhsNumber, sought: SubjectSought) -> WaitReason | None:
    if len(bearers) > 1:
        return WaitReason.SEVERAL_PEOPLE
    person = bearers[0]
    recorded = next(recorded for recorded in person.numbers if recorded.number == number)
    doubt = record_doubt(person)
    if doubt is not WaitReason.UNREADABLE and not recorded.current:
        return WaitReason.SUPERSEDED
    if doubt in (WaitReason.UNREADABLE, WaitReason.SUPERSEDED, WaitReason.SEVERAL_NUMBERS):
        return doubt
    if not recorded.traced:
        return WaitReason.NOT_VERIFIED
    return doubt or _differs(_usable(person), sought)


def record_doubt(person: Person) -> WaitReason | None:
    """Say why a record is not to be read without a person, however surely it is the sought person's."""
    copies = _usable(person)
    if not copies:
        return WaitReason.UNREADABLE
    links = {text(link, "type") for link in _links(copies)}
    if "replaced-by" in links:
        return WaitReason.SUPERSEDED
    if len([other for other in person.numbers if other.current]) > 1:
        return WaitReason.SEVERAL_NUMBERS
    if any(copy.get("active") is False for copy in copies):
        return WaitReason.INACTIVE
    if links:
        return WaitReason.LINKED
    if _contradict(copies):
        return WaitReason.COPIES_DISAGREE
    return None


def _usable(person: Person) -> list[JsonObject]:
    return [copy.raw for copy in person.current if is_valid(copy.raw)]


def _links(copies: Iterable[JsonObject]) -> list[JsonObject]:
    # A link to a RelatedPerson says that this patient also is somebody's relation; that is no other record of
    # theirs.
    return [
        link
        for copy in copies
        for link in objects(copy, "link")
        if "RelatedPerson/" not in (text(link, "other", "reference") or "")
    ]


def _contradict(copies: list[JsonObject]) -> bool:
    """Whether copies of one version cannot be one person: another name and birth date, or both dead and
    alive.
    """
    born = {written for copy in copies if (written := text(copy, "birthDate")) is not None}
    families = {frozenset(found) for copy in copies if (found := _name_words(copy))}
    strangers = any(not one & other for one in families for other in families)
    return (
        (len(born) > 1 and strangers)
        or len({_dead(copy) for copy in copies}) > 1
        or any(map(_died_before_birth, copies))
    )


def _dead(patient: JsonObject) -> bool:
    return text(patient, "deceasedDateTime") is not None or patient.get("deceasedBoolean") is True


def _died_before_birth(patient: JsonObject) -> bool:
    """Whether a death is dated before the birth."""
    born, died = text(patient, "birthDate"), text(patient, "deceasedDateTime")
    if born is None or died is None:
        return False
    # Parts of dates compare as far as both go.
    length = min(len(born), len(died[:10]))
    return died[:length] < born[:length]


def _differs(copies: list[JsonObject], sought: SubjectSought) -> WaitReason | None:
    born = {written for copy in copies if (written := text(copy, "birthDate")) is not None}
    if sought.born is not None and born and not any(sought.born.isoformat().startswith(b) for b in born):
        return WaitReason.BORN_DIFFERS
    names = {word for copy in copies for word in _name_words(copy)}
    if sought.name is not None and names and not names & set(spelling.words(sought.name)):
        return WaitReason.NAME_DIFFERS
    return None


def _name_words(patient: JsonObject) -> set[str]:
    written = (
        *texts(patient, "name", "family"),
        *texts(patient, "name", "given"),
        *texts(patient, "name", "text"),
    )
    return {word for part in written for word in spelling.words(part)}


def _likely(index: Index, sought: SubjectSought) -> list[Person]:
    """Whoever has the birth date and a word of the name: all that a person need look at, in the folder's
    order.
    """
    if sought.born is None or sought.name is None:
        return []
    wanted = set(spelling.words(sought.name))
    return [
        person
        for person in index.people.values()
        if any(
            text(copy.raw, "birthDate") == sought.born.isoformat() and wanted & _name_words(copy.raw)
            for copy in person.current
        )
    ]


def candidates_of(connector: str, people: Iterable[Person]) -> tuple[Candidate, ...]:
    """Give people as candidates, the first twenty."""
    found = []
    for person in list(people)[:_CANDIDATES]:
        shown: Located = person.current[-1]
        name = next(iter(objects(shown.raw, "name")), {})
        parts = (*texts(name, "given"), *texts(name, "family"))
        found.append(
            Candidate(
                person=PersonRef(connector=connector, key=person.key, matched=MatchedBy.PERSON),
                name=" ".join(parts) or text(name, "text"),
                born=text(shown.raw, "birthDate"),
                restricted=any(is_restricted(copy.raw) for copy in person.copies),
            )
        )
    return tuple(found)
