"""DPoP proofs: for this request, this token, now, and by the key they carry."""

import hashlib

import pytest

from keys import base64url, dpop, jws, strict_json
from keys.errors import Rejected
from keys.signing import SigningKey
from keys.strict_json import JsonValue

KEY = SigningKey.from_seed(bytes(range(32)))
URL = "https://hub.example/v1/envelopes"
AT = 1_800_000_000
TOKEN = "access-token"
ATH = base64url.encode(hashlib.sha256(TOKEN.encode()).digest())
CLAIMS: dict[str, JsonValue] = {"htm": "POST", "htu": URL, "iat": AT, "jti": "one", "ath": ATH}


def refusal(
    proof: str,
    *,
    method: str = "POST",
    url: str = URL,
    at: int = AT,
    access_token: str | None = TOKEN,
    nonce: str | None = None,
) -> str:
    try:
        dpop.verify_proof(proof, method=method, url=url, at=at, access_token=access_token, nonce=nonce)
    except Rejected as refused:
        return refused.code
    return "accepted"


def forge(
    claims: dict[str, JsonValue], header: dict[str, JsonValue] | None = None, key: SigningKey = KEY
) -> str:
    full: dict[str, JsonValue] = {
        "alg": "EdDSA",
        "typ": "dpop+jwt",
        "jwk": {**KEY.public.jwk()},
        **(header or {}),
    }
    signing_input = f"{base64url.encode(strict_json.dump(full))}.{base64url.encode(strict_json.dump(claims))}"
    return f"{signing_input}.{base64url.encode(key.sign(signing_input.encode()))}"


def test_a_proof_verifies_and_names_its_key() -> None:
    proof = dpop.make_proof(KEY, method="POST", url=URL, at=AT, jti="one", access_token=TOKEN)
    verified = dpop.verify_proof(proof, method="POST", url=URL, at=AT + 60, access_token=TOKEN)
    assert verified == dpop.Proof(thumbprint=KEY.public.kid, jti="one", iat=AT)
    assert refusal(forge(CLAIMS)) == "accepted"


def test_query_and_fragment_are_not_part_of_the_target() -> None:
    proof = dpop.make_proof(KEY, method="POST", url=f"{URL}?after=1#x", at=AT, jti="one", access_token=TOKEN)
    assert refusal(proof, url=f"{URL}?after=2") == "accepted"
    assert refusal(forge({**CLAIMS, "htu": f"{URL}?after=1"})) == "dpop-other-request"


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"method": "GET"}, "dpop-other-request"),
        ({"method": "post"}, "dpop-other-request"),
        ({"url": "https://hub.example/v1/acts"}, "dpop-other-request"),
        ({"url": "http://hub.example/v1/envelopes"}, "dpop-other-request"),
        ({"url": "https://other.example/v1/envelopes"}, "dpop-other-request"),
        ({"access_token": "another"}, "dpop-other-request"),
        ({"access_token": None}, "dpop-wrong-claims"),
        ({"nonce": "n"}, "dpop-wrong-claims"),
        ({"at": AT + 61}, "dpop-out-of-time"),
        ({"at": AT - 61}, "dpop-out-of-time"),
        ({"at": AT + 10 * 86_400}, "dpop-out-of-time"),
    ],
)
def test_for_another_request_it_is_refused(changes: dict[str, object], code: str) -> None:
    assert refusal(forge(CLAIMS), **changes) == code  # type: ignore[arg-type]


def test_a_proof_without_a_token_serves_only_where_none_is_used() -> None:
    proof = dpop.make_proof(KEY, method="POST", url=URL, at=AT, jti="one")
    assert refusal(proof, access_token=None) == "accepted"
    assert refusal(proof) == "dpop-wrong-claims"


def test_a_nonce_is_matched_when_expected() -> None:
    proof = dpop.make_proof(KEY, method="POST", url=URL, at=AT, jti="one", access_token=TOKEN, nonce="n")
    assert refusal(proof, nonce="n") == "accepted"
    assert refusal(proof, nonce="m") == "dpop-other-request"
    assert refusal(proof) == "dpop-wrong-claims"


@pytest.mark.parametrize(
    "change",
    [
        {"iat": str(AT)},
        {"iat": True},
        {"iat": float(AT)},
        {"iat": None},
        {"jti": ""},
        {"jti": "a" * 129},
        {"jti": "a\0b"},
        {"jti": 1},
        {"exp": AT},
    ],
)
def test_claims_of_another_shape_are_refused(change: dict[str, JsonValue]) -> None:
    assert refusal(forge({**CLAIMS, **change})) == "dpop-wrong-claims"


@pytest.mark.parametrize("missing", ["htm", "htu", "iat", "jti", "ath"])
def test_each_claim_is_needed(missing: str) -> None:
    assert (
        refusal(forge({name: value for name, value in CLAIMS.items() if name != missing}))
        == "dpop-wrong-claims"
    )


@pytest.mark.parametrize(
    "header, code",
    [
        ({"typ": "JWT"}, "dpop-wrong-header"),
        ({"alg": "none"}, "unknown-algorithm"),
        ({"alg": "HS256"}, "unknown-algorithm"),
        ({"alg": "ES256"}, "unknown-algorithm"),
        ({"kid": KEY.public.kid}, "dpop-wrong-header"),
        ({"jku": "https://elsewhere.example/"}, "dpop-wrong-header"),
        ({"crit": []}, "dpop-wrong-header"),
        ({"jwk": "key"}, "dpop-wrong-header"),
        ({"jwk": {**KEY.public.jwk(), "d": "AAAA"}}, "key-is-private"),
        ({"jwk": {**KEY.public.jwk(), "x": base64url.encode(b"\x01" + bytes(31))}}, "key-low-order"),
        ({"jwk": {"kty": "oct", "k": "AAAA"}}, "key-is-private"),
        (
            {"jwk": {**KEY.public.jwk(), "x": SigningKey.from_seed(bytes(32)).public.jwk()["x"]}},
            "bad-signature",
        ),
    ],
)
def test_another_header_is_refused(header: dict[str, JsonValue], code: str) -> None:
    assert refusal(forge(CLAIMS, header)) == code


def test_a_proof_by_another_key_than_it_carries_is_refused() -> None:
    assert refusal(forge(CLAIMS, key=SigningKey.generate())) == "bad-signature"


def test_a_token_of_another_kind_is_no_proof() -> None:
    assert refusal(jws.sign(strict_json.dump(CLAIMS), KEY, "dpop+jwt")) == "dpop-wrong-header"
    assert refusal("a.b") == "jws-malformed"
    assert refusal("a" * 5000) == "jws-too-large"
