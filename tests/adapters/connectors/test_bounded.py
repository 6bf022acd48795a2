"""Whatever a connector does, a call ends in time, with what the interface says or with a coded failure."""

import os
import resource
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from adapters.connectors.bounded import Bounded, BoundedLimits
from adapters.connectors.connector import ENTRY_LIMIT, Connector, ConnectorFailed, Found, LeftReason
from adapters.connectors.fhir_folder import FhirFolder
from adapters.errors import AdapterError, WrongOrder
from tests.adapters.connectors import bad_connector
from tests.adapters.connectors.bad_connector import KEPT
from tests.adapters.connectors.made import CHILD, MOTHER, bundle, child, childs_records, mother, sought, write

Open = Callable[..., Bounded]
SHORT = {"find": 2.0, "read": 2.0, "open": 60.0}


@pytest.fixture
def open_bad(tmp_path: Path) -> Iterator[Open]:
    """Opens the bad connector in the manner named, in short limits."""
    file = tmp_path / "bad.py"
    shutil.copy(bad_connector.__file__, file)
    file.chmod(0o600)
    opened: list[Bounded] = []

    def open_(how: str, **limits: float) -> Bounded:
        bounded = Bounded(f"python:{file}:{how}", limits=BoundedLimits(**{**SHORT, **limits}))  # type: ignore[arg-type]
        opened.append(bounded)
        return bounded

    yield open_
    for bounded in opened:
        bounded.close()
    assert not [each for each in psutil.Process().children() if "bounded_child" in str(each.cmdline())]


def found(connector: Connector, **more: str) -> Found:
    match = connector.find(sought(CHILD, **more))
    assert isinstance(match, Found)
    return match


def test_what_passes_through_is_what_the_connector_gave(tmp_path: Path) -> None:
    folder = write(tmp_path, all=bundle(child(), mother(), *childs_records()))
    plain = FhirFolder(folder)
    bounded = Bounded(f"fhir:{folder}")
    connector: Connector = bounded
    try:
        assert (connector.name, connector.serves) == (plain.name, plain.serves)
        for number in (CHILD, MOTHER, "9990000018", "9990000019"):
            assert connector.find(sought(number)) == plain.find(sought(number))
        assert connector.find(sought(None, name="Maud Madeup")) == plain.find(
            sought(None, name="Maud Madeup")
        )
        person = found(connector).person
        assert connector.read(person, connector.serves) == plain.read(person, plain.serves)
        assert connector.freshness() == plain.freshness()
        assert connector.unread() == plain.unread()
    finally:
        bounded.close()


@pytest.mark.parametrize(
    "how,code",
    [
        ("read-hangs", "connector-hangs"), ("dies", "connector-died"), ("breaks", "connector-broke"),
        ("garbage", "connector-garbage"), ("endless-text", "connector-garbage"),
        ("none", "connector-garbage"), ("no-zone", "connector-garbage"), ("unasked", "connector-garbage"),
    ],
)  # fmt: skip
def test_a_reading_that_goes_wrong_is_a_coded_failure_and_the_next_call_is_answered(
    open_bad: Open, how: str, code: str
) -> None:
    connector = open_bad(how)
    person = found(connector).person
    with pytest.raises(ConnectorFailed) as failed:
        connector.read(person, connector.serves)
    assert failed.value.code == code
    assert "9990000018" not in str(failed.value)
    assert found(connector).person == person


@pytest.mark.parametrize(
    "how,code",
    [
        ("find-hangs", "connector-hangs"), ("find-garbage", "connector-garbage"),
        ("elsewhere", "connector-garbage"), ("nil-of-nothing", "connector-garbage"),
    ],
)  # fmt: skip
def test_a_search_that_goes_wrong_is_a_coded_failure_and_never_a_nil(
    open_bad: Open, how: str, code: str
) -> None:
    with pytest.raises(ConnectorFailed) as failed:
        open_bad(how).find(sought(CHILD))
    assert failed.value.code == code


def test_nonsense_about_itself_is_a_coded_failure(open_bad: Open) -> None:
    connector = open_bad("garbage")
    for ask in (connector.freshness, connector.unread):
        with pytest.raises(ConnectorFailed) as failed:
            ask()
        assert failed.value.code == "connector-garbage"


@pytest.mark.parametrize(
    "how,code",
    [
        ("open-hangs", "connector-hangs"),
        ("open-breaks", "connector-broke"),
        ("nameless", "connector-garbage"),
    ],
)
def test_what_cannot_be_opened_says_so(open_bad: Open, how: str, code: str) -> None:
    with pytest.raises(ConnectorFailed) as failed:
        open_bad(how, open=5.0)
    assert failed.value.code == code
    assert "9990000018" not in str(failed.value)


@pytest.mark.parametrize("how", ["million", "million-kept"])
def test_of_a_million_rows_a_body_s_worth_is_given_and_the_rest_waits_for_a_person(
    open_bad: Open, how: str
) -> None:
    connector = open_bad(how, read=60.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading = connector.read(found(connector).person, connector.serves)
    assert len(reading.entries[KEPT]) == ENTRY_LIMIT
    (left,) = reading.left
    assert (left.category, left.reason) == (KEPT, LeftReason.TOO_MANY)
    assert left.count >= 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10  # KiB


def test_memory_is_bounded_on_both_sides(open_bad: Open) -> None:
    hoards = open_bad("hoards", memory=1 << 29, read=60.0)
    with pytest.raises(ConnectorFailed) as failed:
        hoards.read(found(hoards).person, hoards.serves)
    assert failed.value.code in ("connector-memory", "connector-died")
    much = open_bad("too-much", answer_bytes=1 << 20)
    with pytest.raises(ConnectorFailed) as failed:
        much.read(found(much).person, much.serves)
    assert failed.value.code == "connector-too-much"


def test_what_a_connector_prints_is_no_answer(open_bad: Open) -> None:
    connector = open_bad("prints")
    reading = connector.read(found(connector).person, connector.serves)
    assert [entry.what for entry in reading.entries[KEPT]] == ["Attendance 0", "Attendance 1", "Attendance 2"]


def test_one_that_hangs_does_not_delay_another(open_bad: Open) -> None:
    connector = open_bad("hangs-for-some", find=20.0)
    failures: list[str] = []

    def hang() -> None:
        try:
            connector.find(sought(CHILD, name="Slow"))
        except AdapterError as error:
            failures.append(error.code)

    threads = [threading.Thread(target=hang) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert found(connector, name="Quick").person.key == "1"
    assert failures == []
    connector.close()
    for thread in threads:
        thread.join()
    assert failures == ["connector-died"] * 3


def test_one_that_hangs_over_and_over_is_tried_by_one_call_at_a_time(open_bad: Open) -> None:
    connector = open_bad("hangs-for-some", find=1.0)
    for _ in range(3):
        with pytest.raises(ConnectorFailed):
            connector.find(sought(CHILD, name="Slow"))
    codes: list[str] = []
    started = threading.Barrier(9)

    def ask() -> None:
        started.wait()
        try:
            connector.find(sought(CHILD, name="Slow"))
        except AdapterError as error:
            codes.append(error.message)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    for thread in threads:
        thread.join()
    assert len([message for message in codes if "tried again" in message]) >= 6
    # The first that is answered in time ends that.
    assert found(connector, name="Quick").person.key == "1"
    assert found(connector, name="Quick").person.key == "1"


def test_the_process_ends_when_its_standard_input_does(open_bad: Open) -> None:
    connector = open_bad("read-hangs")
    (child_,) = [each for each in psutil.Process().children() if "bounded_child" in str(each.cmdline())]
    (process,) = connector._idle
    assert process._running.stdin is not None
    process._running.stdin.close()
    assert child_.wait(30) == 0


@pytest.mark.parametrize("mode", [0o666, 0o1666], ids=["plain", "sticky"])
def test_a_file_that_others_may_change_is_not_run(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "bad.py"
    shutil.copy(bad_connector.__file__, file)
    file.chmod(mode)
    with pytest.raises(WrongOrder) as refused:
        Bounded(f"python:{file}:x")
    assert refused.value.code == "connector-file-open-to-others"
    assert os.path.exists(file)


def test_a_link_that_others_may_change_is_not_followed(tmp_path: Path) -> None:
    safe, shared = tmp_path / "safe", tmp_path / "shared"
    safe.mkdir()
    shared.mkdir()
    shutil.copy(bad_connector.__file__, safe / "bad.py")
    (safe / "bad.py").chmod(0o600)
    (shared / "link.py").symlink_to(safe / "bad.py")
    shared.chmod(0o777)
    with pytest.raises(WrongOrder) as refused:
        Bounded(f"python:{shared / 'link.py'}:x")
    assert refused.value.code == "connector-file-open-to-others"


@pytest.mark.as_root
def test_a_file_of_another_account_is_not_run(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    shutil.copy(bad_connector.__file__, file)
    file.chmod(0o644)
    os.chown(file, 65_534, 65_534)
    with pytest.raises(WrongOrder) as refused:
        Bounded(f"python:{file}:x")
    assert refused.value.code == "connector-file-open-to-others"


@pytest.mark.parametrize("text", ["", "def open_connector", "open_connector = 3"])
def test_a_file_that_is_no_connector_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "none.py"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(WrongOrder) as refused:
        Bounded(f"python:{file}")
    assert refused.value.code in ("unknown-connector", "connector-file-broken")
