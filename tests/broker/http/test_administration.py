"""Administration over HTTP: whose act counts, and that a stranger's holds nobody up."""

import asyncio
from typing import Any

import pytest

from broker.protocol.act import AgencyStop, typ_of
from keys import jws, strict_json
from keys.signing import SigningKey
from policies.policy_set import seed_policy
from policies.vocabulary import Sector
from tests.broker.exchange.desk import Desk, new_jti
from tests.broker.http.conftest import House
from tests.broker.http.peer import CODE, addition


async def test_an_act_is_taken_once_and_a_repeat_gets_the_same_answer(house: House) -> None:
    desk = Desk(house.hub, "northcare", Sector.SOCIAL_CARE)
    token = addition(desk, house.administrator, at=house.clock())
    first = await house.administer(token)
    assert (first.status, set(first.body)) == (200, {"index"})
    assert (await house.administer(token)).data == first.data


async def test_an_act_by_nobody_the_hub_knows_is_refused(house: House) -> None:
    desk = Desk(house.hub, "northcare", Sector.SOCIAL_CARE)
    stranger = SigningKey.generate()
    good = addition(desk, house.administrator, at=house.clock())
    header = {"kid": house.administrator.public.kid, "typ": jws.parse(good).typ}
    bad = {
        "another key": addition(desk, stranger, at=house.clock()),
        "another key under the administrator's kid": jws.sign_with_header(
            jws.parse(good).payload, stranger, header
        ),
        "another name": jws.sign(
            strict_json.dump({**jws.parse(good).claims, "iss": "somebody"}),
            house.administrator,
            jws.parse(good).typ,
        ),
    }
    for name, token in bad.items():
        answer = await house.administer(token)
        assert (answer.status, answer.reason) == (401, "person-unknown"), name
    assert await house.hub.pool.fetchval("SELECT count(*) FROM agency") == 0


async def test_a_stranger_never_waits_for_the_lock_that_holds_up_decisions(house: House) -> None:
    peer = await house.invite("northcare")
    await peer.make_offer()
    stop = AgencyStop(
        jti=new_jti(),
        iat=house.clock(),
        exp=house.clock() + 300,
        hub=house.hub.hub_id,
        iss="administrator",
        agency="northcare",
    )
    strangers = jws.sign(stop.dump(), SigningKey.generate(), typ_of(AgencyStop))
    wrong = {"code": CODE, "agency": "northcare", "answers": [{"kid": "A" * 43, "nonce": "A" * 43}]}
    async with house.hub.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE guard IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(5):
            assert (await house.administer(strangers)).status == 401
            assert (await peer.complete(wrong)).status == 422
            assert (await peer.complete({**wrong, "code": "WRONG-CODEX-WRONG-CODEX"})).status == 401


@pytest.mark.parametrize("policy", [None, {}, {"version": 2}, {"version": 2, "rules": "Canary Person"}])
async def test_a_policy_that_is_none_is_refused_without_an_echo(
    house: House, policy: dict[str, Any] | None
) -> None:
    from broker.protocol.act import PolicyActivation

    act = PolicyActivation(
        jti=new_jti(),
        iat=house.clock(),
        exp=house.clock() + 300,
        hub=house.hub.hub_id,
        iss="administrator",
        version=2,
        policy_digest=seed_policy().digest,
    )
    body: dict[str, Any] = {
        "act": jws.sign(act.dump(), house.administrator, typ_of(PolicyActivation)),
        "policy": policy,
    }
    answer = await house.send("POST", "/v1/administration", strict_json.dump(body))
    assert 400 <= answer.status < 500, answer.data
    assert b"Canary" not in answer.data
