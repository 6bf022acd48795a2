"""Random questions: every small dimension, grounds near enough to right that many pass."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from policies.catalogue import load_catalogue
from policies.consent import ConsentPosition, ConsentStanding
from policies.grounds import Grounds, Schedule1Reason
from policies.party import ControllerFacts, Party
from policies.policy_set import seed_policy
from policies.question import PolicySetRef, Question, Subject
from policies.vocabulary import (
    Action,
    Category,
    ConsentOutcome,
    Purpose,
    Rating,
    Regime,
    SchedulePara18Reason,
    Sector,
    SubjectRole,
    WhyNotSought,
)
from tests.policies.case import AGREEMENT, AT, CHARITY, COMPLETE, COUNCIL, FORCE, SCHOOL, TRUST

ENTRIES = sorted(load_catalogue().entries)
BODIES = (COUNCIL, TRUST, FORCE, SCHOOL, CHARITY)


def _maybe_entry() -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(ENTRIES)


@st.composite
def some_grounds(draw: st.DrawFn, people: int) -> Grounds:
    """A seeded preset with up to two slots replaced, or anything at all."""
    if draw(st.booleans()):
        base = draw(st.sampled_from(seed_policy().presets)).grounds
    else:
        base = Grounds(
            regime=draw(st.sampled_from(Regime)),
            article6=draw(_maybe_entry()),
            article9=draw(_maybe_entry()),
            schedule1_paragraph=draw(_maybe_entry()),
            article10=draw(_maybe_entry()),
            gateway=draw(_maybe_entry()),
            confidentiality=draw(_maybe_entry()),
            collected_under=draw(st.sampled_from(Regime)),
        )
    reasons = draw(st.lists(st.sampled_from(SchedulePara18Reason), min_size=people, max_size=people))
    return replace(
        base,
        schedule1=tuple(Schedule1Reason(subject=n, reason=reason) for n, reason in enumerate(reasons)),
        necessity_recorded=draw(st.sampled_from((True, True, True, False))),
    )


@st.composite
def some_party(draw: st.DrawFn, people: int, sectors: tuple[Sector, ...] = tuple(Sector)) -> Party:
    bodies: list[ControllerFacts] = draw(
        st.lists(st.sampled_from(BODIES), min_size=0, max_size=2, unique_by=lambda body: body.id)
    )
    return Party(
        agency=draw(st.sampled_from(("agency-one", "agency-two"))),
        sector=draw(st.sampled_from(sectors)),
        controllers=tuple(bodies),
        duty_contact="the desk, 01632 960009",
        grounds=draw(st.none() | some_grounds(people)),
    )


def positions() -> st.SearchStrategy[ConsentPosition]:
    return st.builds(
        ConsentPosition,
        outcome=st.sampled_from(ConsentOutcome),
        why_not_sought=st.none() | st.sampled_from(WhyNotSought),
        reference=st.none() | st.just("consent-1"),
    )


def standings() -> st.SearchStrategy[ConsentStanding | None]:
    return st.none() | st.builds(
        ConsentStanding, reference=st.sampled_from(("consent-1", "consent-2")), standing=st.booleans()
    )


def some_subjects() -> st.SearchStrategy[tuple[Subject, ...]]:
    return st.lists(
        st.builds(
            Subject,
            role=st.sampled_from(SubjectRole),
            protected_person=st.booleans(),
            at_risk_recorded=st.booleans(),
            cannot_consent=st.booleans(),
        ),
        min_size=0,
        max_size=3,
    ).map(tuple)


@st.composite
def anything(draw: st.DrawFn) -> Question:
    """Any question at all; few pass."""
    people = draw(some_subjects())
    action = draw(st.sampled_from(Action))
    seed = seed_policy()
    return Question(
        action=action,
        kind=draw(st.sampled_from(("ask", "item", "notice", "message"))),
        purpose=draw(st.sampled_from(Purpose)),
        categories=tuple(draw(st.lists(st.sampled_from(Category), max_size=3, unique=True))),
        rating=draw(st.sampled_from(Rating)),
        asker=draw(some_party(len(people))),
        source=draw(some_party(len(people))),
        consent=draw(positions()),
        consent_standing=draw(standings()),
        subjects=people,
        agreement=draw(st.none() | st.just(AGREEMENT)),
        lifted=tuple(draw(st.lists(st.sampled_from(("agreement", "threshold", "other")), unique=True))),
        threshold_recorded=draw(st.booleans()),
        volunteered=draw(st.booleans()),
        at=AT + timedelta(days=draw(st.integers(-400, 400))),
        policy=PolicySetRef(version=seed.version, digest=seed.digest),
    )


@st.composite
def nearly(draw: st.DrawFn) -> Question:
    """A complete question with some facts changed; about half pass."""
    asked = COMPLETE[draw(st.sampled_from(sorted(COMPLETE)))]()
    people = len(asked.subjects)
    changes = {
        "rating": st.sampled_from(Rating),
        "purpose": st.sampled_from(Purpose),
        "consent": positions(),
        "consent_standing": standings(),
        "agreement": st.none() | st.just(AGREEMENT),
        "threshold_recorded": st.booleans(),
        "lifted": st.sampled_from(((), ("agreement",), ("threshold",), ("agreement", "threshold"))),
        "categories": st.sampled_from(Category).map(lambda category: (category,)),
    }
    for name in draw(st.lists(st.sampled_from(sorted(changes)), max_size=3, unique=True)):
        asked = replace(asked, **{name: draw(changes[name])})
    for name in draw(st.lists(st.sampled_from(("asker", "source")), max_size=1)):
        party: Party = getattr(asked, name)
        if party.grounds is not None:
            slot = draw(st.sampled_from(("article6", "article9", "gateway", "confidentiality", "article10")))
            entry = draw(_maybe_entry())
            changed = replace(party, grounds=replace(party.grounds, **{slot: entry}))  # type: ignore[arg-type]
            asked = replace(asked, **{name: changed})  # type: ignore[arg-type]
    assert people == len(asked.subjects)
    return asked


def questions() -> st.SearchStrategy[Question]:
    return anything() | nearly()
