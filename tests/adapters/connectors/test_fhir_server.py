"""A FHIR server over a real socket: who is found, what is read, and how each of its moods is taken."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.connectors.connector import (
    Connector,
    ConnectorFailed,
    Found,
    LeftReason,
    MatchedBy,
    NotFound,
    WaitReason,
    WaitsForPerson,
)
from adapters.connectors.fhir_folder import FhirFolder
from adapters.connectors.fhir_http import Access, ServerLimits
from adapters.connectors.fhir_server import FhirServer, open_server
from adapters.connectors.fhir_server_place import parse_place
from adapters.errors import WrongOrder
from policies.vocabulary import Category
from tests.adapters.connectors.fhir_service import Service, outcome, serving
from tests.adapters.connectors.made import (
    CHILD,
    MOTHER,
    NEIGHBOUR,
    bundle,
    child,
    childs_records,
    mother,
    mothers_records,
    nhs,
    patient,
    sought,
    write,
)
from tests.adapters.connectors.test_conformance import failed as faults_of
from tests.adapters.connectors.test_restricted import assert_silent, read
from tests.whole.test_starts import Certificate

Serve = Callable[..., tuple[Service, FhirServer]]
FAMILY = [child(), *childs_records(), mother(), *mothers_records()]
OK = b'{"resourceType": "Bundle", "type": "searchset", "total": 0}'


@pytest.fixture
def waited() -> list[float]:
    """How long the connector waited, each time."""
    return []


@pytest.fixture
def serve(waited: list[float]) -> Iterator[Serve]:
    """Serves resources and gives the server and a connector to it."""
    with ExitStack() as stack:

        def start(
            resources: Any = FAMILY,
            *,
            limits: ServerLimits | None = None,
            token: str | None = None,
            **how: Any,
        ) -> tuple[Service, FhirServer]:
            service = stack.enter_context(serving(Service(resources, **how)))
            access = Access(
                base=service.url,
                context=None,
                token=lambda: token,
                new_id=lambda: "0b5e9f0c-0000-4000-8000-000000000000",
                sleep=waited.append,
                limits=limits or ServerLimits(seconds=5),
            )
            return service, FhirServer(access, name="Invented server")

        yield start


def find(connector: Connector, number: str | None, **more: Any) -> Found:
    match = connector.find(sought(number, **more))
    assert isinstance(match, Found), match
    return match


@pytest.mark.parametrize("pds", [False, True])
def test_it_finds_and_reads_what_a_folder_of_the_same_records_does(
    serve: Serve, tmp_path: Path, pds: bool
) -> None:
    # A server in PDS's manner names patients by their number.
    family = json.loads(
        json.dumps(FAMILY).replace('"child"', f'"{CHILD}"').replace("Patient/child", f"Patient/{CHILD}")
    )
    service, connector = serve(family, pds=pds)
    folder = FhirFolder(write(tmp_path, all=bundle(*family)))
    typed: Connector = connector
    person = find(typed, CHILD).person
    assert person.matched is MatchedBy.NHS_NUMBER
    reading = connector.read(person, connector.serves)
    same = read(folder, CHILD)
    expected = dict(same.entries)
    for category in set(expected) - set(reading.entries):
        # PDS has no clinical records: not searched, and so no nil.
        assert pds
        del expected[category]
        assert category not in reading.entries
    assert dict(reading.entries) == expected
    assert (reading.restricted, reading.left) == (same.restricted, same.left)
    assert reading.searched.systems == ["Invented server"]
    assert isinstance(connector.find(sought(nhs(77))), NotFound)
    assert {method for method, _, _ in service.seen} == {"GET"}


def test_the_restricted_mother_s_secrets_are_in_no_reading(serve: Serve) -> None:
    _, connector = serve()
    reading = read(connector, MOTHER)
    assert_silent(reading)
    said = {category: [entry.what for entry in given] for category, given in reading.entries.items()}
    assert said[Category.HEALTH_ATTENDANCES] == ["Emergency attendance: fracture of wrist"]
    assert "Maud" not in str(said)


@pytest.mark.parametrize("link", ["number", "named-by", "address", "telephone", "birth-date"])
def test_who_is_linked_to_or_lives_with_a_restricted_person_is_read_as_restricted(
    serve: Serve, link: str
) -> None:
    home, phone = mother()["address"], mother()["telecom"][:1]
    other = child(generalPractitioner=[])
    related: list[Any] = []
    there = {"reference": "Patient/child"}
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": MOTHER}
    if link == "number":
        related = [{"resourceType": "RelatedPerson", "id": "x", "patient": there, "identifier": [number]}]
    if link == "named-by":
        mine = {"system": number["system"], "value": CHILD}
        whose = {"reference": "Patient/mother"}
        related = [{"resourceType": "RelatedPerson", "id": "x", "patient": whose, "identifier": [mine]}]
    if link == "address":
        other = child(address=home)
    if link == "telephone":
        other = child(telecom=phone)
    if link == "birth-date":
        name = [{"family": "Madeup", "given": ["Maud"]}]
        born = {"birthDate": "1990-04-01", "name": name}
        related = [{"resourceType": "RelatedPerson", "id": "x", "patient": there, **born}]
    _, connector = serve([other, *related, mother(), *mothers_records()])
    assert_silent(read(connector, CHILD))


def test_every_page_is_read_and_what_is_missing_waits_for_a_person(serve: Serve) -> None:
    visits = [
        {**childs_records()[0], "id": f"v{n}", "period": {"start": f"2026-03-{n:02}"}} for n in range(1, 8)
    ]
    _, connector = serve([child(), *visits], page=2)
    assert len(read(connector, CHILD).entries[Category.HEALTH_ATTENDANCES]) == 7
    _, cut = serve([child(), *visits], page=2, limits=ServerLimits(pages=2))
    reading = read(cut, CHILD)
    assert len(reading.entries[Category.HEALTH_ATTENDANCES]) == 4
    (left,) = reading.left
    assert (left.category, left.reason, left.count) == (
        Category.HEALTH_ATTENDANCES,
        LeftReason.UNREADABLE,
        3,
    )


def test_a_server_that_lies_about_its_counts_gives_no_nil(serve: Serve) -> None:
    _, connector = serve(inflate=3)
    assert connector.find(sought(nhs(77))) == WaitsForPerson(reason=WaitReason.UNREADABLE)
    assert connector.find(sought(CHILD)) == WaitsForPerson(reason=WaitReason.UNREADABLE)


@pytest.mark.parametrize("link", ["http://127.0.0.2:1/fhir/Encounter?patient=child", "https://example.org/"])
def test_a_next_page_elsewhere_is_not_fetched(serve: Serve, link: str) -> None:
    visits = [{**childs_records()[0], "id": f"v{n}"} for n in range(5)]
    _, connector = serve([child(), *visits], next_link=link)
    with pytest.raises(ConnectorFailed) as failed:
        read(connector, CHILD)
    assert failed.value.code == "server-link-elsewhere"


def test_pages_that_lead_in_a_circle_end(serve: Serve) -> None:
    visits = [{**childs_records()[0], "id": f"v{n}"} for n in range(5)]
    service, connector = serve([child(), *visits], next_link="Encounter?patient=child&_page=1")
    reading = read(connector, CHILD)
    assert [left.reason for left in reading.left] == [LeftReason.UNREADABLE]
    assert len(service.seen) < 30


@pytest.mark.parametrize(
    "fault,code",
    [
        ((500, {}, b"<html>"), "server-failed"),
        ((500, {}, json.dumps(outcome("X")).encode()), "server-failed"),
        ((404, {}, b"<html>no such page"), "server-strange"),
        ((200, {}, b"<html>sign in here"), "server-strange"),
        ((200, {}, b'{"resourceType": "Patient", "id": 1'), "server-strange"),
        ((200, {}, b"[" * 5_000), "server-strange"),
        ((200, {}, b'{"resourceType": "Patient"}'), "server-strange"),
        ((200, {}, b'{"resourceType": "Bundle", "entry": "' + b"x" * 70_000 + b'"}'), "server-too-much"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "server-elsewhere"),
        ((401, {}, b""), "server-denied"),
        ((403, {}, json.dumps(outcome("ACCESS_DENIED")).encode()), "server-denied"),
        ((429, {"Retry-After": "3600"}, b""), "server-busy"),
        ((-1, {}, b""), "server-unreachable"),
    ],
)
def test_what_is_no_answer_is_a_coded_failure_and_never_a_nil(
    serve: Serve, fault: tuple[int, dict[str, str], bytes], code: str
) -> None:
    service, connector = serve(limits=ServerLimits(seconds=2, answer_bytes=65_536))
    service.faults.append(fault)
    with pytest.raises(ConnectorFailed) as failed:
        connector.find(sought(nhs(77)))
    assert failed.value.code == code
    # The next call is answered.
    assert find(connector, CHILD).person.connector == connector.name


def test_a_busy_server_is_asked_again_after_the_time_it_says(serve: Serve, waited: list[float]) -> None:
    service, connector = serve()
    service.faults += [(429, {"Retry-After": "2"}, b""), (503, {"Retry-After": "nonsense"}, b"")]
    assert find(connector, CHILD).person.key.startswith("child")
    assert waited == [2, 1]
    service.faults += [(429, {}, b"")] * 4
    with pytest.raises(ConnectorFailed) as failed:
        connector.find(sought(CHILD))
    assert failed.value.code == "server-busy"


def test_a_connection_that_breaks_is_made_anew_once(serve: Serve) -> None:
    service, connector = serve()
    service.faults.append((0, {}, b""))
    assert find(connector, CHILD).person.key.startswith("child")
    service.faults += [(0, {}, b"")] * 2
    with pytest.raises(ConnectorFailed) as failed:
        connector.find(sought(CHILD))
    assert failed.value.code == "server-unreachable"


def test_superseded_and_invalid_records_wait_for_a_person(serve: Serve) -> None:
    old = nhs(40)
    taken_over = {**child(), "id": CHILD, "_was": [old]}
    _, pds = serve([taken_over], pds=True)
    match = pds.find(sought(old))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SUPERSEDED
    assert [candidate.name for candidate in match.candidates] == ["Testina Madeup"]
    service, pds = serve([], pds=True)
    service.faults += [
        (400, {}, json.dumps(outcome("NOT_SUPPORTED_SEARCH")).encode()),
        (404, {}, json.dumps(outcome("INVALIDATED_RESOURCE")).encode()),
    ]
    assert pds.find(sought(old)) == WaitsForPerson(reason=WaitReason.INACTIVE)
    link = {"link": [{"type": "replaced-by", "other": {"reference": "Patient/other"}}]}
    _, core = serve([patient("old", old, birthDate="2016-02-29", **link)])
    match = core.find(sought(old))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SUPERSEDED


def test_a_type_the_server_does_not_have_is_not_searched_and_so_no_nil(serve: Serve) -> None:
    _, connector = serve(refuse=frozenset({"Flag"}))
    reading = read(connector, CHILD)
    assert Category.HEALTH_FLAGS not in reading.entries
    assert Category.HEALTH_CONDITIONS in reading.entries


def test_a_name_and_a_birth_date_find_only_with_something_more(serve: Serve) -> None:
    twin = patient("twin", nhs(41), name=[{"given": ["Testing"], "family": "Madeup"}], birthDate="2016-02-29")
    _, connector = serve([child(), twin, mother()])
    born = date(2016, 2, 29)
    near = connector.find(sought(None, name="Testina Madeup", born=born))
    assert isinstance(near, WaitsForPerson)
    assert near.reason is WaitReason.NEAR
    assert [candidate.name for candidate in near.candidates] == ["Testina Madeup", "Testing Madeup"]
    assert near.candidates[0].score is not None
    assert "the same birth date" in near.candidates[0].reasons
    home = connector.find(sought(None, name="Testina Madeup", born=born, address="3 Invention Row, ZZ99 1AA"))
    # An address tells the twins apart, for the connector or for whoever looks.
    first = home.candidates[0].person if isinstance(home, WaitsForPerson) else home.person if isinstance(
        home, Found) else None  # fmt: skip
    assert first is not None
    assert first.key == near.candidates[0].person.key
    nobody = connector.find(sought(None, name="Ozwald Nobody", born=date(1950, 1, 1)))
    assert isinstance(nobody, NotFound)
    assert nobody.searched.by == ["name and birth date, spelt alike or mistyped"]
    alone = connector.find(sought(None, name="Testina Madeup"))
    assert alone == WaitsForPerson(reason=WaitReason.NO_CHECKED_NUMBER)
    # Whom a person chose is read.
    chosen = connector.read(near.candidates[0].person, frozenset({Category.DEMOGRAPHICS}))
    assert "Testina" in str(chosen.entries)


def test_a_certain_description_finds_unless_the_server_shows_not_all(serve: Serve) -> None:
    whole = {
        "name": "Testina Madeup",
        "born": date(2016, 2, 29),
        "address": "3 Invention Row, Elsewhere, ZZ99 1AA",
    }
    _, connector = serve([child()])
    assert find(connector, None, **whole).person.matched is MatchedBy.DESCRIPTION
    service, connector = serve([child()])
    service.faults.append((200, {}, json.dumps(outcome("TOO_MANY_MATCHES", "information")).encode()))
    match = connector.find(sought(None, **whole))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.NEAR
    _, connector = serve([child(active=False)])
    match = connector.find(sought(None, **whole))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.INACTIVE


def test_two_records_of_one_number_and_one_nobody_asked_for(serve: Serve) -> None:
    _, connector = serve([child(), child(id="child2")])
    match = connector.find(sought(CHILD))
    assert isinstance(match, WaitsForPerson)
    assert match.reason is WaitReason.SEVERAL_PEOPLE
    service, connector = serve()
    everybody = bundle(child(), mother(), patient("n", NEIGHBOUR))
    service.faults.append((200, {}, json.dumps(everybody | {"type": "searchset"}).encode()))
    with pytest.raises(ConnectorFailed) as failed:
        connector.find(sought(nhs(77)))
    assert failed.value.code == "server-strange"


def test_a_person_who_is_gone_or_of_another_system_is_not_read(serve: Serve) -> None:
    service, connector = serve()
    person = find(connector, CHILD).person
    service.resources = [mother()]
    with pytest.raises(ConnectorFailed) as failed:
        connector.read(person, connector.serves)
    assert failed.value.code == "person-gone"
    service, other = serve()
    for key in ("../../etc/passwd", "..", "child?x=1", "", "child|" + MOTHER):
        with pytest.raises(ConnectorFailed) as failed:
            other.read(type(person)(connector=other.name, key=key, matched=person.matched), other.serves)
        assert failed.value.code == "person-gone"
    assert {path for _, path, _ in service.seen} <= {"/fhir/Patient/child"}


def test_the_token_of_a_file_of_one_s_own_is_sent_and_another_is_refused(
    serve: Serve, tmp_path: Path
) -> None:
    service, _ = serve(token="made-up")
    service.token = "made-up"
    token, place = tmp_path / "token", tmp_path / "server.toml"
    token.write_text("made-up\n")
    token.chmod(0o600)
    place.write_text(f'url = "{service.url}"\nname = "Invented trust"\ntoken_file = "token"\n')
    connector = open_server(str(place))
    assert connector.name == "Invented trust"
    assert find(connector, CHILD).person.connector == "Invented trust"
    token.chmod(0o644)
    with pytest.raises(ConnectorFailed) as failed:
        connector.find(sought(CHILD))
    assert failed.value.code == "token-open-to-others"
    with pytest.raises(ConnectorFailed) as failed:
        open_server(service.url).find(sought(CHILD))
    assert failed.value.code == "server-denied"


@pytest.mark.parametrize(
    "written,code",
    [
        ("http://example.org/fhir", "server-url"), ("https://u:p@example.org/", "server-url"),
        ("https://example.org/?x=1", "server-url"), ("ftp://example.org", "server-url"),
        ("http://127.0.0.1:99999/", "server-url"), ("/no/such.toml", "unknown-connector"),
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(written: str, code: str) -> None:
    with pytest.raises(WrongOrder) as refused:
        parse_place(written)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["", "url = 3", 'url = "https://example.org"\npassword = "x"', "url ="])
def test_a_file_of_a_server_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "server.toml"
    path.write_text(text)
    with pytest.raises(WrongOrder) as refused:
        parse_place(str(path))
    assert refused.value.code == "server-file"


def test_over_tls_the_server_is_who_its_certificate_says_or_nothing_is_asked(tmp_path: Path) -> None:
    ours, place = Certificate(tmp_path), tmp_path / "server.toml"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(ours.cert, ours.key)
    with serving(Service(FAMILY), tls=context) as service:
        place.write_text(f'url = "{service.url}"\nca_file = "{ours.cert.name}"\n')
        assert find(open_server(str(place)), CHILD).person.key.startswith("child")
        asked = len(service.seen)
        with pytest.raises(ConnectorFailed) as failed:
            open_server(service.url).find(sought(CHILD))
        assert failed.value.code == "server-untrusted"
        assert len(service.seen) == asked
    place.write_text('url = "https://127.0.0.1:1/"\nca_file = "server.toml"\n')
    with pytest.raises(WrongOrder) as refused:
        open_server(str(place))
    assert refused.value.code == "ca-file"


def test_it_passes_the_kit(serve: Serve) -> None:
    service, _ = serve()
    assert faults_of(f"fhir-server:{service.url}", "--nhs", CHILD, "--restricted", MOTHER) == {}


def spoilt(value: Any) -> Iterator[Any]:
    """A JSON value with one part of it replaced by something else, in every place and manner."""
    others: tuple[Any, ...] = (None, 7, "x", [], {}, [[]], [None])
    for other in others:
        if other != value:
            yield other
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {k: v for k, v in value.items() if k != name}
            for changed in spoilt(inner):
                yield value | {name: changed}
    if isinstance(value, list):
        for position, inner in enumerate(value):
            for changed in spoilt(inner):
                yield [*value[:position], changed, *value[position + 1 :]]


def as_found(*resources: Any) -> Any:
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def test_whatever_is_wrong_in_an_answer_nobody_else_is_found_and_it_is_no_nil(serve: Serve) -> None:
    service, connector = serve()
    few = {name: child()[name] for name in ("resourceType", "id", "identifier", "name", "birthDate")}
    tried = 0
    for answer in spoilt(as_found(few)):
        service.faults = [(200, {}, json.dumps(answer).encode())]
        tried += 1
        try:
            match = connector.find(sought(CHILD, name="Testina Madeup", born=date(2016, 2, 29)))
        except ConnectorFailed:
            continue
        assert not isinstance(match, NotFound), answer
        assert not isinstance(match, Found) or CHILD in match.person.key, answer
    assert tried > 150


def test_whatever_is_wrong_in_a_record_is_counted_and_stops_nothing(serve: Serve) -> None:
    service, connector = serve([child()])
    person = find(connector, CHILD).person
    visit = childs_records()[0]
    wanted = frozenset({Category.HEALTH_ATTENDANCES})
    tried = 0
    for answer in spoilt(as_found(visit)):
        service.faults = [
            (200, {}, json.dumps(child()).encode()),
            (200, {}, json.dumps(answer).encode()),
        ]
        tried += 1
        try:
            reading = connector.read(person, wanted)
        except ConnectorFailed:
            continue
        whole = reading.entries[Category.HEALTH_ATTENDANCES]
        unread = sum(each.count for each in connector.unread())
        assert whole or reading.left or unread, answer
    assert tried > 150
