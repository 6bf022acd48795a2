"""A known agency enrols again under its name: another identity, every earlier key revoked at once."""

import hashlib
from typing import Any

from broker.protocol.act import (
    AgencyInvitation,
    AgencyKeyRevocation,
    AgencyStop,
    KeyRevocation,
    KeySetChange,
    parse_person_act,
)
from broker.protocol.frame import Act
from broker.protocol.record import parse_record
from keys import base64url, keyset
from keys.keyset import KeySet, SealingUse
from keys.sealing import SealingKey
from keys.signing import SigningKey
from policies.vocabulary import Sector
from tests.broker.exchange.administrator import signed
from tests.broker.exchange.desk import Desk
from tests.broker.http.conftest import House
from tests.broker.http.peer import Peer

CODE = "AGAIN-CODEX-AGAIN-CODEX"


async def invite(house: House, name: str, *, code: str = CODE, ttl: int = 3_600) -> int:
    digest = base64url.encode(hashlib.sha256(code.encode()).digest())
    at = house.clock.at
    return await house.order(AgencyInvitation, agency=name, code_digest=digest, code_expires=at + ttl)


def anew(house: House, before: Peer, *, code: str = CODE) -> Peer:
    """The same agency with new keys of every kind."""
    desk = Desk(house.hub, before.desk.agency, before.desk.sector)
    return Peer(desk, before.url, before.session, before.clock, code=code)


def next_key_set(peer: Peer) -> str:
    """A key set that follows a peer's first, signed by its identity key."""
    until = peer.clock() + 10**7
    following = KeySet(
        agency=peer.desk.agency,
        version=2,
        previous=keyset.digest(peer.key_set()),
        expires=until,
        signing=SigningKey.generate().public,
        sealing=(SealingUse(key=SealingKey.generate().public, seal_until=until),),
    )
    return keyset.sign_key_set(following, peer.desk.identity)


async def records(house: House) -> list[Any]:
    rows = await house.hub.pool.fetch("SELECT text FROM record_text ORDER BY index")
    return [parse_record(bytes(row["text"]).decode())[1] for row in rows]


async def test_enrolled_again_it_has_the_new_keys_and_none_of_the_old(house: House) -> None:
    before = await house.welcome("northcare")
    await invite(house, "northcare")
    again = anew(house, before)
    completion = again.completion((await again.make_offer()).body)
    # Until it is complete the old keys stand: an invitation by itself takes nothing away.
    assert (await before.post("directory", b"{}")).status == 200
    assert (await again.complete(completion)).status == 200
    assert (await before.post("directory", b"{}")).status == 401
    assert (await before.ask_token()).status == 401
    await again.authenticate()
    (entry,) = (await again.post("directory", b"{}")).body["agencies"]
    assert entry["identity"] == again.desk.identity.public.jwk()
    assert entry["key_sets"] == [again.key_set()]
    assert {before.desk.signing.public.kid, before.desk.sealing.kid} <= set(entry["revoked"])
    assert not {again.desk.signing.public.kid, again.desk.sealing.kid} & set(entry["revoked"])
    written = await records(house)
    assert [each.record for each in written] == ["origin", *["administration", "enrolled"] * 2]
    assert isinstance(parse_person_act(written[3].act)[1], AgencyInvitation)
    assert [each.identity for each in written[2::2]] == [
        peer.desk.identity.public.jwk() for peer in (before, again)
    ]


async def test_an_agency_that_revoked_its_only_signing_key_comes_back(house: House) -> None:
    before = await house.welcome("northcare")
    kid = before.desk.signing.public.kid
    revocation = before.desk.act(KeyRevocation, at=house.clock.at, kid=kid)
    assert (await before.post("act", Act(act=revocation.act))).status == 200
    assert (await before.post("directory", b"{}")).status == 401
    await invite(house, "northcare")
    again = anew(house, before)
    await again.enrol()
    await again.authenticate()
    assert (await again.post("directory", b"{}")).status == 200


async def test_a_connection_of_the_old_keys_is_closed(house: House) -> None:
    before = await house.welcome("northcare")
    line = await before.connect()
    await invite(house, "northcare")
    again = anew(house, before)
    await again.enrol()
    assert await line.closed == 4003


async def test_its_key_sets_are_counted_anew_and_go_on(house: House) -> None:
    before = await house.welcome("northcare")
    await invite(house, "northcare")
    again = anew(house, before)
    await again.enrol()
    await again.authenticate()
    at, token = house.clock.at, next_key_set(again)
    change = again.desk.act(KeySetChange, at=at, key_set=token)
    answer = await again.post("act", Act(act=change.act))
    assert answer.status == 200, answer.data
    (entry,) = (await again.post("directory", b"{}")).body["agencies"]
    assert entry["key_sets"] == [again.key_set(), token]


async def test_a_revoked_identity_key_signs_no_further_key_set(house: House) -> None:
    peer = await house.welcome("northcare")
    await house.order(AgencyKeyRevocation, agency="northcare", kid=peer.desk.identity.public.kid)
    change = peer.desk.act(KeySetChange, at=house.clock.at, key_set=next_key_set(peer))
    refused = await peer.post("act", Act(act=change.act))
    assert (refused.status, refused.reason) == (403, "identity-revoked"), refused.data
    assert await house.hub.pool.fetchval("SELECT max(version) FROM key_set WHERE agency = 'northcare'") == 1


async def test_no_key_of_before_serves_again(house: House) -> None:
    before = await house.welcome("northcare")
    await invite(house, "northcare")
    for kept in ("identity", "signing", "sealing"):
        again = anew(house, before)
        setattr(again.desk, kept, getattr(before.desk, kept))
        refused = await again.make_offer()
        assert (refused.status, refused.reason) == (409, "key-in-use"), kept


async def test_a_code_is_good_once_and_only_the_last_given(house: House) -> None:
    before = await house.welcome("northcare")
    await invite(house, "northcare", code="FIRST-CODEX-FIRST-CODEX")
    await invite(house, "northcare")
    assert (await anew(house, before, code="FIRST-CODEX-FIRST-CODEX").make_offer()).status == 401
    await anew(house, before).enrol()
    assert (await anew(house, before).make_offer()).status == 401
    house.clock.at += 10
    await invite(house, "northcare", code="LATER-CODEX-LATER-CODEX", ttl=60)
    house.clock.at += 61
    assert (await anew(house, before, code="LATER-CODEX-LATER-CODEX").make_offer()).status == 401


async def test_one_that_is_stopped_is_not_invited_and_a_stop_spends_a_code(house: House) -> None:
    before = await house.welcome("northcare", Sector.HEALTH)
    await invite(house, "northcare")
    again = anew(house, before)
    completion = again.completion((await again.make_offer()).body)
    await house.order(AgencyStop, agency="northcare")
    assert (await again.complete(completion)).status == 401
    order = signed(
        house.hub,
        house.administrator,
        AgencyInvitation,
        at=house.clock.at,
        agency="northcare",
        code_digest="A" * 43,
        code_expires=house.clock.at + 60,
    )
    assert (await house.administer(order)).status == 404
