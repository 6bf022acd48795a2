"""Access tokens: what gets one, what one is good for, and every way it is not."""

import asyncio
from urllib.parse import urlencode

import pytest

from broker.http.limits import Limits
from broker.protocol.act import AgencyKeyRevocation, AgencyStop
from keys import dpop, jws
from keys.signing import SigningKey
from keys.strict_json import JsonValue
from tests.broker.exchange.desk import new_jti
from tests.broker.http.conftest import House
from tests.broker.http.peer import Peer

_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def test_a_token_is_kept_as_a_digest_only(house: House) -> None:
    peer = await house.welcome("northcare")
    row = await house.hub.pool.fetchrow("SELECT * FROM access_token")
    assert row is not None
    assert peer.token.encode() not in b"".join(value for value in row.values() if isinstance(value, bytes))
    assert row["expires"] == house.clock.at + 600


async def test_an_assertion_is_this_agencys_for_this_hub_now_and_briefly(house: House) -> None:
    peer = await house.welcome("northcare")
    other = await house.welcome("southcare")
    at = house.clock.at
    bad = {
        "another's name": peer.assertion(iss="southcare", sub="southcare"),
        "iss is not sub": peer.assertion(sub="southcare"),
        "another's key": peer.assertion(key=other.desk.signing),
        "the identity key": peer.assertion(key=peer.desk.identity),
        "an unknown key": peer.assertion(key=SigningKey.generate()),
        "another hub": peer.assertion(aud="0" * 32),
        "several audiences": peer.assertion(aud=[house.hub.hub_id]),
        "another typ": peer.assertion(typ="jwt"),
        "too long": peer.assertion(exp=at + 301),
        "backwards": peer.assertion(exp=at - 1, iat=at),
        "over": peer.assertion(iat=at - 200, exp=at),
        "ten days old": peer.assertion(iat=at - 864_000, exp=at - 863_800),
        "ten days early": peer.assertion(iat=at + 864_000, exp=at + 864_200),
        "no id": peer.assertion(jti=""),
        "an id of NUL": peer.assertion(jti="\0"),
        "a long id": peer.assertion(jti="a" * 129),
        "times as text": peer.assertion(iat=str(at)),
        "something more": peer.assertion(scope="all"),
        "an unsigned one": peer.assertion().rpartition(".")[0] + ".",
        "padded": peer.assertion() + "==",
    }
    for name, assertion in bad.items():
        answer = await peer.ask_token(assertion)
        assert (answer.status, answer.body["code"]) == (401, "unauthenticated"), name
    assert (await peer.ask_token(peer.assertion(iat=at + 59, exp=at + 300))).status == 200


async def test_an_unknown_key_and_a_bad_signature_give_the_same_bytes(house: House) -> None:
    peer = await house.welcome("northcare")
    stranger = SigningKey.generate()
    unknown = await peer.ask_token(peer.assertion(key=stranger))
    claims = jws.parse(peer.assertion()).payload
    header = {"kid": peer.desk.signing.public.kid, "typ": "client-authentication+jwt"}
    forged = await peer.ask_token(jws.sign_with_header(claims, stranger, header))
    assert unknown.status == forged.status == 401
    assert unknown.data == forged.data


async def test_a_kid_is_a_look_up_and_nothing_else(house: House) -> None:
    peer = await house.welcome("northcare")
    for kid in ("../../etc/passwd", "' OR 1=1 --", "\0", "k" * (1 << 20), "A" * 43, "https://keys.example/k"):
        claims = jws.parse(peer.assertion()).payload
        header: dict[str, JsonValue] = {"kid": kid, "typ": "client-authentication+jwt"}
        answer = await peer.ask_token(jws.sign_with_header(claims, peer.desk.signing, header))
        assert answer.status in (401, 413), kid[:20]


async def test_an_assertion_and_a_proof_are_good_once(house: House) -> None:
    peer = await house.welcome("northcare")
    assertion, proof = peer.assertion(), peer.proof("POST", "/v1/token", access_token=None)
    assert (await peer.ask_token(assertion, proof=proof)).status == 200
    assert (await peer.ask_token(assertion)).reason == "replayed"
    assert (await peer.ask_token(proof=proof)).reason == "dpop-replayed"


@pytest.mark.parametrize("limits", [Limits(strangers=128)])
async def test_of_a_hundred_shows_of_one_assertion_one_counts(house: House) -> None:
    peer = await house.welcome("northcare")
    assertion = peer.assertion()
    answers = await asyncio.gather(*(peer.ask_token(assertion) for _ in range(100)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 99


async def test_a_refused_assertion_does_not_spend_its_id(house: House) -> None:
    peer = await house.welcome("northcare")
    jti = new_jti()
    assert (await peer.ask_token(peer.assertion(jti=jti, key=SigningKey.generate()))).status == 401
    assert (await peer.ask_token(peer.assertion(jti=jti))).status == 200


async def test_a_token_request_is_exactly_its_form(house: House) -> None:
    peer = await house.welcome("northcare")

    def form(**changed: str) -> list[tuple[str, str]]:
        values = {
            "grant_type": "client_credentials",
            "client_assertion_type": _JWT,
            "client_assertion": peer.assertion(),
        }
        return list((values | changed).items())

    bad: list[bytes] = [
        b"&",
        b"=",
        b"\xff",
        b"grant_type",
        b"%zz=%zz",
        urlencode(form()[:2]).encode(),
        urlencode([*form(), ("scope", "all")]).encode(),
        urlencode([*form(), ("grant_type", "client_credentials")]).encode(),
        urlencode(form(grant_type="password")).encode(),
        urlencode(form(client_assertion_type="jwt")).encode(),
    ]
    for data in bad:
        answer = await peer.ask_token(form=data)
        assert (answer.status, answer.reason) == (400, "token-request"), data
    assert (await peer.ask_token(form=b"a" * (17 << 10))).status == 413
    assert (await house.send("POST", "/v1/token", b"{}")).status == 415


async def test_a_proof_is_for_this_request_now_with_this_token(house: House) -> None:
    peer = await house.welcome("northcare")
    at, path = house.clock.at, "/v1/directory"
    good = {"access_token": peer.token}
    bad = {
        "another method": peer.proof("GET", path, **good),
        "another address": peer.proof("POST", "/v1/status", **good),
        "another host": peer.proof("POST", path, url="https://hub.example/v1/directory", **good),
        "no token": peer.proof("POST", path, access_token=None),
        "another token": peer.proof("POST", path, access_token="A" * 43),
        "old": peer.proof("POST", path, at=at - 61, **good),
        "early": peer.proof("POST", path, at=at + 61, **good),
        "another key": peer.proof("POST", path, key=SigningKey.generate(), **good),
        "none": "",
        "not one": "a.b.c",
    }
    for name, proof in bad.items():
        headers = {"Authorization": f"DPoP {peer.token}", "DPoP": proof}
        answer = await peer.send("POST", path, data=b"{}", headers=headers)
        assert answer.status == 401, name
        assert answer.headers["WWW-Authenticate"].startswith('DPoP algs="EdDSA"'), name
    headers = peer.bearing("POST", path)
    assert (await peer.send("POST", path, data=b"{}", headers=headers)).status == 200
    assert (await peer.send("POST", path, data=b"{}", headers=headers)).reason == "dpop-replayed"


async def test_a_host_header_does_not_make_another_hubs_proof_good(house: House) -> None:
    peer = await house.welcome("northcare")
    proof = dpop.make_proof(
        peer.proof_key,
        method="POST",
        url="http://evil.example/v1/directory",
        at=house.clock.at,
        jti=new_jti(),
        access_token=peer.token,
    )
    headers = {"Authorization": f"DPoP {peer.token}", "DPoP": proof, "Host": "evil.example"}
    assert (await peer.send("POST", "/v1/directory", data=b"{}", headers=headers)).status == 401


async def test_other_schemes_and_tokens_are_refused(house: House) -> None:
    peer = await house.welcome("northcare")
    for value in (
        "",
        "DPoP",
        "DPoP ",
        f"Bearer {peer.token}",
        f"DPoP {peer.token} x",
        "DPoP " + "a" * 4096,
        "DPoP é",
    ):
        headers = {"Authorization": value, "DPoP": peer.proof("POST", "/v1/directory", access_token="A" * 43)}
        answer = await peer.send("POST", "/v1/directory", data=b"{}", headers=headers)
        assert answer.status == 401, value


async def test_a_token_ends_with_its_time(house: House) -> None:
    peer = await house.welcome("northcare")
    house.clock.at += 599
    assert (await peer.post("directory", b"{}")).status == 200
    house.clock.at += 1
    ended = await peer.post("directory", b"{}")
    assert (ended.status, ended.reason) == (401, "invalid-token")
    await peer.authenticate()
    # What has run out is forgotten with the next request for a token.
    assert await house.hub.pool.fetchval("SELECT count(*) FROM access_token") == 2
    house.clock.at += 1
    await peer.authenticate()
    assert await house.hub.pool.fetchval("SELECT count(*) FROM access_token") == 2


async def test_a_token_ends_with_its_key_and_with_its_agency(house: House) -> None:
    async def refused(peer: Peer) -> None:
        assert (await peer.post("directory", b"{}")).status == 401
        assert (await peer.ask_token()).status == 401

    peer = await house.welcome("northcare")
    await house.order(AgencyKeyRevocation, agency="northcare", kid=peer.desk.signing.public.kid)
    await refused(peer)
    other = await house.welcome("southcare")
    await house.order(AgencyStop, agency="southcare")
    await refused(other)
