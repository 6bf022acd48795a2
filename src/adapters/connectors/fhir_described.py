"""A FHIR Patient as a description that can be compared with whom an ask names."""

from datetime import date

from adapters.connectors import nhs_number
from adapters.connectors.fhir_index import Person
from adapters.connectors.fhir_json import objects, text, texts, when
from adapters.connectors.fhir_label import is_restricted
from adapters.connectors.fhir_words import address
from adapters.matching.person import Described, Name
from broker.protocol.body import Identifier


def described(person: Person) -> Described:
    """Describe a person by the newest copies of their record, former names and addresses included."""
    copies = [copy.raw for copy in person.current]
    names: dict[Name, None] = {}
    for name in (name for copy in copies for name in objects(copy, "name")):
        family = " ".join(texts(name, "family")) or text(name, "text")
        if family is not None:
            names[Name(given=" ".join(texts(name, "given")), family=family)] = None
    born = next((day for copy in copies if (day := when(text(copy, "birthDate"))[0]) is not None), None)
    related = (record.raw for record in person.of_kind("RelatedPerson"))
    return Described(
        key=person.key,
        names=tuple(names),
        born=born if isinstance(born, date) else None,
        identifiers=tuple(
            Identifier(system=nhs_number.SYSTEM, value=recorded.number) for recorded in person.numbers
        ),
        addresses=tuple(
            line for copy in copies for each in objects(copy, "address") if (line := address(each))
        ),
        contacts=tuple(value for copy in copies for value in texts(copy, "telecom", "value")),
        relatives=tuple(
            " ".join((*texts(name, "given"), *texts(name, "family"))) or text(name, "text") or ""
            for raw in related
            for name in objects(raw, "name")
        ),
        restricted=any(is_restricted(copy.raw) for copy in person.copies),
    )
