"""What was last seen of a folder, and who in it is restricted.

Promises: a person is restricted if any copy of their record says so, if a file that could not be read says so
beside their number, or if they are linked to, or live with, somebody who is. Errs on the side of too much.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property

from adapters.connectors import nhs_number, spelling
from adapters.connectors.connector import Unread
from adapters.connectors.fhir_index import Index, Person, make_index
from adapters.connectors.fhir_json import JsonObject, objects, text, texts
from adapters.connectors.fhir_label import is_restricted
from adapters.connectors.fhir_protected import protected_of, shared_of, whereabouts
from adapters.connectors.fhir_source import Content, File
from adapters.connectors.nhs_number import CheckedNhsNumber
from adapters.release import Protected


class Seen:
    """One look at a folder. `mentions` are the NHS numbers that stand in files which could not be read."""

    def __init__(self, read: Iterable[tuple[File, Content]], unread: Iterable[Unread]) -> None:
        files = tuple(read)
        self.index: Index = make_index(resource for _, content in files for resource in content.resources)
        faults = [fault for _, content in files for fault in content.unread]
        self.unread: tuple[Unread, ...] = tuple(
            sorted((*unread, *faults, *self.index.unread), key=lambda fault: (fault.file, fault.code))
        )
        self.files = len(files)
        self.files_unread = sum(fault.count if fault.file == 0 else 1 for fault in (*unread, *faults))
        newest = max((file.modified_ns for file, _ in files), default=None)
        self.freshness = None if newest is None else datetime.fromtimestamp(newest // 10**9, UTC)
        self.mentions = frozenset(number for _, content in files for number in content.mentions)
        self._hidden = frozenset(
            number for _, content in files if content.strict for number in content.mentions
        )

    def protection(self, person: Person) -> tuple[bool, Protected]:
        """Say whether a person counts as restricted, and which values must be in no reading of theirs."""
        protected = self._shared_by_all
        restricted = self._is_restricted(person)
        where = tuple(whereabouts(person))
        for other, shared in self._restricted:
            if other is person:
                continue
            if self._linked(person, other) or any(shared.held_in(written) for written in where):
                restricted = True
                protected |= protected_of(other, self.index)
        if restricted:
            protected |= protected_of(person, self.index)
        return restricted, protected

    @cached_property
    def _restricted(self) -> tuple[tuple[Person, Protected], ...]:
        return tuple(
            (person, shared_of(person))
            for person in self.index.people.values()
            if self._is_restricted(person)
        )

    @cached_property
    def _shared_by_all(self) -> Protected:
        found = Protected()
        for _, shared in self._restricted:
            found |= shared
        return found

    def _is_restricted(self, person: Person) -> bool:
        return (
            any(is_restricted(copy.raw) for copy in person.copies)
            or any(is_restricted(record.raw) for record in person.records if record.kind == "RelatedPerson")
            or any(recorded.number in self._hidden for recorded in person.numbers)
        )

    def _linked(self, one: Person, other: Person) -> bool:
        return _names_as_related(one, other) or _names_as_related(other, one)


def _names_as_related(person: Person, other: Person) -> bool:
    """Whether a RelatedPerson of one is the other: by NHS number, or by birth date and a word of the name."""
    numbers = {recorded.number for recorded in other.numbers}
    for record in person.records:
        if record.kind != "RelatedPerson":
            continue
        if numbers & _numbers(record.raw):
            return True
        born = text(record.raw, "birthDate")
        if born is not None and any(
            text(copy.raw, "birthDate") == born and _name_words(copy.raw) & _name_words(record.raw)
            for copy in other.copies
        ):
            return True
    return False


def _numbers(raw: JsonObject) -> set[CheckedNhsNumber]:
    found: set[CheckedNhsNumber] = set()
    for identifier in objects(raw, "identifier"):
        try:
            found.add(nhs_number.check(text(identifier, "value") or ""))
        except nhs_number.NumberRefused:
            continue
    return found


def _name_words(raw: JsonObject) -> set[str]:
    written = (*texts(raw, "name", "given"), *texts(raw, "name", "family"), *texts(raw, "name", "text"))
    return {word for part in written for word in spelling.words(part)}
