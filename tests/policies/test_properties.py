"""What holds for every question, not only for those somebody thought of."""

from collections import Counter
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from policies.agreement import covers
from policies.consent import ConsentStanding, stands
from policies.decide import Decision
from policies.finding import Effect
from policies.grounds import Grounds
from policies.party import Party
from policies.policy_set import seed_policy
from policies.question import Question
from policies.vocabulary import Action, Outcome
from policies.wording import WORDINGS
from tests.policies.case import AGREEMENT, COMPLETE, decided
from tests.policies.strategies import nearly, questions

QUESTION = TypeAdapter(Question)
DECISION = TypeAdapter(Decision)
MANY = settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
SLOTS = (
    "article6",
    "article9",
    "schedule1_paragraph",
    "article10",
    "gateway",
    "confidentiality",
)


def taken_away(asked: Question) -> list[Question]:
    """The question with each ground of each side taken away in turn, and each reason, and all of them."""
    less: list[Question] = []
    for side in ("asker", "source"):
        party: Party = getattr(asked, side)
        if party.grounds is None:
            continue
        claimed: Grounds = party.grounds
        poorer: list[Grounds | None] = [None, replace(claimed, necessity_recorded=False)]
        poorer += [replace(claimed, **{slot: None}) for slot in SLOTS]  # type: ignore[arg-type]
        poorer += [
            replace(claimed, schedule1=claimed.schedule1[:n] + claimed.schedule1[n + 1 :])
            for n in range(len(claimed.schedule1))
        ]
        less += [replace(asked, **{side: replace(party, grounds=rest)}) for rest in poorer]  # type: ignore[arg-type]
    return less


@given(questions())
@MANY
def test_taking_a_ground_away_never_makes_a_yes(asked: Question) -> None:
    if decided(asked).outcome is Outcome.ALLOW:
        return
    for less in taken_away(asked):
        assert decided(less).outcome is not Outcome.ALLOW, less


@given(questions())
@MANY
def test_ending_an_agreement_or_withdrawing_consent_never_makes_a_yes(asked: Question) -> None:
    if decided(asked).outcome is Outcome.ALLOW:
        return
    worse = [
        replace(asked, agreement=None),
        replace(asked, agreement=replace(AGREEMENT, ends=asked.at)),
        replace(asked, agreement=replace(AGREEMENT, categories=())),
        replace(asked, consent_standing=None),
        replace(asked, consent_standing=ConsentStanding(reference="consent-1", standing=False)),
        replace(asked, threshold_recorded=False),
        replace(asked, lifted=()),
    ]
    for less in worse:
        assert decided(less).outcome is not Outcome.ALLOW, less


@given(questions(), st.data())
@MANY
def test_removing_a_rule_never_makes_a_yes(asked: Question, data: st.DataObject) -> None:
    seed = seed_policy()
    if decided(asked).outcome is Outcome.ALLOW:
        return
    kept = data.draw(st.lists(st.sampled_from(seed.rules), unique_by=lambda rule: rule.name, max_size=60))
    assert decided(asked, replace(seed, rules=tuple(kept))).outcome is not Outcome.ALLOW


@given(questions())
@MANY
def test_what_passes_has_a_rule_and_grounds_and_nothing_missing(asked: Question) -> None:
    decision = decided(asked)
    if decision.outcome is not Outcome.ALLOW:
        assert decision.confirmable == ()
        return
    assert asked.asker.grounds is not None
    assert asked.asker.grounds.necessity_recorded
    if asked.action is not Action.ASK:
        assert asked.source.grounds is not None
        assert asked.source.grounds.necessity_recorded
    assert asked.agreement is not None or any(f.code == "missing-agreement" for f in decision.findings)
    assert (
        asked.agreement is None
        or covers(asked.agreement, asked)
        or "missing-agreement" in {f.code for f in decision.findings}
    )
    assert all(found.effect is Effect.NOTE for found in decision.findings)
    for side in (asked.asker, asked.source):
        if (
            side.grounds is not None
            and side.grounds.article6 == "GDPR6-1A"
            and (side is asked.asker or asked.action is not Action.ASK)
        ):
            assert stands(asked.consent, asked.consent_standing)


@given(questions())
@MANY
def test_a_decision_recomputes_from_its_record(asked: Question) -> None:
    first = decided(asked)
    again = QUESTION.validate_json(QUESTION.dump_json(asked))
    assert again == asked
    assert decided(again) == first
    assert decided(asked) == first
    assert DECISION.validate_json(DECISION.dump_json(first)) == first


@given(questions())
@MANY
def test_the_outcome_follows_from_the_findings(asked: Question) -> None:
    decision = decided(asked)
    effects = {found.effect for found in decision.findings}
    if decision.outcome is Outcome.REFUSE:
        assert Effect.REFUSE in effects
    elif decision.outcome is Outcome.HOLD:
        assert Effect.HOLD in effects
        assert Effect.REFUSE not in effects
        assert len(decision.needs) == sum(found.effect is Effect.HOLD for found in decision.findings)
    else:
        assert effects <= {Effect.NOTE}
    assert not any(found.code in {"decision-failed", "gate-refused"} for found in decision.findings)
    for found in decision.findings:
        assert found.code in WORDINGS
        assert "{" not in found.sentence + found.remedy
        assert found.sentence.endswith((".", ")."))
        assert found.remedy
        assert found.source


def test_the_random_questions_reach_every_outcome() -> None:
    """A property that only ever sees refusals proves little."""
    seen: Counter[Outcome] = Counter()

    @given(nearly())
    @settings(max_examples=300, derandomize=True, database=None)
    def look(asked: Question) -> None:
        seen[decided(asked).outcome] += 1

    look()
    assert min(seen[outcome] for outcome in Outcome) > 15, seen


@pytest.mark.parametrize("name", COMPLETE)
def test_every_fact_of_a_question_survives_the_record(name: str) -> None:
    asked = COMPLETE[name]()
    dumped = QUESTION.dump_python(asked, mode="json")
    assert set(dumped) == {field.name for field in fields(Question)}
    assert QUESTION.validate_json(QUESTION.dump_json(asked)) == asked
