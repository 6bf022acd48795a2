"""Policy sets: strict, closed, and what the seed allows."""

import json
from copy import deepcopy
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from policies.errors import MalformedPolicy
from policies.policy_set import digest_of, parse_policy_set, receiving_grounds, seed_policy, with_case
from policies.question import Question
from policies.vocabulary import (
    CATEGORY_FACTS,
    Action,
    Category,
    Outcome,
    Purpose,
    Rating,
    SchedulePara18Reason,
    Sector,
    Verification,
)
from tests.policies.case import AGREEMENT, COUNCIL, FORCE, GIVEN, SCHOOL, STANDS, TRUST, decided, question

RAW = json.loads(files("policies").joinpath("data/seed_policy.json").read_bytes())

BODY = {
    Sector.SOCIAL_CARE: COUNCIL,
    Sector.HOUSING: replace(COUNCIL, id="council"),
    Sector.HEALTH: TRUST,
    Sector.POLICE: FORCE,
    Sector.EDUCATION: SCHOOL,
    Sector.PROBATION: replace(SCHOOL, id="trust", school=False, probation_body=True),
    Sector.YOUTH_JUSTICE: replace(SCHOOL, id="trust", school=False, youth_offending_team=True),
    Sector.VOLUNTARY: replace(SCHOOL, id="charity", school=False, public_authority=False),
}


def test_the_seed_reads_and_its_clocks_are_marked_unconfirmed() -> None:
    seed = seed_policy()
    assert seed.version == 1
    assert [seed.clock(rating) // 3600 for rating in Rating] == [4, 24, 72, 336]
    assert seed.clocks_verification is Verification.TO_BE_CONFIRMED


def test_what_a_rule_does_not_say_is_not_allowed() -> None:
    seed = seed_policy()
    ask = (Action.ASK, Purpose.CHILD_PROTECTION_ENQUIRY)
    assert (*ask, Sector.SOCIAL_CARE, Sector.HEALTH, Category.HEALTH_CONDITIONS) in seed.allowed
    assert (*ask, Sector.EDUCATION, Sector.HEALTH, Category.HEALTH_CONDITIONS) not in seed.allowed
    assert not any(category is Category.ADOPTION for *_, category in seed.allowed)


def test_every_ask_has_a_release_that_answers_it() -> None:
    allowed = seed_policy().allowed
    for action, purpose, sender, recipient, category in allowed:
        if action is Action.ASK:
            assert (Action.RELEASE, purpose, recipient, sender, category) in allowed


def test_early_help_never_reaches_for_crime_data() -> None:
    for _, purpose, _, _, category in seed_policy().allowed:
        assert purpose is not Purpose.EARLY_HELP or not CATEGORY_FACTS[category].criminal


def _complete(action: Action, purpose: Purpose, sector: Sector, **changes: Any) -> Question:
    consented = purpose in (Purpose.EARLY_HELP, Purpose.CHILD_IN_NEED)
    return question(
        action=action,
        kind={Action.ASK: "ask", Action.RELEASE: "item", Action.TELL: "notice"}[action],
        purpose=purpose,
        consent=GIVEN if consented else question().consent,
        consent_standing=STANDS if consented else None,
        agreement=replace(AGREEMENT, controllers=tuple({body.id for body in BODY.values()})),
        **changes,
    )


@pytest.mark.parametrize("preset", seed_policy().presets, ids=lambda preset: preset.name)
def test_each_preset_is_complete_for_every_use_it_names(preset: Any) -> None:
    """Each category its rules allow passes with the preset's grounds and a fitting other side."""
    seed = seed_policy()
    reasons = (SchedulePara18Reason.C,) * 2
    claimed = with_case(preset.grounds, reasons=reasons)
    tried = 0
    for action, purpose, sender, recipient, category in sorted(seed.allowed):
        if action not in preset.actions or purpose not in preset.purposes or sender not in preset.sectors:
            continue
        if (sender is Sector.VOLUNTARY) != (preset.grounds.article6 == "GDPR6-1EA-P6"):
            continue
        mine = replace(question().asker, sector=sender, controllers=(BODY[sender],), grounds=claimed)
        far = replace(question().source, sector=recipient, controllers=(BODY[recipient],), grounds=None)
        if action is Action.TELL:
            receiving = receiving_grounds(seed, sector=recipient, purpose=purpose, subjects=2)
            far = replace(far, grounds=receiving)
        elif action is Action.RELEASE:
            other = next(
                each
                for each in seed.presets
                if Action.ASK in each.actions and purpose in each.purposes and recipient in each.sectors
            )
            far = replace(far, grounds=with_case(other.grounds, reasons=reasons))
        asker, source = (mine, far) if action is Action.ASK else (far, mine)
        decision = decided(
            _complete(action, purpose, sender, asker=asker, source=source, categories=(category,))
        )
        assert decision.outcome is Outcome.ALLOW, (sender, recipient, category, decision.findings)
        tried += 1
    assert tried or "independent" in preset.name


def test_receiving_grounds_cover_every_tell_the_seed_allows() -> None:
    seed = seed_policy()
    for action, purpose, _, recipient, _ in seed.allowed:
        if action is Action.TELL:
            found = receiving_grounds(seed, sector=recipient, purpose=purpose, subjects=3)
            assert found is not None, (purpose, recipient)
            assert found.necessity_recorded
            if found.article9 == "SCH1-P18":
                assert [reason.subject for reason in found.schedule1] == [0, 1, 2]
    assert receiving_grounds(seed, sector=Sector.HEALTH, purpose=Purpose.EARLY_HELP, subjects=1) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.pop("rules"),
        lambda raw: raw.update(version=0),
        lambda raw: raw.update(version=True),
        lambda raw: raw.update(version="1"),
        lambda raw: raw.update(allow_everything=True),
        lambda raw: raw.update(require_agreement=None),
        lambda raw: raw["clocks"].pop("red"),
        lambda raw: raw["clocks"].update(red=0),
        lambda raw: raw["clocks"].update(purple=3600),
        lambda raw: raw["rules"].append(raw["rules"][0]),
        lambda raw: raw["rules"][0].update(action="take"),
        lambda raw: raw["rules"][0].update({"from": ["everybody"]}),
        lambda raw: raw["rules"][0].update({"from": "police"}),
        lambda raw: raw["rules"][0].update(confirm=["adoption"]),
        lambda raw: raw["rules"][0].update(forbid=True),
        lambda raw: raw["rules"].append(None),
        lambda raw: raw["presets"].append(raw["presets"][0]),
        lambda raw: raw["presets"][0]["grounds"].update(regime="us_law"),
        lambda raw: raw["presets"][0]["grounds"].update(article6=None),
        lambda raw: raw["presets"][0]["grounds"].update(necessity_recorded=True),
        lambda raw: raw["receiving"][0].update(reason="d"),
    ],
)
def test_a_spoiled_policy_set_is_refused(spoil: Any) -> None:
    raw = deepcopy(RAW)
    spoil(raw)
    with pytest.raises(MalformedPolicy) as caught:
        parse_policy_set(raw)
    assert caught.value.code == "malformed-policy"
    assert str(caught.value).startswith("policy")


@pytest.mark.parametrize("value", [None, [], "policy", 1])
def test_what_is_no_object_is_no_policy_set(value: object) -> None:
    with pytest.raises(MalformedPolicy):
        parse_policy_set(value)


def test_the_digest_covers_everything_and_not_the_order_of_members() -> None:
    assert digest_of(dict(reversed(RAW.items()))) == seed_policy().digest
    for name in RAW:
        changed = {**RAW, name: None}
        assert digest_of(changed) != seed_policy().digest, name
