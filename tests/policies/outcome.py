"""Asserting a decision, in the words the tests use."""

from policies.finding import Effect
from policies.policy_set import PolicySet
from policies.question import Question
from policies.vocabulary import (
    Outcome,
)
from tests.policies.case import (
    decided,
)


def refused(asked: Question, code: str, policy: PolicySet | None = None) -> None:
    """Refused for exactly this, so that nothing else hides behind it."""
    decision = decided(asked, policy)
    assert decision.outcome is Outcome.REFUSE
    assert {found.code for found in decision.findings if found.effect is Effect.REFUSE} == {code}
    assert decision.needs == ()


def held(asked: Question, code: str) -> None:
    decision = decided(asked)
    assert decision.outcome is Outcome.HOLD
    assert {found.code for found in decision.findings if found.effect is Effect.HOLD} == {code}
    assert len(decision.needs) == 1


def allowed(asked: Question, policy: PolicySet | None = None) -> None:
    decision = decided(asked, policy)
    assert decision.outcome is Outcome.ALLOW, [found.code for found in decision.findings]
