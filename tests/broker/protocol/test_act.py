"""Acts: what a model cannot say by its types."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from broker.protocol import act
from broker.protocol.example import cast, log
from broker.protocol.problem import Problem
from policies.agreement import Agreement
from tests.broker.protocol.tokens import unsigned

NO_ZONE = log.AGREEMENT.starts.replace(tzinfo=None)


def signed(agreement: Agreement) -> act.AgreementSigning:
    """The agreement as a hub reads it from a signed act."""
    values = {
        "jti": cast.uuid("x"), "iat": 1, "exp": 2, "hub": cast.HUB, "iss": "administrator",
        "act": "agreement-signing", "agreement": {
            "id": agreement.id, "controllers": agreement.controllers,
            "purposes": agreement.purposes, "categories": agreement.categories,
            "starts": agreement.starts.isoformat(),
            "ends": None if agreement.ends is None else agreement.ends.isoformat(),
            "version": agreement.version,
        },
    }  # fmt: skip
    typ = act.typ_of(act.AgreementSigning)
    read = act.parse_person_act(unsigned(typ, json.dumps(values).encode()))[1]
    assert isinstance(read, act.AgreementSigning)
    return read


def test_an_agreement_is_read_as_it_was_signed() -> None:
    assert signed(log.AGREEMENT).agreement == log.AGREEMENT
    elsewhere = replace(log.AGREEMENT, starts=datetime(2026, 9, 1, tzinfo=timezone(timedelta(hours=1))))
    assert signed(elsewhere).agreement.starts == elsewhere.starts


@pytest.mark.parametrize(
    "agreement, says",
    [
        (replace(log.AGREEMENT, starts=NO_ZONE), "time zone"),
        (replace(log.AGREEMENT, ends=NO_ZONE.replace(year=2027)), "time zone"),
        (replace(log.AGREEMENT, ends=log.AGREEMENT.starts), "ends after it starts"),
        (replace(log.AGREEMENT, ends=datetime(2025, 9, 1, tzinfo=UTC)), "ends after it starts"),
        (replace(log.AGREEMENT, id="between northtown and eastmere"), "id"),
        (replace(log.AGREEMENT, id="northtown-2026\n"), "id"),
        (replace(log.AGREEMENT, id=""), "id"),
    ],
)
def test_an_agreement_that_no_decision_could_read_or_no_act_end_is_refused(
    agreement: Agreement, says: str
) -> None:
    with pytest.raises(Problem) as refused:
        signed(agreement)
    assert says in refused.value.detail


def test_every_act_says_in_itself_what_its_typ_says() -> None:
    for model in (*act.AgencyAct.__args__, *act.PersonAct.__args__):
        assert act.typ_of(model) == f"gatehouse-{model.model_fields['act'].default}+1"


@pytest.mark.parametrize("name", ["nil", "decline", "waiting"])
def test_an_act_under_anothers_typ_is_refused(name: str) -> None:
    models = {each.model_fields["act"].default: each for each in act.AgencyAct.__args__}
    values = {
        "jti": cast.uuid("x"), "iat": 1, "exp": 2, "hub": cast.HUB, "iss": "eastmere-health",
        "sub": {"id": "x", "role": "practitioner"}, "exchange": cast.uuid("y"), "category": "household",
        "act": name,
    }  # fmt: skip
    if name == "decline":
        values["reason"] = "A" * 43
    data = json.dumps(values).encode()
    assert act.parse_agency_act(unsigned(act.typ_of(models[name]), data))
    for other in {"nil", "decline", "waiting"} - {name}:
        with pytest.raises(Problem):
            act.parse_agency_act(unsigned(act.typ_of(models[other]), data))
