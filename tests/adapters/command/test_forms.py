"""Forms become orders: every field arrives, grounds come from presets or codes, and nothing unasked is
answered.
"""

import re

import pytest

from adapters.answering.answer_form import read_answer
from adapters.answering.ask_form import read_ask
from adapters.answering.contact_form import read_contact
from adapters.answering.example import Example, example
from adapters.answering.holding_form import read_entries
from adapters.answering.section import BadForm, Section
from broker.protocol.body import Decided, Nature
from broker.protocol.declaration import Ask
from policies.policy_set import seed_policy
from policies.vocabulary import (
    Category,
    ConsentOutcome,
    DeclineReason,
    HandlingCode,
    PractitionerRole,
    Purpose,
    Rating,
    SchedulePara18Reason,
    Sector,
    SubjectRole,
    WhyNotSought,
)
from tests.adapters.command.asks import ask_for

ASK = example(Example.ASK)
ANSWER = example(Example.ANSWER)


def _form(text: str) -> Section:
    return Section.of_text(text.encode(), what="a form", source="form.yaml")


def _ask_refused(text: str) -> str:
    with pytest.raises(BadForm) as caught:
        read_ask(_form(text), policy=seed_policy(), sector=Sector.SOCIAL_CARE)
    return caught.value.message


def _answer_refused(text: str, ask: Ask, *, still_open: frozenset[Category] | None = None) -> str:
    wanted = frozenset(ask.categories) if still_open is None else still_open
    with pytest.raises(BadForm) as caught:
        read_answer(_form(text), ask=ask, open_categories=wanted, policy=seed_policy(), sector=Sector.POLICE)
    return caught.value.message


def test_the_example_ask_says_everything() -> None:
    order = read_ask(_form(ASK), policy=seed_policy(), sector=Sector.SOCIAL_CARE)
    assert order.to == "eastmere-health"
    assert order.rating is Rating.AMBER
    assert order.categories == (Category.HEALTH_ATTENDANCES, Category.HEALTH_CONDITIONS)
    assert order.due_within == 86_400
    assert order.consent.outcome is ConsentOutcome.NOT_SOUGHT
    assert order.consent.why_not_sought is WhyNotSought.PREJUDICE
    assert order.grounds.article9 == "SCH1-P18"
    assert order.grounds.necessity_recorded
    assert [(given.subject, given.reason) for given in order.grounds.schedule1] == [
        (0, SchedulePara18Reason.C)
    ]
    (child,) = order.subjects
    assert child.role is SubjectRole.CHILD
    assert (child.identifiers[0].system, child.identifiers[0].checked) == ("nhs", True)
    assert re.fullmatch(r"999\d{7}", child.identifiers[0].value)
    assert order.threshold is not None
    assert order.threshold.role is PractitionerRole.MANAGER
    assert "Contradictory accounts" in order.necessity  # the decision's words are sealed with the necessity


def test_the_example_contact_says_everything() -> None:
    order = read_contact(_form(example(Example.TELL)), policy=seed_policy(), sector=Sector.EDUCATION)
    assert order.category is Category.CONTACT_REPORT
    assert order.handling is HandlingCode.OFFICIAL_SENSITIVE_PERSONAL
    assert order.family_informed is False
    assert [(entry.subject, entry.nature) for entry in order.entries] == [(0, Nature.FACT)]
    assert order.grounds.gateway == "EDU-S175"


def test_the_example_answer_holds_an_item_a_nil_and_a_decline() -> None:
    ask = ask_for(Category.POLICE_INCIDENTS, Category.MISSING_EPISODES, Category.POLICE_INTELLIGENCE)
    answer = read_answer(
        _form(ANSWER),
        ask=ask,
        open_categories=frozenset(ask.categories),
        policy=seed_policy(),
        sector=Sector.POLICE,
    )
    assert [(item.category, len(item.entries)) for item in answer.items] == [
        (Category.POLICE_INCIDENTS, 1),
        (Category.MISSING_EPISODES, 0),
    ]
    assert [(given.category, given.reason) for given in answer.declined] == [
        (Category.POLICE_INTELLIGENCE, DeclineReason.EXCESSIVE)
    ]
    assert all(item.grounds.gateway == "POLICE-CL" for item in answer.items)


def test_grounds_may_be_written_out_and_lack_what_the_hub_will_miss() -> None:
    written = (
        "grounds: {regime: uk_gdpr, article6: GDPR6-1E, gateway: CA1989-S47, confidentiality: CL-PUBINT}"
    )
    text = re.sub(r"grounds:\n(  .*\n)+", written + "\n", ASK)
    order = read_ask(_form(text), policy=seed_policy(), sector=Sector.SOCIAL_CARE)
    assert order.grounds.article9 is None
    assert order.grounds.gateway == "CA1989-S47"


def test_a_preset_for_somebody_else_is_refused_with_those_that_fit() -> None:
    message = _ask_refused(ASK.replace("s47-asking", "s47-answering-police"))
    assert "choose s47-asking" in message


@pytest.mark.parametrize(
    "before, after, hint",
    [
        ("999 100 1018", "999 100 1019", "not a valid NHS number"),
        ("rating: amber", "rating: orange", "red, amber, green, blue"),
        (", why_not_sought: prejudice", "", "why_not_sought"),
        ("{id: sw-1042, role", "{id: sw 1042, role", "without spaces"),
        ("categories: [health_attendances, health_conditions]", "categories: [adoptions]", "adoption"),
        ("[health_attendances, health_conditions]", "[health_flags, health_flags]", "twice"),
        ("  role: manager\n", "", "needs `role`"),
        ("concern: ", "concern_: ", "`concern`"),
        ("schedule1_for_everyone: c", "schedule1: [{subject: 2, reason: c}]", "from 1 to 1"),
        (
            "schedule1_for_everyone: c",
            "schedule1: [{subject: 1, reason: c}, {subject: 1, reason: a}]",
            "twice",
        ),
    ],
)
def test_each_fault_is_named_with_its_line(before: str, after: str, hint: str) -> None:
    assert before in ASK
    message = _ask_refused(ASK.replace(before, after))
    assert re.match(r"form\.yaml, line \d+: ", message)
    assert hint in message


def test_a_category_that_was_not_asked_is_never_answered() -> None:
    ask = ask_for(Category.POLICE_INCIDENTS, Category.MISSING_EPISODES)
    assert "was not asked for" in _answer_refused(ANSWER, ask)


def test_a_category_is_answered_once() -> None:
    ask = ask_for(Category.POLICE_INCIDENTS, Category.MISSING_EPISODES, Category.POLICE_INTELLIGENCE)
    left = frozenset({Category.MISSING_EPISODES, Category.POLICE_INTELLIGENCE})
    assert "final answer already" in _answer_refused(ANSWER, ask, still_open=left)
    twice = ANSWER.replace("category: missing_episodes", "category: police_incidents")
    assert "twice" in _answer_refused(twice, ask)


@pytest.mark.parametrize(
    "before, after, hint",
    [
        ("grounds: {preset: s47-answering-police, schedule1_for_everyone: c}\n", "", "grounds"),
        ("searched: {systems: [Incident log]", "searched: {systems: []", "at least one record system"),
        ("handling: official_sensitive_personal", "handling: c", "conditions"),
        ("{subject: 1,", "{subject: 2,", "from 1 to 1"),
        ("decline: {reason: excessive}", "decline: {reason: because}", "not_necessary"),
        ("    decline:", "    nil: {searched: {systems: [x]}}\n    decline:", "exactly one"),
    ],
)
def test_each_fault_of_an_answer_is_named(before: str, after: str, hint: str) -> None:
    ask = ask_for(Category.POLICE_INCIDENTS, Category.MISSING_EPISODES, Category.POLICE_INTELLIGENCE)
    assert before in ANSWER
    assert hint in _answer_refused(ANSWER.replace(before, after), ask)


def test_the_example_outcome_says_who_decided_what_and_when_and_is_about_everyone_of_its_contact() -> None:
    order = read_contact(_form(example(Example.OUTCOME)), policy=seed_policy(), sector=Sector.SOCIAL_CARE)
    assert order.outcome is not None
    assert order.outcome.decided is Decided.CHILD_IN_NEED
    assert order.outcome.at.tzinfo is not None
    assert (order.category, order.purpose) == (Category.OUTCOME, Purpose.OUTCOME_FEEDBACK)
    assert (order.subjects, order.regards is not None) == ((), True)


@pytest.mark.parametrize(
    "change,said",
    [
        (("notice: outcome ", "notice: contact "), "`outcome`"),
        (("notice: outcome", "notice: correction"), "`outcome`"),
        (("decided: child_in_need", "decided: perhaps"), "`decided`"),
        (("regards: ", "unknown: "), "`subjects`"),
    ],
)
def test_an_outcome_that_says_something_else_is_refused(change: tuple[str, str], said: str) -> None:
    text = example(Example.OUTCOME).replace("notice: outcome\n", "notice: outcome \n").replace(*change)
    with pytest.raises(BadForm) as caught:
        read_contact(_form(text), policy=seed_policy(), sector=Sector.SOCIAL_CARE)
    assert said in caught.value.message


def test_the_example_correction_is_a_list_of_entries() -> None:
    form = _form(example(Example.CORRECTION))
    (entry,) = read_entries(form, 1)
    form.end()
    assert entry.nature is Nature.FACT
