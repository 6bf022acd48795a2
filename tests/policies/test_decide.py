"""What passes, what does not, and for each no the smallest change that makes it pass."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from policies.catalogue import Catalogue, load_catalogue
from policies.consent import ConsentPosition
from policies.decide import decide
from policies.finding import Effect, Fact
from policies.policy_set import PolicySet, seed_policy
from policies.question import PolicySetRef, Question, Subject
from policies.vocabulary import (
    Action,
    Category,
    ConsentOutcome,
    Outcome,
    PractitionerRole,
    Purpose,
    Rating,
    Regime,
    SchedulePara18Reason,
    Sector,
    Side,
    SubjectRole,
    Verification,
)
from tests.policies.case import (
    AGREEMENT,
    AT,
    CHARITY,
    COMPLETE,
    COUNCIL,
    GIVEN,
    NOT_SOUGHT,
    STANDS,
    SUBJECTS,
    TRUST,
    WITHDRAWN,
    C,
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
    s47_ask_police,
    s47_release_health,
    s47_release_police,
    school,
    social_care,
    source_claims,
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


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_question_passes(name: str) -> None:
    allowed(COMPLETE[name]())


# ---------------------------------------------------------------- grounds


@pytest.mark.parametrize(
    "make,claims,slot,code",
    [
        (question, asker_claims, "article6", "missing-article6"),
        (question, asker_claims, "article9", "missing-article9"),
        (question, asker_claims, "gateway", "missing-gateway"),
        (question, asker_claims, "confidentiality", "missing-confidentiality"),
        (s47_ask_police, asker_claims, "article10", "missing-article10"),
        (s47_ask_police, asker_claims, "schedule1_paragraph", "missing-schedule1-paragraph"),
        (s47_release_health, source_claims, "article6", "missing-article6"),
        (s47_release_health, source_claims, "article9", "missing-article9"),
        (s47_release_health, asker_claims, "article9", "missing-article9"),
        (s47_release_health, source_claims, "gateway", "missing-gateway"),
        (s47_release_health, source_claims, "confidentiality", "missing-confidentiality"),
        (s47_release_police, source_claims, "article10", "missing-article10"),
        (contact_tell, source_claims, "article9", "missing-article9"),
        (contact_tell, asker_claims, "article9", "missing-article9"),
    ],
)
def test_a_slot_left_empty_refuses(
    make: Callable[[], Question], claims: Callable[..., Question], slot: str, code: str
) -> None:
    refused(claims(make(), **{slot: None}), code)
    allowed(make())


def test_necessity_must_be_recorded_by_each_side() -> None:
    refused(asker_claims(question(), necessity_recorded=False), "necessity-not-recorded")
    refused(source_claims(s47_release_health(), necessity_recorded=False), "necessity-not-recorded")


def test_no_grounds_at_all() -> None:
    refused(question(asker=social_care()), "no-grounds")
    refused(s47_release_health(source=health()), "no-grounds")
    refused(contact_tell(asker=social_care()), "no-grounds")


def test_an_agency_without_a_legal_body_on_record() -> None:
    asked = question()
    refused(replace(asked, asker=replace(asked.asker, controllers=()), agreement=None), "no-controllers")


def test_health_data_may_not_ride_on_article_6_alone() -> None:
    asked = asker_claims(question(), article9=None)
    refused(asked, "missing-article9")
    allowed(asker_claims(asked, article9="SCH1-P18"))
    # What cannot hold special-category data needs no condition.
    plain = question(categories=(Category.DEMOGRAPHICS,))
    allowed(asker_claims(plain, article9=None))


def test_paragraph_18_needs_a_reason_for_each_data_subject() -> None:
    one = grounds("s47-asking", reasons=(C,))
    asked = question(asker=social_care(one))
    refused(asked, "missing-schedule1-reason")
    sentence = next(f.sentence for f in decided(asked).findings if f.code == "missing-schedule1-reason")
    assert "person 2 (parent)" in sentence
    assert "person 1" not in sentence
    allowed(question(asker=social_care(grounds("s47-asking", reasons=(C, SchedulePara18Reason.A)))))


def test_paragraph_18_protects_a_child_or_an_adult_shown_to_be_at_risk() -> None:
    adult = Subject(role=SubjectRole.OTHER_ADULT, protected_person=True)
    nobody = (Subject(role=SubjectRole.SIBLING), adult)
    refused(question(subjects=nobody), "no-protected-person")
    allowed(question(subjects=(nobody[0], replace(adult, at_risk_recorded=True))))
    allowed(question(subjects=(replace(nobody[0], protected_person=True), adult)))
    allowed(question(subjects=(Subject(role=SubjectRole.UNBORN), Subject(role=SubjectRole.PARENT))))


def test_vital_interests_need_subjects_who_cannot_consent() -> None:
    asked = asker_claims(question(), article9="GDPR9-2C")
    refused(asked, "subject-can-consent")
    allowed(replace(asked, subjects=tuple(replace(person, cannot_consent=True) for person in SUBJECTS)))


def test_criminal_data_without_article_10() -> None:
    asked = asker_claims(s47_ask_police(), article10=None)
    refused(asked, "missing-article10")
    allowed(asker_claims(asked, article10="ART10-CRIM"))


def test_police_need_no_schedule_1_condition_and_social_care_does() -> None:
    released = s47_release_police()
    assert released.source.grounds is not None
    assert released.source.grounds.schedule1_paragraph is None
    allowed(released)
    refused(asker_claims(released, schedule1_paragraph=None), "missing-schedule1-paragraph")


def test_recognised_legitimate_interest_is_not_for_a_public_authority() -> None:
    asked = asker_claims(question(), article6="GDPR6-1EA-P6")
    refused(asked, "not-open-to-body")
    allowed(asker_claims(asked, article6="GDPR6-1E"))
    charity = replace(
        school(grounds("contact-telling-independent")), sector=Sector.VOLUNTARY, controllers=(CHARITY,)
    )
    allowed(contact_tell(source=charity))


def test_recognised_legitimate_interest_began_on_5_february_2026() -> None:
    charity = replace(
        school(grounds("contact-telling-independent")), sector=Sector.VOLUNTARY, controllers=(CHARITY,)
    )
    told = contact_tell(source=charity)
    refused(replace(told, at=AT.replace(month=2, day=4)), "not-in-force")
    allowed(replace(told, at=AT.replace(month=2, day=5)))


def test_part_3_is_not_for_safeguarding() -> None:
    asked = source_claims(s47_release_police(), regime=Regime.DPA_PART3)
    refused(asked, "part3-for-safeguarding")
    allowed(source_claims(asked, regime=Regime.UK_GDPR))
    # A Part 3 entry is no Article 6 basis either.
    refused(source_claims(s47_release_police(), article6="P3-S35"), "unknown-entry")


def test_police_data_collected_under_part_3_is_released_under_the_uk_gdpr() -> None:
    decision = decided(s47_release_police())
    note = next(found for found in decision.findings if found.code == "collected-under-part3")
    assert note.party is Side.SOURCE
    assert "s.36(4)" in note.source
    refused(source_claims(s47_release_police(), gateway=None), "missing-gateway")


@pytest.mark.parametrize("gateway", ["CA1989-S47", "CA1989-S46", "EDU-S175"])
def test_police_answer_on_a_power_of_their_own(gateway: str) -> None:
    decision = decided(source_claims(s47_release_police(), gateway=gateway))
    assert decision.outcome is Outcome.REFUSE
    assert "not-open-to-body" in codes(decision) or "not-for-purpose" in codes(decision)


def test_schools_are_outside_the_duty_to_assist() -> None:
    answered = s47_release_health(
        categories=(Category.ATTENDANCE,), source=school(grounds("s47-answering-education"))
    )
    allowed(answered)
    refused(source_claims(answered, gateway="CA1989-S47"), "not-open-to-body")


def test_review_requests_may_not_carry_case_checks() -> None:
    refused(source_claims(s47_release_health(), gateway="CA2004-S16H"), "not-for-purpose")


def test_the_duty_to_share_is_not_in_force() -> None:
    refused(source_claims(s47_release_health(), gateway="CA2004-S16LA"), "not-in-force")


@pytest.mark.parametrize(
    "gateway,code",
    [
        ("PCSC2022-S16", "entry-not-usable"),
        ("LA-VIRES", "entry-not-usable"),
        ("GDPR6-1E", "unknown-entry"),
        ("CA1989-S999", "unknown-entry"),
        ("", "unknown-entry"),
        ("x" * 500, "unknown-entry"),
    ],
)
def test_what_the_catalogue_cannot_vouch_for_refuses(gateway: str, code: str) -> None:
    refused(source_claims(s47_release_health(), gateway=gateway), code)


def test_what_was_claimed_is_shown_only_where_it_can_be_read() -> None:
    decision = decided(source_claims(s47_release_health(), gateway="Jo\x1b[2J" + "x" * 50))
    assert "an unreadable code" in next(f.sentence for f in decision.findings if f.code == "unknown-entry")


def test_a_legal_obligation_needs_a_gateway_that_obliges() -> None:
    asked = source_claims(s47_release_health(), article6="GDPR6-1C")
    allowed(asked)
    refused(source_claims(asked, gateway="CA2004-S11"), "gateway-not-a-duty")


def test_a_duty_laid_on_others_is_no_duty_of_a_charity() -> None:
    """A private body needs no gateway, but where its basis leans on one, that one is checked."""
    charity = replace(
        health(grounds("s47-answering-voluntary")), sector=Sector.VOLUNTARY, controllers=(CHARITY,)
    )
    answered = s47_release_health(categories=(Category.SUBSTANCE_MISUSE,), source=charity)
    allowed(answered)
    refused(source_claims(answered, article6="GDPR6-1C", gateway="CA1989-S47"), "not-open-to-body")
    decision = decided(source_claims(answered, article6="GDPR6-1C"))
    assert codes(decision) >= {"missing-gateway", "gateway-not-a-duty"}


def test_only_a_schedule_1_condition_carries_crime_data() -> None:
    refused(asker_claims(s47_ask_police(), schedule1_paragraph="GDPR9-2A"), "entry-not-usable")


def test_the_duty_to_share_will_bind_both_ends() -> None:
    catalogue = load_catalogue()
    duty = replace(catalogue.entries["CA2004-S16LA"], in_force=True)
    later = Catalogue(
        entries={**catalogue.entries, duty.id: duty}, digest=catalogue.digest, as_of=catalogue.as_of
    )
    asked = source_claims(s47_release_health(), gateway=duty.id)
    assert decide(asked, seed_policy(), later).outcome is Outcome.ALLOW
    private = replace(asked.asker, controllers=(CHARITY,))
    decision = decide(replace(asked, asker=private), seed_policy(), later)
    assert "other-end-not-within" in codes(decision)


def test_no_known_gateway_sets_confidence_aside() -> None:
    refused(source_claims(s47_release_health(), confidentiality="CL-STAT"), "confidence-not-overridden")


def test_help_between_authorities_is_not_help_within_one() -> None:
    cared = replace(health(grounds("s17-answering-health")), sector=Sector.HOUSING, controllers=(COUNCIL,))
    asked = question(
        action=Action.RELEASE,
        kind="item",
        purpose=Purpose.CHILD_IN_NEED,
        categories=(Category.HOUSING_TENANCY,),
        asker=social_care(grounds("s17-asking")),
        source=cared,
        consent=GIVEN,
        consent_standing=STANDS,
    )
    refused(source_claims(asked, gateway="CA1989-S27"), "same-body")
    district = replace(COUNCIL, id="district")
    elsewhere = replace(asked, source=replace(cared, controllers=(district,)))
    agreed = replace(AGREEMENT, controllers=(*AGREEMENT.controllers, "district"))
    allowed(source_claims(replace(elsewhere, agreement=agreed), gateway="CA1989-S27"))


def test_an_agency_of_two_bodies_relies_only_on_what_both_may() -> None:
    asked = question()
    mixed = replace(asked, asker=replace(asked.asker, controllers=(COUNCIL, TRUST)))
    refused(mixed, "not-open-to-body")


def test_an_entry_still_to_be_confirmed_is_a_setting() -> None:
    strict = replace(seed_policy(), allow_unconfirmed=False)
    released = s47_release_health()
    refused(released, "unconfirmed-entry", strict)
    allowed(source_claims(released, gateway="CA2004-S11"), strict)
    note = next(found for found in decided(released).findings if found.code == "to-be-confirmed")
    assert note.verification is Verification.TO_BE_CONFIRMED
    assert "s.47(9)" in note.sentence


# ---------------------------------------------------------------- policy


def test_what_no_rule_names_is_refused() -> None:
    refused(question(categories=(Category.ADOPTION,)), "no-rule")
    refused(question(source=school(), categories=(Category.HEALTH_CONDITIONS,)), "no-rule")
    allowed(question(source=school(), categories=(Category.ATTENDANCE,)))


def test_one_category_without_a_rule_refuses_the_whole_ask() -> None:
    refused(question(categories=(Category.HEALTH_CONDITIONS, Category.ADOPTION)), "no-rule")


def test_another_policy_set_than_the_one_named() -> None:
    refused(question(policy=PolicySetRef(version=2, digest=seed_policy().digest)), "other-policy")
    refused(question(policy=PolicySetRef(version=1, digest="0")), "other-policy")


def test_an_empty_policy_allows_nothing() -> None:
    empty = replace(seed_policy(), rules=())
    for make in COMPLETE.values():
        assert decided(make(), empty).outcome is Outcome.REFUSE


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "item"},
        {"kind": "letter"},
        {"categories": ()},
        {"subjects": ()},
        {"at": AT.replace(tzinfo=None), "agreement": None, "rating": Rating.RED},
    ],
)
def test_a_question_put_together_wrongly(changes: dict[str, object]) -> None:
    decision = decided(question(**changes))
    assert decision.outcome is Outcome.REFUSE
    assert codes(decision) & {"malformed-question", "decision-failed"}


def test_an_item_carries_one_category() -> None:
    two = (Category.HEALTH_ATTENDANCES, Category.HEALTH_CONDITIONS)
    refused(s47_release_health(categories=two), "malformed-question")


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
