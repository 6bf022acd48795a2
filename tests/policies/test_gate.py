"""The gate asks the essentials again by itself, trusting no finding to be there."""

from dataclasses import replace

import pytest

from policies.catalogue import load_catalogue
from policies.finding import Effect
from policies.gate import gate
from policies.phrase import finding
from policies.policy_set import seed_policy
from policies.question import PolicySetRef, Question
from policies.vocabulary import Action, Category
from tests.policies.case import COMPLETE, health, question, s47_release_health, social_care


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_complete_passes(name: str) -> None:
    assert gate(COMPLETE[name](), (), seed_policy()) is True


@pytest.mark.parametrize(
    "asked",
    [
        question(asker=social_care()),
        s47_release_health(source=health()),
        s47_release_health(asker=social_care()),
        question(categories=()),
        question(categories=(Category.ADOPTION,)),
        question(categories=(Category.HEALTH_CONDITIONS, Category.ADOPTION)),
        question(policy=PolicySetRef(version=1, digest="0")),
        replace(question(), action=Action.RELEASE),
    ],
)
def test_what_lacks_an_essential_does_not_even_without_findings(asked: Question) -> None:
    assert gate(asked, (), seed_policy()) is False


@pytest.mark.parametrize("effect", Effect)
def test_only_notes_may_stand(effect: Effect) -> None:
    found = finding("decision-failed", action=Action.ASK, catalogue=load_catalogue(), effect=effect)
    assert gate(question(), (found,), seed_policy()) is (effect is Effect.NOTE)
