"""How an agency comes in, and every way it does not."""

import asyncio
import json
from pathlib import Path

import pytest

from broker.protocol.act import AgencyStop
from broker.protocol.record import parse_record
from keys import base64url
from keys.keyset import SealingUse
from keys.sealing import SealingKey
from keys.signing import SigningKey
from policies.vocabulary import Sector
from tests.broker.http.conftest import House
from tests.broker.http.peer import CODE, Peer


async def test_an_invited_agency_enrols_and_the_log_says_so(house: House) -> None:
    peer = await house.invite("northcare")
    index = await peer.enrol()
    row = await house.hub.pool.fetchrow("SELECT text FROM record_text WHERE index = $1", index)
    assert row is not None
    _, record = parse_record(bytes(row["text"]).decode())
    assert (record.record, record.agency) == ("enrolled", "northcare")
    assert record.identity == peer.desk.identity.public.jwk()
    guards = await house.hub.pool.fetch("SELECT kind FROM guard WHERE id = 'northcare' ORDER BY kind")
    assert [guard["kind"] for guard in guards] == ["agency", "keys"]
    await peer.authenticate()
    answer = await peer.post("directory", b"{}")
    assert [entry["agency"] for entry in answer.body["agencies"]] == ["northcare"]


async def test_a_repeated_completion_gets_the_same_answer_even_after_the_code_has_expired(
    house: House,
) -> None:
    peer = await house.invite("northcare")
    completion = peer.completion((await peer.make_offer()).body)
    first = await peer.complete(completion)
    house.clock.at += 10_000
    assert (await peer.complete(completion)).data == first.data
    assert await house.hub.pool.fetchval("SELECT n FROM log_head") == first.body["index"] + 1


async def test_completions_at_once_are_one_enrolment(house: House) -> None:
    peer = await house.invite("northcare")
    completion = peer.completion((await peer.make_offer()).body)
    answers = await asyncio.gather(*(peer.complete(completion) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert await house.hub.pool.fetchval("SELECT count(*) FROM agency_key WHERE agency = 'northcare'") == 3


async def test_a_repeated_offer_gets_new_challenges_and_only_the_last_ones_count(house: House) -> None:
    peer = await house.invite("northcare")
    earlier = peer.completion((await peer.make_offer()).body)
    later = peer.completion((await peer.make_offer()).body)
    refused = await peer.complete(earlier)
    assert (refused.status, refused.reason) == (422, "challenge-not-answered")
    assert (await peer.complete(later)).status == 200


async def test_what_is_wrong_with_a_code_is_never_told_apart(house: House) -> None:
    peer = await house.invite("northcare", ttl=60)
    stranger = Peer(peer.desk, peer.url, peer.session, peer.clock, code="WRONG-CODEX-WRONG-CODEX")
    nobody = peer.offer(agency="nobody-here")
    wrong = await stranger.make_offer()
    unknown = await house.send("POST", "/v1/enrolments", json.dumps(nobody).encode())
    house.clock.at += 61
    expired = await peer.make_offer()
    never = await peer.complete(
        {"code": CODE, "agency": "northcare", "answers": [{"kid": "A" * 43, "nonce": "A" * 43}]}
    )
    assert wrong.status == unknown.status == expired.status == never.status == 401
    assert wrong.data == unknown.data == expired.data == never.data


async def test_a_code_is_spent_by_its_enrolment(house: House) -> None:
    peer = await house.invite("northcare")
    await peer.enrol()
    again = Peer(peer.desk, peer.url, peer.session, peer.clock)
    again.desk.signing = SigningKey.generate()
    assert (await again.make_offer()).status == 401


async def test_a_stopped_invitation_enrols_nobody(house: House) -> None:
    peer = await house.invite("northcare")
    completion = peer.completion((await peer.make_offer()).body)
    await house.order(AgencyStop, agency="northcare")
    assert (await peer.complete(completion)).status == 401
    assert (await peer.make_offer()).status == 401


async def test_a_code_that_expires_between_offer_and_completion_completes_nothing(house: House) -> None:
    peer = await house.invite("northcare", ttl=60)
    completion = peer.completion((await peer.make_offer()).body)
    house.clock.at += 61
    assert (await peer.complete(completion)).status == 401


async def test_keys_somebody_has_used_are_refused(house: House) -> None:
    first = await house.invite("northcare")
    await first.enrol()
    second = await house.invite("southcare", code="OTHER-CODEX-OTHER-CODEX")
    for shared in ("identity", "signing", "sealing"):
        mine = getattr(second.desk, shared)
        setattr(second.desk, shared, getattr(first.desk, shared))
        refused = await second.make_offer()
        assert (refused.status, refused.reason) == (409, "key-in-use"), shared
        setattr(second.desk, shared, mine)
    assert (await second.make_offer()).status == 201


async def test_of_two_pending_offers_with_one_key_the_first_completed_has_it(house: House) -> None:
    first = await house.invite("northcare")
    second = await house.invite("southcare", code="OTHER-CODEX-OTHER-CODEX")
    second.desk.sealing = first.desk.sealing
    one = first.completion((await first.make_offer()).body)
    other = second.completion((await second.make_offer()).body)
    assert (await first.complete(one)).status == 200
    refused = await second.complete(other)
    assert (refused.status, refused.reason) == (409, "key-in-use")
    assert await house.hub.pool.fetchval("SELECT state FROM agency WHERE id = 'southcare'") == "invited"
    assert (
        await house.hub.pool.fetchval("SELECT n FROM log_head") == 4
    )  # origin, two invitations, one enrolment


async def test_possession_of_each_signing_key_is_proved_for_this_hub_agency_and_code(house: House) -> None:
    peer = await house.invite("northcare")
    identity, signing = peer.desk.identity, peer.desk.signing
    good = [peer.possession(identity), peer.possession(signing)]
    bad = {
        "swapped": good[::-1],
        "identity twice": [good[0], good[0]],
        "by a stranger": [good[0], peer.possession(SigningKey.generate())],
        "other hub": [good[0], peer.possession(signing, hub="0" * 32)],
        "other agency": [peer.possession(identity, agency="southcare"), good[1]],
        "other code": [good[0], peer.possession(signing, code_digest="A" * 43)],
        "something more": [good[0], peer.possession(signing, more=1)],
    }
    for name, possession in bad.items():
        assert (await peer.make_offer(possession=possession)).status == 422, name
    for count in ([], good[:1], [*good, good[0]]):
        assert (await peer.make_offer(possession=count)).status == 400


async def test_a_key_set_is_this_agencys_first_and_has_sound_keys_for_their_use(house: House) -> None:
    peer = await house.invite("northcare")
    at = house.clock.at
    desk = peer.desk
    bad = {
        "key-set-other-agency": peer.key_set(agency="southcare"),
        "key-set-not-first": peer.key_set(version=2, previous="A" * 43),
        "key-set-expired": peer.key_set(expires=at),
        "no-sealing-key": peer.key_set(sealing=(SealingUse(key=desk.sealing.public, seal_until=at),)),
        "key-set-same-key": peer.key_set(signing=desk.identity.public),
    }
    for code, key_set in bad.items():
        refused = await peer.make_offer(key_set=key_set)
        assert (refused.status, refused.reason) == (422, code)
    for wrong in (
        {**desk.identity.public.jwk(), "use": "enc"},
        {**desk.identity.public.jwk(), "kty": "EC"},
        {**desk.identity.public.jwk(), "d": "A" * 43},
        {**desk.identity.public.jwk(), "x5u": "https://keys.example/"},
        {name: str(value) for name, value in desk.sealing.public.jwk().items()},
    ):
        assert (await peer.make_offer(identity=wrong)).status == 422, wrong


async def test_no_low_order_or_strangely_written_key_registers(house: House, test_inputs: Path) -> None:
    peer = await house.invite("northcare")
    cases = json.loads((test_inputs / "vectors/cctv/ed25519vectors.json").read_text())
    flags = ("low_order_A", "low_order_component_A", "non_canonical_A")
    points = {case["key"] for case in cases if any(flag in (case["flags"] or ()) for flag in flags)}
    assert len(points) > 8
    for point in points:
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(bytes.fromhex(point))}
        assert (await peer.make_offer(identity=jwk)).status == 422, point


async def test_every_challenge_must_be_answered_and_by_the_key_it_is_for(house: House) -> None:
    peer = await house.invite("northcare", Sector.HEALTH)
    second = SealingKey.generate()
    until = house.clock.at + 10**7
    uses = tuple(SealingUse(key=key.public, seal_until=until) for key in (peer.desk.sealing, second))
    offered = await peer.make_offer(key_set=peer.key_set(sealing=uses))
    challenges = offered.body["challenges"]
    assert {each["kid"] for each in challenges} == {peer.desk.sealing.kid, second.kid}
    mine = next(each for each in challenges if each["kid"] == peer.desk.sealing.kid)
    answered = peer.completion({"challenges": [mine]})
    (good,) = answered["answers"]
    for answers in (
        [good],
        [good, good],
        [good, {**good, "kid": second.kid}],
        [good, {"kid": second.kid, "nonce": base64url.encode(bytes(32))}],
        [good, {"kid": "A" * 43, "nonce": good["nonce"]}],
    ):
        refused = await peer.complete({**answered, "answers": answers})
        assert (refused.status, refused.reason) == (422, "challenge-not-answered")


async def test_what_is_stored_of_an_enrolment_completes_nothing(house: House) -> None:
    peer = await house.invite("northcare")
    completion = peer.completion((await peer.make_offer()).body)
    row = await house.hub.pool.fetchrow("SELECT offer::text, nonces::text FROM enrolment")
    assert row is not None
    stored = row["offer"] + row["nonces"]
    assert CODE not in stored
    assert completion["answers"][0]["nonce"] not in stored


@pytest.mark.parametrize("path", ["/v1/enrolments", "/v1/enrolments/complete"])
async def test_a_body_is_json_within_its_limit(house: House, path: str) -> None:
    assert (await house.send("POST", path, b"{}", media_type="text/plain")).status == 415
    assert (await house.send("POST", path, b"{}", headers={"Content-Encoding": "gzip"})).status == 415
    assert (await house.send("POST", path, b" " * (300 << 10))).status == 413
