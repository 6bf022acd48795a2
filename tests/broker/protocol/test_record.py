"""Records: what is written of a decision is enough to make it again."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from broker.protocol import record
from broker.protocol.example import cast, log
from broker.protocol.problem import Problem
from keys import jws
from policies.catalogue import load_catalogue
from policies.decide import decide
from policies.policy_set import seed_policy
from policies.question import Question
from tests.broker.protocol.strategies import RECORDS
from tests.broker.protocol.tokens import unsigned
from tests.policies.strategies import questions


def _decided(question: Question) -> record.Decided:
    decision = decide(question, seed_policy(), load_catalogue())
    return record.Decided(
        outcome=decision.outcome,
        question=question,
        findings=list(decision.findings),
        needs=list(decision.needs),
        confirmable=list(decision.confirmable),
        policy_version=decision.policy_version,
        policy_digest=decision.policy_digest,
        catalogue_digest=decision.catalogue_digest,
        guards=[],
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_a_decision_can_be_made_again_from_its_record_alone(question: Question) -> None:
    written = record.Handover(
        at=cast.ASKED,
        sender="northtown-care",
        envelope=cast.uuid("x"),
        recipient="eastmere-health",
        generation=1,
        decided=_decided(question),
    )
    token = jws.sign(written.dump(), cast.DECISION, record.TYP)
    parsed, read = record.parse_record(token)
    jws.verify(parsed, cast.DECISION.public, typ=record.TYP)
    assert read == written
    assert _decided(read.decided.question) == read.decided


def test_the_kinds_are_told_apart_by_their_word() -> None:
    kinds = [model.model_fields["record"].default for model in RECORDS]
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize(
    "change", [{"record": "rumour"}, {"record": None}, {"v": 2}, {"v": True}, {"v": "1"}]
)
def test_an_unknown_kind_or_version_is_refused(change: dict[str, object]) -> None:
    claims = jws.parse(log.log()[8].token).claims
    assert record.parse_record(unsigned(record.TYP, json.dumps(claims).encode()))
    with pytest.raises(Problem) as refused:
        record.parse_record(unsigned(record.TYP, json.dumps({**claims, **change}).encode()))
    assert refused.value.code == "malformed"


def test_a_record_without_its_kind_is_refused() -> None:
    claims = {**jws.parse(log.log()[8].token).claims}
    del claims["record"]
    with pytest.raises(Problem):
        record.parse_record(unsigned(record.TYP, json.dumps(claims).encode()))
