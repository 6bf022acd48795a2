"""What people write stays between the two agencies: names, numbers, dates, addresses, telephones and words
planted in every sealed field and in every kind of bad input are in no column, log, tile, answer or file.

The stage's folder holds everything the programs write: state folders, journals with their write-ahead logs,
logs, temporary files. The papers, written by the test, are the one thing in it that is left out.
"""

import asyncio
import http.client
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from adapters import transport
from adapters.folder import open_folder
from broker.protocol.declaration import TYP, Kind
from keys import jws, strict_json
from keys.signing import SigningKey
from tests.whole import forms
from tests.whole.forms import Person
from tests.whole.search import found, found_in_files, found_in_tables
from tests.whole.stage import CARE, HEALTH, SCHOOL, Stage

_CHILD: Final = Person(
    name="Zebedee Quillfeather", born="2016-05-04", nhs="9990000018", address="7 Marzipan Crescent ZZ9 7ZZ"
)
_PARENT: Final = Person(
    name="Ottoline Snorkelwort",
    born="1987-11-23",
    nhs="9990000026",
    role="parent",
    address="Flat 3b Liquorice Wharf ZZ9 8ZZ",
)
_TELEPHONE: Final = "01632 960 222"
_WORDS: Final = {
    "concern": "flibbertigibbet",
    "necessity": "gallimaufry",
    "contact": "Brunhilda Pumpernickel",
    "why": "collywobbles",
    "what": "widdershins",
    "answered": "bumbershoot",
    "system": "kerfuffle cabinet",
    "conditions": "taradiddle",
    "told": "hullabaloo",
    "seen": "lollygagging",
    "mistyped": "snickersnee",
}
_EVENT: Final = "2019-08-27"
_PEOPLE: Final = (_CHILD, _PARENT)
PLANTED: Final = {
    *(part for each in _PEOPLE for part in (*each.name.split(), each.nhs, each.born, each.address)),
    *("27082019", "04052016", "23111987", "1987.11.23", "ZZ9 7ZZ", "ZZ9 8ZZ", "Marzipan", "Liquorice"),
    *_WORDS.values(),
    _EVENT,
    _TELEPHONE,
}


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Iterator[Stage]:
    """The usual stage, whose programs keep temporary files in its folder."""
    temporary = bare_stage.folder / "tmp"
    temporary.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(temporary)
    bare_stage.play(CARE, HEALTH, SCHOOL)
    yield bare_stage
    if before is None:
        del os.environ["TMPDIR"]
    else:
        os.environ["TMPDIR"] = before


@pytest.fixture(scope="module")
def played(stage: Stage) -> tuple[dict[str, str], str]:
    """Everything of an exchange, and every error people make: the envelopes' ids, and all error texts."""
    care, school, health = (stage.agencies[name] for name in (CARE, SCHOOL, HEALTH))
    words = _WORDS
    asking: dict[str, Any] = {
        "people": _PEOPLE,
        "concern": f"{_CHILD.name} {words['concern']}, NHS 999 000 0018",
        "necessity": f"{words['necessity']} on {_EVENT}",
        "contact": f"{words['contact']}, {_TELEPHONE}",
        "why": f"{words['why']} of {_CHILD.name}",
    }
    form = care.paper("ask.yaml", forms.ask(SCHOOL, "attendance", "school_concerns", **asking))
    ask = care.say("ask", form, "--until", "settled", "--wait", "60")["jti"]
    answering = forms.answer(
        "school_concerns",
        what=f"{words['what']}, said {_PARENT.name} of {_PARENT.address}",
        on=_EVENT,
        necessity=words["answered"],
        system=words["system"],
        conditions=words["conditions"],
    )
    item = school.say("answer", ask, "--from", school.paper("answer.yaml", answering))
    declined = school.paper("decline.yaml", forms.decline("attendance", "live_operation"))
    school.say("answer", ask, "--from", declined)
    care.receives(ask, "item")
    telling = forms.tell(
        CARE,
        people=_PEOPLE,
        concern=words["told"],
        what=f"{words['seen']} by {_CHILD.name}",
        on=_EVENT,
        contact=f"{words['contact']} {_TELEPHONE}",
    )
    notice = school.say("tell", school.paper("tell.yaml", telling), "--until", "settled", "--wait", "60")
    errors = []
    # Refused by the hub (no Article 9 condition), and held (the agreement is silent on it).
    lawless = "{regime: uk_gdpr, article6: GDPR6-1E, gateway: CA1989-S47, confidentiality: CL-PUBINT}"
    for category, grounds, code in (("health_flags", lawless, 3), ("adult_mental_health", "", 4)):
        more: dict[str, Any] = {"grounds": grounds} if grounds else {}
        form = care.paper(f"{category}.yaml", forms.ask(HEALTH, category, **asking, **more))
        ran = care.do("ask", form, "--wait", "60", expect=code)
        errors.append(ran.out + ran.err)
    mistakes = {
        # The child's name, number and birth date where the hub would read them.
        "clear.yaml": forms.ask(SCHOOL, "attendance", **asking).replace("id: worker-1", "id: Quillfeather"),
        "number.yaml": forms.ask(SCHOOL, "attendance", **asking).replace("id: worker-1", "id: '9990000018'"),
        "unknown.yaml": forms.ask(SCHOOL, "attendance", **asking) + f"colour: {_CHILD.name}\n",
        "twice.yaml": forms.ask(SCHOOL, "attendance", **asking) + f'contact: "{_CHILD.name}"\n',
        "digit.yaml": forms.ask(SCHOOL, "attendance", **asking).replace("9990000018", "9990000019"),
        "category.yaml": forms.ask(SCHOOL, words["mistyped"], **asking),
        "date.yaml": forms.ask(SCHOOL, "attendance", **asking).replace("2016-05-04", "04.05.2016"),
        "broken.yaml": forms.ask(SCHOOL, "attendance", **asking) + f"'{_CHILD.name}: [",
    }
    for name, text in mistakes.items():
        ran = care.do("ask", care.paper(name, text), expect=1)
        errors.append(ran.out + ran.err)
    for arguments in (("status", _CHILD.nhs), ("open", _CHILD.name), ("recall", _CHILD.nhs)):
        ran = care.do(*arguments, expect=1)
        errors.append(ran.out + ran.err)
    assert health.say("inbox")["received"] == []
    return {"ask": ask, "item": item["answers"][0]["sent"]["jti"], "notice": notice["jti"]}, "\n".join(errors)


def test_the_search_finds_everything_where_it_must_be(
    stage: Stage, played: tuple[dict[str, str], str]
) -> None:
    envelopes, _ = played
    care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
    read = "".join(care.do("open", envelopes[kind]).out for kind in ("ask", "item", "notice"))
    read += "".join(school.do("open", envelopes[kind]).out for kind in ("ask", "item", "notice"))
    # What was mistyped was never sent, and dates are written in one way.
    kept = {_WORDS["mistyped"], "27082019", "04052016", "23111987"}
    assert found(PLANTED, read.encode()) == PLANTED - kept
    # And through the spellings of a dump and of a token.
    token = jws.sign(
        strict_json.dump({"who": _CHILD.name, "nhs": "999 000 0018"}), SigningKey.generate(), "x"
    )
    hidden = {*_CHILD.name.split(), _CHILD.nhs}
    for spelt in (token, f"\\\\x{token.encode().hex()}", f"9\t{token}\t\\N"):
        assert found(PLANTED, spelt.encode()) == hidden


def test_no_planted_word_is_in_a_table_of_the_hub(stage: Stage, played: tuple[dict[str, str], str]) -> None:
    dump = stage.table_dump()
    assert len(dump) > 20
    assert all(dump[f"public.{table}"] for table in ("envelope", "record_text", "subject", "act", "answer"))
    assert found_in_tables(PLANTED, dump) == {}
    # Why a source declines is the source's.
    assert found_in_tables(["live_operation"], dump) == {}


def test_no_planted_word_is_in_a_file_that_a_program_wrote(
    stage: Stage, played: tuple[dict[str, str], str]
) -> None:
    stage.say("log", "export", stage.folder / "export")
    written = [path for path in stage.folder.iterdir() if path.name != "papers"]
    assert {"hub", "care", "school", "health", "logs", "export"} <= {path.name for path in written}
    journals = [path.name for path in (stage.folder / "care").iterdir()]
    assert {"journal.sqlite", "journal.sqlite-wal"} <= set(journals), "the write-ahead log is looked at too"
    assert found_in_files(PLANTED, written) == {}
    others = [path for path in written if path.name != "school"]
    assert found_in_files(["live_operation"], others) == {}


def test_no_planted_word_is_in_an_error_people_see(played: tuple[dict[str, str], str]) -> None:
    _, errors = played
    assert errors.count("\n") > 20
    # What is typed on a command line is the typist's; an error does not repeat that either.
    assert found(PLANTED, errors.encode()) == set()


def test_no_planted_word_is_in_a_problem_document(stage: Stage) -> None:
    answers = list(_bad_requests(stage))
    statuses = {status for status, _ in answers}
    assert statuses <= {400, 401, 403, 404, 405, 409, 413, 415, 422}, answers
    assert len(statuses) >= 4, answers
    for status, data in answers:
        assert found(PLANTED, data) == set(), (status, data)
    assert found_in_files(PLANTED, [stage.logs]) == {}


def _bad_requests(stage: Stage) -> Iterator[tuple[int, bytes]]:
    """Send the hub planted words wherever they may be put by mistake; each answer."""
    said = {"who": _CHILD.name, _CHILD.name: _CHILD.nhs, "born": _CHILD.born, "words": [*_WORDS.values()]}
    text = json.dumps(said).encode()
    bodies = (
        text,
        text[:-1],
        text * 2,
        _CHILD.name.encode(),
        json.dumps({"code": _CHILD.name, **said}).encode(),
    )
    paths = ("enrolments", "enrolments/complete", "token", "administration", "declare", "act", "connection")
    for path in paths:
        for body in bodies:
            yield _send(stage, "POST", f"/v1/{path}", body)
    for path in (
        "/v1/Quillfeather",
        f"/{_CHILD.nhs}",
        f"/log/tile/{_CHILD.nhs}/x",
        f"/v1/hub?who={_CHILD.nhs}x",
    ):
        for method in ("GET", "DELETE"):
            if (method, path[:7]) != ("GET", "/v1/hub"):
                yield _send(stage, method, path)
    for name in ("Authorization", "DPoP", "Content-Type", "Gatehouse-Seen"):
        yield _send(stage, "POST", "/v1/declare", text, {name: f"DPoP {_CHILD.name} {_CHILD.nhs}"})
    folder = open_folder(stage.folder / SCHOOL)
    try:
        token = asyncio.run(_token(stage, folder))
        signed = _declarations(folder)
        opening = {"t1": "A" * 43, "r": "A" * 43}
        asked: list[tuple[str, dict[str, Any]]] = [
            ("declare", {"declaration": each, "openings": [opening]}) for each in signed
        ]
        asked += [
            ("deposit", {"envelope": _CHILD.nhs, "body": _CHILD.name}),
            ("status", {"envelopes": [_CHILD.name]}),
        ]
        asked += [("act", {"act": signed[0], "openings": [], "sealed": _CHILD.name}), ("prove", said)]
        for verb, wrong in asked:
            headers = transport.authorised(
                token,
                method="POST",
                url=f"{stage.url}/v1/{verb}",
                proof_key=folder.keyring.dpop,
                clock=folder.clock,
            )
            status, data = _send(stage, "POST", f"/v1/{verb}", json.dumps(wrong).encode(), headers)
            assert status not in (200, 401), (verb, data)
            yield status, data
    finally:
        folder.close()


def _declarations(folder: Any) -> list[str]:
    """Declarations that the school signed, with planted words where there is no room for any."""
    row = folder.journal.rows("all_sent", limit=10)[0]
    good = jws.parse(row["declaration"]).claims
    later = {"jti": folder.clock.new_id(), "iat": int(datetime.now(UTC).timestamp())}
    changes: tuple[dict[str, Any], ...] = (
        {"about": _CHILD.name},
        {_CHILD.name: True},
        {"purpose": _WORDS["mistyped"]},
        {"sub": {"id": _CHILD.name, "role": "practitioner"}},
        {"exchange": _CHILD.nhs},
        {"grounds": {"regime": _CHILD.name}},
    )
    typ = TYP[Kind(row["kind"])]
    return [jws.sign(strict_json.dump(good | later | each), folder.keyring.signing, typ) for each in changes]


async def _token(stage: Stage, folder: Any) -> transport.AccessToken:
    session = transport.open_session(None)
    try:
        return await transport.fetch_token(
            session,
            hub_url=stage.url,
            hub_id=folder.hub.hub,
            agency=folder.me,
            signing=folder.keyring.signing,
            proof_key=folder.keyring.dpop,
            clock=folder.clock,
        )
    finally:
        await session.close()


def _send(
    stage: Stage, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=30)
    try:
        connection.request(
            method, path, body=body, headers={"Content-Type": "application/json", **(headers or {})}
        )
        answer = connection.getresponse()
        shown = "".join(f"{name}: {value}\n" for name, value in answer.getheaders())
        return answer.status, shown.encode() + answer.read()
    finally:
        connection.close()


def test_papers_are_where_the_words_are(stage: Stage, played: tuple[dict[str, str], str]) -> None:
    # The control of the search through files: the one folder that was left out holds everything.
    papers = found_in_files(PLANTED, [stage.folder / "papers"])
    assert set().union(*papers.values()) == PLANTED - {"27082019", "23111987"}
