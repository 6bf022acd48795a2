"""Compact JWS: one form, one algorithm, one key."""

import pytest

from keys import base64url, jws, strict_json
from keys.errors import BadSignature, Rejected
from keys.signing import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
TYP = "gatehouse-ask+1"
PAYLOAD = b'{"jti":"a","n":1}'
TOKEN = jws.sign(PAYLOAD, KEY, TYP)
HEADER = f'{{"alg":"EdDSA","kid":"{KEY.public.kid}","typ":"{TYP}"}}'


def forge(header: bytes, payload: bytes = PAYLOAD) -> str:
    """A token with any header, signed by the right key: only its form is wrong."""
    signing_input = f"{base64url.encode(header)}.{base64url.encode(payload)}"
    return f"{signing_input}.{base64url.encode(KEY.sign(signing_input.encode()))}"


def refusal(token: str, *, typ: str = TYP) -> str:
    try:
        jws.verify(jws.parse(token), KEY.public, typ=typ)
    except Rejected as refused:
        return refused.code
    return "accepted"


def test_a_signed_token_reads_back() -> None:
    parsed = jws.parse(TOKEN)
    jws.verify(parsed, KEY.public, typ=TYP)
    assert (parsed.typ, parsed.kid, parsed.payload) == (TYP, KEY.public.kid, PAYLOAD)
    assert parsed.claims == {"jti": "a", "n": 1}
    assert parsed.token == TOKEN
    assert base64url.decode(TOKEN.split(".")[0]).decode() == HEADER
    assert refusal(forge(HEADER.encode())) == "accepted"


def test_another_type_or_key_is_refused() -> None:
    assert refusal(TOKEN, typ="gatehouse-item+1") == "jws-wrong-type"
    other = SigningKey.generate()
    with pytest.raises(BadSignature) as refused:
        jws.verify(jws.parse(TOKEN), other.public, typ=TYP)
    assert refused.value.code == "jws-other-key"
    assert (
        refusal(jws.sign_with_header(PAYLOAD, other, {"kid": KEY.public.kid, "typ": TYP})) == "bad-signature"
    )


@pytest.mark.parametrize(
    "member, code",
    [
        ('"crit":["exp"]', "jws-wrong-header"),
        ('"b64":false', "jws-wrong-header"),
        ('"b64":true', "jws-wrong-header"),
        ('"zip":"DEF"', "jws-wrong-header"),
        ('"cty":"JWT"', "jws-wrong-header"),
        ('"jku":"https://elsewhere.example/"', "jws-wrong-header"),
        ('"x5u":"https://elsewhere.example/"', "jws-wrong-header"),
        ('"x5c":[]', "jws-wrong-header"),
        ('"jwk":{"kty":"OKP"}', "jws-wrong-header"),
        ('"alg":"EdDSA"', "json-repeated-key"),
        ('"kid":"x"', "json-repeated-key"),
    ],
)
def test_one_header_member_more_is_refused(member: str, code: str) -> None:
    assert refusal(forge(f"{HEADER[:-1]},{member}}}".encode())) == code


@pytest.mark.parametrize(
    "alg",
    [
        "none",
        "None",
        "HS256",
        "RS256",
        "ES256",
        "Ed25519",
        "Ed448",
        "eddsa",
        "EdDSA ",
        "",
        None,
        1,
        ["EdDSA"],
    ],
)
def test_one_algorithm(alg: strict_json.JsonValue) -> None:
    header = strict_json.dump({"alg": alg, "kid": KEY.public.kid, "typ": TYP})
    assert refusal(forge(header)) == "unknown-algorithm"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../etc/passwd",
        "' OR 1=1 --",
        "a\0b",
        "A" * 42,
        "A" * 44,
        KEY.public.kid + "=",
        KEY.public.kid.lower() + "!",
        "",
        None,
        7,
    ],
)
def test_a_kid_is_a_thumbprint_or_nothing(kid: strict_json.JsonValue) -> None:
    assert refusal(forge(strict_json.dump({"alg": "EdDSA", "kid": kid, "typ": TYP}))) in {
        "base64url-malformed",
        "jws-wrong-header",
    }


def test_a_megabyte_of_kid_is_refused_before_it_is_read() -> None:
    assert (
        refusal(forge(strict_json.dump({"alg": "EdDSA", "kid": "A" * (1 << 20), "typ": TYP})))
        == "jws-too-large"
    )
    assert (
        refusal(forge(strict_json.dump({"alg": "EdDSA", "kid": "A" * 2000, "typ": TYP}))) == "json-too-large"
    )


@pytest.mark.parametrize("missing", ["alg", "kid", "typ"])
def test_a_header_needs_each_member(missing: str) -> None:
    header = {"alg": "EdDSA", "kid": KEY.public.kid, "typ": TYP}
    del header[missing]
    assert refusal(forge(strict_json.dump(header))) == "jws-wrong-header"


@pytest.mark.parametrize("typ", ["", "a" * 101, None, 1])
def test_a_typ_is_a_short_string(typ: strict_json.JsonValue) -> None:
    assert (
        refusal(forge(strict_json.dump({"alg": "EdDSA", "kid": KEY.public.kid, "typ": typ})))
        == "jws-wrong-header"
    )


@pytest.mark.parametrize(
    "payload, code",
    [
        (b'{"jti":"a","jti":"b"}', "json-repeated-key"),
        (b'{"n":NaN}', "json-not-finite"),
        (b"[]", "json-malformed"),
        (b"", "json-malformed"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "json-too-deep"),
    ],
)
def test_the_payload_is_strict_json_even_under_a_good_signature(payload: bytes, code: str) -> None:
    assert refusal(forge(HEADER.encode(), payload)) == code


@pytest.mark.parametrize("header", [b"[]", b'"EdDSA"', b"", b"{", b'{"alg":{"a":{"b":{}}}}'])
def test_the_header_is_a_shallow_object(header: bytes) -> None:
    assert refusal(forge(header)).startswith("json-")


def test_size_is_limited() -> None:
    token = jws.sign(strict_json.dump({"a": "x" * 3000}), KEY, TYP)
    with pytest.raises(Rejected) as refused:
        jws.parse(token, limit=2000)
    assert refused.value.code == "jws-too-large"


def test_every_single_character_matters() -> None:
    """Any one character replaced, dropped or doubled: never accepted."""
    for at, character in enumerate(TOKEN):
        replaced = "A" if character != "A" else "B"
        for changed in (
            TOKEN[:at] + replaced + TOKEN[at + 1 :],
            TOKEN[:at] + TOKEN[at + 1 :],
            TOKEN[:at] + character + TOKEN[at:],
        ):
            if changed != TOKEN:
                assert refusal(changed) != "accepted", at
