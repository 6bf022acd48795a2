"""What a restricted person's record says of address, telephone, e-mail and GP: the values that must not
leave.

Promises: every Address, ContactPoint and reference to who cares for the person, wherever it stands in their
Patient copies, RelatedPersons and clinical resources, extensions included, with what those references lead to
in the same file. Free text is not searched for values; it never leaves a restricted record anyway.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from adapters.connectors import spelling
from adapters.connectors.fhir_index import Index, Person
from adapters.connectors.fhir_json import JsonObject, objects, text, texts, walk
from adapters.connectors.fhir_source import Located
from adapters.release import Protected

_ADDRESS: Final = frozenset({"address", "valueAddress"})
_CONTACT: Final = frozenset({"telecom", "valueContactPoint"})
_CARE: Final = frozenset({
    "generalPractitioner", "managingOrganization", "organization", "serviceProvider", "performer", "recorder",
    "asserter", "author", "individual", "actor", "provider", "location", "origin", "destination", "custodian",
    "assigner", "valueReference", "practitioner",
})  # fmt: skip
"""Members that name who cares for a person, or where."""
_GENERIC: Final = frozenset(
    {"flat", "apartment", "apt", "room", "house", "unit", "block", "floor", "the", "number"}
)
_KEY_DIGITS: Final = 6
"""UPRNs and Postal Address File keys are longer than house numbers."""


def protected_of(person: Person, index: Index) -> Protected:
    """Give all values of one restricted person."""
    found = Protected()
    for located in (*person.copies, *person.records):
        for name, value in walk(located.raw):
            if not isinstance(value, dict):
                continue
            if name in _ADDRESS:
                found |= _address(value)
            elif name in _CONTACT:
                found |= _contact(value)
            elif name in _CARE:
                found |= _care(located, value, index)
    return found


def shared_of(person: Person) -> Protected:
    """Give the values by which somebody else's record would tell where a restricted person is: whole
    addresses, telephones and e-mails. Not the GP, whom thousands share, nor a postcode or a street alone.
    """
    pairs: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    found = Protected()
    for located in (*person.copies, *_of_kind(person.records, "RelatedPerson")):
        for name, value in walk(located.raw):
            if not isinstance(value, dict):
                continue
            if name in _ADDRESS:
                pairs.update(_whole(value))
            elif name in _CONTACT:
                found |= _contact(value)
    return found | Protected(pairs=frozenset(pairs))


def whereabouts(person: Person) -> Iterator[str]:
    """Give what a record says of where its person lives and how to reach them, each address one text."""
    for located in (*person.copies, *_of_kind(person.records, "RelatedPerson")):
        for name, value in walk(located.raw):
            if isinstance(value, dict) and name in _ADDRESS | _CONTACT:
                yield " ".join(written for _, written in walk(value) if isinstance(written, str))


def _of_kind(records: Iterable[Located], kind: str) -> Iterator[Located]:
    return (record for record in records if record.kind == kind)


def _address(address: JsonObject) -> Protected:
    texts_: set[tuple[str, ...]] = set()
    postcodes: set[str] = set()
    lines = (*texts(address, "line"), *texts(address, "text"))
    for line in lines:
        texts_.add(spelling.spellings(line))
        texts_.add(spelling.spellings(_without_number(line)))
    for name in ("city", "district", "state"):
        texts_.update(spelling.spellings(place) for place in texts(address, name))
    for code in (*texts(address, "postalCode"), *filter(spelling.is_postcode, lines)):
        postcodes.add(spelling.postal(code))
    for name, value in walk(list(objects(address, "extension"))):
        if name == "valueString" and isinstance(value, str) and len(spelling.digits(value)) >= _KEY_DIGITS:
            texts_.add(spelling.spellings(value))
    return Protected(
        texts=frozenset(filter(None, texts_)),
        postcodes=frozenset(code for code in postcodes if len(code) >= 4),
    )


def _without_number(line: str) -> str:
    """Give a street without its house number, where at least two words that mean something remain; else
    nothing.
    """
    left = [
        word for word in spelling.words(line) if not any(c.isdecimal() for c in word) and word not in _GENERIC
    ]
    return " ".join(left) if len(left) >= 2 else ""


def _whole(address: JsonObject) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    lines = texts(address, "line") or texts(address, "text")
    numbered = [line for line in lines if any(c.isdecimal() for c in line) and _without_number(line)]
    # Of a house without a number in its street line, name and street together say as much.
    streets = numbered or [" ".join(lines[:2])]
    for street in streets:
        places = [*texts(address, "postalCode"), *texts(address, "city"), *lines]
        # With no place beside it, the street has to stand for itself.
        for place in [place for place in places if place not in street] or [street]:
            one, two = spelling.spellings(street), spelling.spellings(place)
            if one and two:
                yield one, two


def _contact(contact: JsonObject) -> Protected:
    value = text(contact, "value")
    if value is None:
        return Protected()
    if "@" in value:
        return Protected(texts=frozenset({spelling.email_spellings(value)} - {()}))
    number = spelling.national(value)
    phones = frozenset({number}) if len(number) >= spelling.PHONE_DIGITS else frozenset()
    # Web addresses and account names have letters; a telephone number is its digits.
    letters = sum(c.isalpha() for c in value) >= 3
    return Protected(
        phones=phones, texts=frozenset({spelling.spellings(value)} - {()}) if letters else frozenset()
    )


def _care(at: Located, reference: JsonObject, index: Index) -> Protected:
    target = text(reference, "reference") or ""
    if text(reference, "type") in {"Patient", "RelatedPerson"} or target.startswith(
        ("Patient/", "RelatedPerson/")
    ):
        # People speak for themselves; their names are not what is protected.
        return Protected()
    found = index.resolve(at, reference)
    if found is not None and found.get("resourceType") in {"Patient", "RelatedPerson"}:
        return Protected()
    names = [*texts(reference, "display"), *texts(reference, "identifier", "value")]
    protected = Protected()
    if found is not None:
        names += [*texts(found, "alias"), *texts(found, "identifier", "value"), *texts(found, "name", "text")]
        names += texts(found, "name") if isinstance(found.get("name"), str) else []
        names += [
            " ".join((*texts(name, "given"), *texts(name, "family"))) for name in objects(found, "name")
        ]
        for outer in (found, *objects(found, "contact")):
            for address in objects(outer, "address"):
                protected |= _address(address)
            for contact in objects(outer, "telecom"):
                protected |= _contact(contact)
    return protected | Protected(texts=frozenset({spelling.spellings(name) for name in names} - {()}))
