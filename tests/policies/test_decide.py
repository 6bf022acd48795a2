"""What passes, what does not, and for each no the smallest change that makes it pass."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from policies.catalogue import Catalogue, load_catalogue
from policies.decide import decide
from policies.policy_set import seed_policy
from policies.question import PolicySetRef, Question, Subject
from policies.vocabulary import (
    Action,
    Category,
    Outcome,
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
    STANDS,
    SUBJECTS,
    TRUST,
    C,
    asker_claims,
    codes,
    contact_tell,
    decided,
    grounds,
    health,
    question,
    s47_ask_police,
    s47_release_health,
    s47_release_police,
    school,
    social_care,
    source_claims,
)
from tests.policies.outcome import allowed, refused


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
