"""The connector to a FHIR R4 server: search and read over HTTP, as UK Core servers and NHS PDS answer.

Promises: read-only; who is found, what is read and what is kept of restricted records is as for a folder; an
incomplete search is never a nil; each call is bounded in requests, bytes and waiting. Does not know a
restricted person whom neither a link nor an address, telephone or e-mail leads to.
"""

import threading
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.connectors import fhir_match, nhs_number
from adapters.connectors.connector import (
    ConnectorFailed,
    Found,
    LeftReason,
    Match,
    MatchedBy,
    NotFound,
    PersonRef,
    Reading,
    SubjectSought,
    Unread,
    WaitReason,
    WaitsForPerson,
)
from adapters.connectors.fhir_described import described
from adapters.connectors.fhir_http import Access, Asking, Reply
from adapters.connectors.fhir_near import Near, is_id, records
from adapters.connectors.fhir_reading import CATEGORIES, reading_of
from adapters.connectors.fhir_search import FILE, Results, resource, search
from adapters.connectors.fhir_seen import Seen
from adapters.connectors.fhir_source import Content, File, Located
from adapters.matching.settle import settle
from broker.protocol.body import Searched
from policies.vocabulary import Category

_BY_NUMBER: Final = "exact match on a checked NHS number"
_BY_DESCRIPTION: Final = "name and birth date, with something more"
_BY: Final = {MatchedBy.NHS_NUMBER: _BY_NUMBER, MatchedBy.PERSON: "a record chosen by a person of the agency"}
_NOWHERE: Final = Path()
_RELATIVES: Final = 10
"""People whose relatives are looked up to tell them apart."""
_KINDS: Final = frozenset(kind for kind, _ in CATEGORIES.values())


class FhirServer:
    """A FHIR R4 server as one record system. Safe to call from several threads."""

    def __init__(self, access: Access, *, name: str) -> None:
        self._access = access
        self._name = name
        self._lock = threading.Lock()
        self._unread: tuple[Unread, ...] = ()

    @property
    def name(self) -> str:
        """Name the system in words an asker understands."""
        return self._name

    @property
    def serves(self) -> frozenset[Category]:
        """Say which categories it can answer; a type the server does not have is in no reading."""
        return frozenset(CATEGORIES)

    def find(self, sought: SubjectSought) -> Match:
        """Look for exactly this person. Raises ConnectorFailed as `fhir_http.Asking.get`."""
        number = fhir_match.sought_number(sought)
        with Asking(self._access) as asking:
            if number is WaitReason.NO_CHECKED_NUMBER and sought.name and sought.born:
                return self._by_description(asking, sought)
            if isinstance(number, WaitReason):
                return WaitsForPerson(reason=number)
            return self._by_number(asking, sought, number)

    def read(self, person: PersonRef, categories: frozenset[Category]) -> Reading:
        """Read those of `categories` that it serves, about one person.

        Raises:
            ConnectorFailed: as `find`; `person-not-here`, `person-gone` or `restricted-value-left`.
        """
        if person.connector != self._name:
            raise ConnectorFailed(
                "person-not-here", "That person was found in another record system; read it there."
            )
        wanted = categories & self.serves
        with Asking(self._access) as asking:
            near = Near(asking, self._patient(asking, person.key))
            near.load(frozenset(CATEGORIES[category][0] for category in wanted) | {"RelatedPerson"})
            near.load_people()
            seen = self._seen(near.resources)
            restricted, _ = seen.protection(seen.index.people[person.key])
            if restricted:
                # What must not leave may stand in any of their records.
                near.load(_KINDS)
            cared = [each for each in seen.index.people.values() if restricted or each.key == person.key]
            near.load_care(cared, needed=restricted)
            seen = self._seen(near.resources)
        if near.unsure:
            # Not everybody could be looked at who may be kept safe by this: a person does.
            near.left.update({(category, LeftReason.UNREADABLE): near.unsure for category in wanted})
        served = frozenset(each for each in wanted if CATEGORIES[each][0] not in near.unsupported)
        left = {key: count for key, count in near.left.items() if key[0] in served}
        searched = self._searched(_BY.get(person.matched, _BY_DESCRIPTION))
        return reading_of(seen.index.people[person.key], seen, served, searched, left=left)

    def freshness(self) -> datetime | None:
        """A server does not say when it last changed."""
        return None

    def unread(self) -> tuple[Unread, ...]:
        """Say what could not be used when last looked at."""
        with self._lock:
            return self._unread

    def _by_number(self, asking: Asking, sought: SubjectSought, number: str) -> Match:
        found = search(asking, "Patient", identifier=f"{nhs_number.FHIR_SYSTEM}|{number}")
        if not found.supported:
            # PDS has no search by number: there the number is the id.
            reply, patient = resource(asking, "Patient", number)
            if reply is Reply.INVALID:
                return WaitsForPerson(reason=WaitReason.INACTIVE)
            if reply is Reply.UNSUPPORTED:
                raise ConnectorFailed(
                    "server-strange", "The record server finds nobody by number; see its URL."
                )
            found = Results(resources=() if patient is None else (patient,))
        if not found.complete:
            return WaitsForPerson(reason=WaitReason.UNREADABLE)
        seen = self._seen(found.resources)
        match = fhir_match.match(self._name, seen.index, sought, frozenset())
        if match is not None:
            return match
        if len(seen.index.people) > 1:
            raise ConnectorFailed(
                "server-strange", "The record server does not keep to the number it is asked."
            )
        if seen.index.people:
            # It gave the record that took the place of the one with this number.
            shown = fhir_match.candidates_of(self._name, seen.index.people.values())
            return WaitsForPerson(reason=WaitReason.SUPERSEDED, candidates=shown)
        return NotFound(searched=self._searched(_BY_NUMBER))

    def _by_description(self, asking: Asking, sought: SubjectSought) -> Match:
        results = self._alike(asking, sought)
        if not any(each.supported for each in results):
            return WaitsForPerson(reason=WaitReason.NO_CHECKED_NUMBER)
        resources = [each for found in results for each in found.resources if each.kind == "Patient"]
        if sought.relatives:
            size = str(asking.limits.page_size)
            given = dict.fromkeys(str(each.raw.get("id")) for each in resources)
            for each in [each for each in given if is_id(each)][:_RELATIVES]:
                resources += records(asking, "RelatedPerson", each, size).resources
        seen = self._seen(resources)
        people = seen.index.people
        match = settle(
            sought,
            [described(person) for person in people.values()],
            connector=self._name,
            searched=self._searched(_BY_DESCRIPTION),
        )
        if isinstance(match, WaitsForPerson):
            return match
        if isinstance(match, Found) and (doubt := fhir_match.record_doubt(people[match.person.key])):
            found = fhir_match.candidates_of(self._name, [people[match.person.key]])
            return WaitsForPerson(reason=doubt, candidates=found)
        if all(each.complete for each in results):
            return match
        # Somebody who was not shown may be the one, or another just as near.
        shown = fhir_match.candidates_of(self._name, people.values()) if isinstance(match, Found) else ()
        return WaitsForPerson(reason=WaitReason.NEAR, candidates=shown)

    def _alike(self, asking: Asking, sought: SubjectSought) -> list[Results]:
        """Look by birth date with either name, and by both names: each leaves room for one mistake."""
        assert sought.name is not None
        assert sought.born is not None
        words = sought.name.split()
        given, family, born = words[0], words[-1], f"eq{sought.born.isoformat()}"
        size = str(asking.limits.page_size)
        looks = [search(asking, "Patient", family=family, birthdate=born, _count=size)]
        if len(words) > 1:
            looks.append(search(asking, "Patient", given=given, birthdate=born, _count=size))
            looks.append(search(asking, "Patient", family=family, given=given, _count=size))
        return looks

    def _patient(self, asking: Asking, key: str) -> Located:
        given = key.partition("|")[0]
        patient = resource(asking, "Patient", given)[1] if is_id(given) else None
        if patient is None or key not in self._seen([patient]).index.people:
            raise ConnectorFailed(
                "person-gone", "That record is no longer on the server as it was; look for the person again."
            )
        return patient

    def _seen(self, resources: "tuple[Located, ...] | list[Located]") -> Seen:
        file = File(number=FILE, path=_NOWHERE, size=0, stamp=(0, 0, 0), modified_ns=0)
        seen = Seen([(file, Content(resources=tuple(resources)))], ())
        with self._lock:
            self._unread = tuple(
                Unread(file=0, code=fault.code, count=fault.count) for fault in seen.index.unread
            )
        return seen

    def _searched(self, by: str) -> Searched:
        return Searched(systems=[self._name], by=[by], as_of=None)


def open_server(written: str) -> FhirServer:
    """Open a server by its URL or the name of its TOML file. Raises WrongOrder as `parse_place`."""
    import time

    from adapters.clock import SYSTEM
    from adapters.connectors.fhir_http import ServerLimits
    from adapters.connectors.fhir_server_place import parse_place

    place = parse_place(written)
    access = Access(
        base=place.url,
        context=place.context(),
        token=place.token(),
        new_id=SYSTEM.new_id,
        sleep=time.sleep,
        limits=ServerLimits(),
    )
    return FhirServer(access, name=place.name)
