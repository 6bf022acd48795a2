"""Problems: RFC 9457 as it is, the same for all, and nothing of what was sent."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.protocol.problem import TITLES, Problem
from keys import base64url, strict_json
from keys.errors import Rejected
from tests.broker.protocol.readers import READERS, Reader
from tests.broker.protocol.strategies import values
from tests.broker.protocol.test_arbitrary import PARSERS, TYPS
from tests.broker.protocol.tokens import KID, unsigned

CANARIES = st.sampled_from(
    (
        *("Zebedee", "zebedee_quux", "zebedee-quux", "Zebedee Quux", "Zébédée", "zebedee+q"),
        *("9990000018", "ZZ99 4XY"),
    )
)
"""Names, numbers and codes that stand nowhere in the protocol."""


def shown(error: Problem | Rejected) -> str:
    """All that a client or a log could come to see of a refusal."""
    match error:
        case Problem():
            return json.dumps(error.document(), ensure_ascii=False) + str(error) + repr(error)
        case Rejected():
            return str(error) + repr(error)


@pytest.mark.parametrize("code", TITLES)
def test_a_document_has_the_members_of_rfc_9457_and_a_code(code: str) -> None:
    status, title = TITLES[code]
    assert Problem(code, "What to do.").document() == {
        "type": f"urn:gatehouse:problem:{code}",
        "title": title,
        "status": status,
        "detail": "What to do.",
        "code": code,
    }
    assert 400 <= status < 600
    assert strict_json.parse(strict_json.dump(Problem(code, "What to do.").document()))


def test_reason_retry_and_another_status_are_there_when_given() -> None:
    document = Problem("malformed", "Too slow.", status=408, reason="slow", retry_after=3).document()
    assert (document["status"], document["reason"], document["retry_after"]) == (408, "slow", 3)


def test_what_is_not_there_and_what_is_not_yours_are_one_answer() -> None:
    assert Problem.not_found().document() == Problem.not_found().document()
    assert Problem.not_found().document()["status"] == 404


def test_a_code_nobody_wrote_down_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Problem("no-such-code", "…")


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@given(data=st.data())
def test_no_refusal_repeats_a_value_or_a_members_name(reader: Reader, data: st.DataObject) -> None:
    value = json.loads(data.draw(values(reader.model)).dump())
    canary = data.draw(CANARIES)
    place = data.draw(st.sampled_from(sorted(_places(value), key=str)))
    how = data.draw(st.sampled_from(("value", "list", "name", "named value", "instead")))
    holder = value
    for step in place:
        holder = holder[step]
    if how == "instead" or not holder:
        value = {canary: canary}
    else:
        name = data.draw(st.sampled_from(sorted(holder)))
        match how:
            case "value":
                holder[name] = canary
            case "list":
                holder[name] = [canary, {canary: canary}]
            case "name":
                holder[canary] = 7
            case _:
                holder[name] = {canary: 7}
    assert canary not in _refusal(reader, json.dumps(value).encode())


def _refusal(reader: Reader, data: bytes) -> str:
    # Where the value is taken after all, nothing is shown.
    try:
        reader.read(data)
    except (Problem, Rejected) as error:
        return shown(error)
    return ""


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [at] + [place for name, inner in value.items() for place in _places(inner, (*at, name))]
    if isinstance(value, list):
        return [place for n, inner in enumerate(value) for place in _places(inner, (*at, n))]
    return []


@given(st.sampled_from(PARSERS), st.sampled_from(TYPS), CANARIES)
def test_no_refusal_repeats_what_stands_in_a_tokens_header(parse: Any, typ: str, canary: str) -> None:
    for token in (
        unsigned(canary, b"{}"),
        unsigned(typ, b"{}", alg=canary),
        unsigned(typ, b"{}", kid=canary),
        unsigned(typ, b"{}", **{canary: KID}),
        unsigned(typ, json.dumps({canary: canary}).encode()),
        unsigned(typ, f'{{"{canary}":1,"{canary}":2}}'.encode()),
        unsigned(typ, f'{{"iss":{canary}}}'.encode()),
        f"{base64url.encode(canary.encode())}.{canary}.{canary}",
    ):
        with pytest.raises((Problem, Rejected)) as refused:
            parse(token)
        error = refused.value
        assert isinstance(error, Problem | Rejected)
        assert canary not in shown(error)
