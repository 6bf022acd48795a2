"""What rests on facts outside the declaration: consent, agreement, threshold; and failing closed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from policies.catalogue import load_catalogue
from policies.consent import ConsentPosition
from policies.decide import decide
from policies.finding import Effect, Fact
from policies.policy_set import seed_policy
from policies.question import Question
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    Outcome,
    PractitionerRole,
    Purpose,
    Rating,
    Side,
)
from tests.policies.case import (
    AGREEMENT,
    AT,
    GIVEN,
    NOT_SOUGHT,
    STANDS,
    WITHDRAWN,
    asker_claims,
    codes,
    contact_tell,
    decided,
    early_help_ask,
    early_help_release,
    grounds,
    health,
    police,
    question,
    s47_release_health,
    s47_release_police,
    school,
    social_care,
)
from tests.policies.outcome import allowed, held, refused

# ---------------------------------------------------------------- consent


@pytest.mark.parametrize("make", [early_help_ask, early_help_release])
def test_what_rests_on_consent_ends_with_it(make: Callable[..., Question]) -> None:
    for standing in (WITHDRAWN, None):
        decision = decided(make(consent_standing=standing))
        assert decision.outcome is Outcome.REFUSE
        assert "consent-not-standing" in codes(decision)
    allowed(make())


def test_an_early_help_ask_after_withdrawal_also_lacks_its_threshold() -> None:
    decision = decided(early_help_ask(consent_standing=WITHDRAWN))
    assert decision.outcome is Outcome.REFUSE
    assert {"consent-not-standing", "threshold-not-recorded"} <= codes(decision)


def test_consent_relied_on_names_its_record() -> None:
    unnamed = ConsentPosition(outcome=ConsentOutcome.GIVEN)
    refused(early_help_release(consent=unnamed), "consent-reference-missing")
    refused(early_help_release(consent=NOT_SOUGHT), "consent-reference-missing")
    other = replace(STANDS, reference="consent-2")
    refused(early_help_release(consent_standing=other), "consent-not-standing")


def test_a_withdrawal_leaves_a_duty_untouched() -> None:
    """The same child: early help ends, the s.47 enquiry goes on."""
    for make in (question, s47_release_health, s47_release_police):
        allowed(make(consent=GIVEN, consent_standing=WITHDRAWN))


@pytest.mark.parametrize("outcome", [ConsentOutcome.REFUSED, ConsentOutcome.WITHDRAWN])
def test_a_refusal_never_blocks_a_duty(outcome: ConsentOutcome) -> None:
    decision = decided(question(consent=ConsentPosition(outcome=outcome)))
    assert decision.outcome is Outcome.ALLOW
    assert "consent-refused" in codes(decision)


def test_consent_not_sought_needs_a_reason() -> None:
    refused(question(consent=ConsentPosition(outcome=ConsentOutcome.NOT_SOUGHT)), "consent-reason-missing")
    allowed(question(consent=NOT_SOUGHT))


def test_resting_a_duty_on_consent_is_said_to_be_unwise() -> None:
    asked = asker_claims(question(consent=GIVEN, consent_standing=STANDS), article6="GDPR6-1A")
    decision = decided(asked)
    assert decision.outcome is Outcome.ALLOW
    assert {"consent-not-apt", "consent-given-beside"} <= codes(decision)


# ---------------------------------------------------------------- agreement


def test_a_missing_agreement_holds_and_names_whom_to_ring() -> None:
    asked = question(agreement=None)
    held(asked, "missing-agreement")
    decision = decided(asked)
    (need,) = decision.needs
    assert (need.fact, need.who, need.party) == (
        Fact.AGREEMENT,
        PractitionerRole.DUTY_CONTACT,
        Side.SOURCE,
    )
    assert need.contact == health().duty_contact
    assert need.contact in next(
        found.remedy for found in decision.findings if found.code == "missing-agreement"
    )
    allowed(question(agreement=AGREEMENT))


def test_a_concern_told_without_an_agreement_sends_the_teller_to_the_front_door() -> None:
    told = contact_tell(agreement=None)
    held(told, "missing-agreement")
    (need,) = decided(told).needs
    assert (need.party, need.agency) == (Side.ASKER, social_care().agency)
    assert need.contact == social_care().duty_contact


@pytest.mark.parametrize(
    "changes",
    [
        {"ends": AT},
        {"starts": AT.replace(hour=11)},
        {"controllers": ("council",)},
        {"purposes": (Purpose.EARLY_HELP,)},
        {"categories": (Category.HEALTH_CONDITIONS,)},
    ],
)
def test_an_agreement_that_does_not_cover_it_holds(changes: dict[str, object]) -> None:
    held(question(agreement=replace(AGREEMENT, **changes)), "missing-agreement")  # type: ignore[arg-type]


def test_a_lift_by_the_duty_contact_lets_it_pass_and_stays_in_the_findings() -> None:
    decision = decided(question(agreement=None, lifted=("agreement",)))
    assert decision.outcome is Outcome.ALLOW
    assert "missing-agreement" in codes(decision)
    assert decision.needs == ()


def test_a_lift_of_something_else_lifts_nothing() -> None:
    held(question(agreement=None, lifted=("threshold",)), "missing-agreement")
    # A lift mends no refusal.
    refused(asker_claims(question(lifted=("agreement", "threshold")), article9=None), "missing-article9")


@pytest.mark.parametrize(
    "changes",
    [
        {"rating": Rating.RED},
        {"purpose": Purpose.POLICE_PROTECTION},
    ],
)
def test_immediate_danger_is_not_held_back(changes: dict[str, object]) -> None:
    decision = decided(question(**changes, agreement=None, threshold_recorded=False))
    assert decision.outcome is Outcome.ALLOW
    found = next(found for found in decision.findings if found.code == "missing-agreement")
    assert found.effect is Effect.NOTE


def test_red_early_help_is_no_immediate_danger() -> None:
    held(early_help_release(rating=Rating.RED, agreement=None), "missing-agreement")


def test_a_hub_may_do_without_agreements() -> None:
    allowed(question(agreement=None), replace(seed_policy(), require_agreement=False))


# ---------------------------------------------------------------- threshold


def test_partner_checks_without_consent_wait_for_a_threshold_decision() -> None:
    asked = question(threshold_recorded=False)
    held(asked, "threshold-not-recorded")
    (need,) = decided(asked).needs
    assert (need.fact, need.who, need.party) == (Fact.THRESHOLD, PractitionerRole.MANAGER, Side.ASKER)
    found = next(found for found in decided(asked).findings if found.code == "threshold-not-recorded")
    assert "[2013] EWHC 416 (Admin)" in found.source
    allowed(replace(asked, threshold_recorded=True))
    allowed(replace(asked, lifted=("threshold",)))


def test_consent_that_stands_needs_no_threshold() -> None:
    allowed(question(threshold_recorded=False, consent=GIVEN, consent_standing=STANDS))
    held(
        question(threshold_recorded=False, consent=GIVEN, consent_standing=WITHDRAWN),
        "threshold-not-recorded",
    )


def test_what_is_volunteered_needs_no_threshold() -> None:
    told = contact_tell()
    assert not told.threshold_recorded
    allowed(told)


def test_an_ask_cannot_call_itself_volunteered() -> None:
    held(question(threshold_recorded=False, volunteered=True), "threshold-not-recorded")


def test_both_holds_are_named_at_once() -> None:
    decision = decided(question(threshold_recorded=False, agreement=None))
    assert [need.fact for need in decision.needs] == [Fact.AGREEMENT, Fact.THRESHOLD]
    half = decided(question(threshold_recorded=False, agreement=None, lifted=("agreement",)))
    assert half.outcome is Outcome.HOLD
    assert [need.fact for need in half.needs] == [Fact.THRESHOLD]


# ---------------------------------------------------------------- existence, and failing closed


def test_existence_is_confirmable_only_where_nothing_protected_can_be() -> None:
    asked = question(source=school(), categories=(Category.ATTENDANCE, Category.SCHOOL_CONCERNS))
    assert decided(asked).confirmable == (Category.ATTENDANCE,)
    assert decided(question()).confirmable == ()
    assert decided(early_help_ask()).confirmable == ()
    assert decided(replace(asked, threshold_recorded=False)).confirmable == ()


def test_a_rule_cannot_make_a_protected_category_confirmable() -> None:
    seed = seed_policy()
    generous = replace(seed, rules=tuple(replace(rule, confirm=rule.categories) for rule in seed.rules))
    asked = question(categories=(Category.GP_REGISTRATION, Category.SEXUAL_HEALTH))
    assert decided(asked, generous).confirmable == (Category.GP_REGISTRATION,)


def test_whatever_goes_wrong_inside_is_a_refusal() -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("a broken question")

    decision = decide(Broken(), seed_policy(), load_catalogue())  # type: ignore[arg-type]
    assert decision.outcome is Outcome.REFUSE
    assert codes(decision) == {"decision-failed"}
    assert decision.policy_digest == seed_policy().digest


@pytest.mark.parametrize("answer", [False, None, 1, "allow"])
def test_only_an_explicit_true_of_the_gate_allows(answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another engine may stand at the gate one day; whatever it answers but True is a no."""
    monkeypatch.setattr("policies.decide.gate", lambda *_: answer)
    refused(question(), "gate-refused")


def test_a_decision_names_what_it_was_made_from() -> None:
    decision = decided(question())
    assert decision.policy_version == 1
    assert decision.policy_digest == seed_policy().digest
    assert decision.catalogue_digest == load_catalogue().digest


def test_police_ask_health_on_their_own_power() -> None:
    allowed(question(asker=police(grounds("s47-asking-police"))))
