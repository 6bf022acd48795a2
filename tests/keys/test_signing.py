"""Ed25519 keys: what registers, what verifies, what a JWK may say."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from keys import base64url, curve, signing
from keys.errors import BadKey, BadSignature, Rejected
from keys.strict_json import JsonValue

KEY = signing.SigningKey.from_seed(bytes(range(32)))


def registers(raw: bytes) -> bool:
    try:
        signing.public_key(raw)
    except BadKey:
        return False
    return True


def test_no_low_order_or_non_canonical_key_of_cctv_registers(test_inputs: Path) -> None:
    vectors = json.loads((test_inputs / "vectors/cctv/ed25519vectors.json").read_text())
    assert len(vectors) == 914
    bad, mixed, good = set(), set(), set()
    for vector in vectors:
        flags, raw = set(vector["flags"] or []), bytes.fromhex(vector["key"])
        if flags & {"low_order_A", "non_canonical_A"}:
            bad.add(raw)
        elif "low_order_component_A" in flags:
            mixed.add(raw)
        else:
            good.add(raw)
    assert (len(bad) > 10, len(mixed) > 0, len(good) > 0) == (True, True, True)
    assert {raw for raw in bad if registers(raw)} == set()
    assert all(registers(raw) for raw in mixed | good)
    # For evidence all verifiers must agree, so key sets also refuse a key of mixed order.
    for raw in mixed:
        with pytest.raises(BadKey) as refused:
            signing.verify_prime_order(signing.public_key(raw))
        assert refused.value.code == "key-mixed-order"
    for raw in good:
        signing.verify_prime_order(signing.public_key(raw))


def test_every_encoding_of_a_small_y_is_judged() -> None:
    """All 38 non-canonical encodings (y from p to 2²⁵⁵-1, either sign) are refused."""
    p = 2**255 - 19
    for y in range(p, 2**255):
        for sign in (0, 1):
            assert not registers((y | sign << 255).to_bytes(32, "little"))


def test_low_order_points_are_exactly_the_eight() -> None:
    """Each low-order y is on the curve, of order dividing eight, and the points number eight."""
    p = 2**255 - 19
    found = [y for y in (0, 1, p - 1) if not registers(y.to_bytes(32, "little"))]
    assert found == [0, 1, p - 1]
    assert len(curve._LOW_ORDER_Y) == 5
    for y in curve._LOW_ORDER_Y:
        point = curve._decode(y.to_bytes(32, "little"))
        assert point is not None
        assert curve._is_identity(curve._multiply(8, point))


def test_wycheproof_signatures(test_inputs: Path) -> None:
    vectors = json.loads((test_inputs / "vectors/wycheproof/ed25519_test.json").read_text())
    count = 0
    for group in vectors["testGroups"]:
        key = signing.public_key(bytes.fromhex(group["publicKey"]["pk"]))
        for test in group["tests"]:
            count += 1
            try:
                key.verify(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
                accepted = True
            except BadSignature:
                accepted = False
            assert accepted == (test["result"] == "valid"), test["tcId"]
    assert count == 151


def test_sign_and_verify() -> None:
    signature = KEY.sign(b"message")
    KEY.public.verify(signature, b"message")
    for wrong, message in ((signature, b"messagf"), (signature[:-1], b"message"), (b"", b"message")):
        with pytest.raises(BadSignature):
            KEY.public.verify(wrong, message)
    with pytest.raises(BadSignature):
        signing.SigningKey.generate().public.verify(signature, b"message")


def test_a_secret_never_shows() -> None:
    for shown in (repr(KEY), str(KEY), f"{KEY}"):
        assert "seed" not in shown
        assert repr(KEY.seed)[2:-1] not in shown
        assert KEY.seed.hex() not in shown


def test_the_kid_is_the_thumbprint_as_rfc_7638_defines_it() -> None:
    x = base64.urlsafe_b64encode(KEY.public.raw).rstrip(b"=").decode()
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    digest = hashlib.sha256(canonical.encode()).digest()
    assert KEY.public.kid == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_the_cookbook_signature_is_made_again(test_inputs: Path) -> None:
    """RFC 8037 appendix A.4, as the JOSE cookbook gives it."""
    example = json.loads((test_inputs / "vectors/jose-cookbook/curve25519/jws.json").read_text())
    jwk = example["input"]["key"]
    key = signing.SigningKey.from_seed(base64url.decode(jwk["d"]))
    assert key.public.jwk()["x"] == jwk["x"]
    assert base64url.encode(key.sign(example["signing"]["sig-input"].encode())) == example["signing"]["sig"]
    with pytest.raises(BadKey) as refused:
        signing.parse_public_key(jwk)
    assert refused.value.code == "key-is-private"
    assert signing.parse_public_key({name: jwk[name] for name in jwk if name != "d"}) == key.public


def test_the_jwk_round_trips() -> None:
    jwk = KEY.public.jwk()
    assert signing.parse_public_key(jwk) == KEY.public
    full: dict[str, JsonValue] = {
        **jwk,
        "use": "sig",
        "key_ops": ["verify"],
        "alg": "EdDSA",
        "kid": KEY.public.kid,
    }
    assert signing.parse_public_key(full) == KEY.public


@pytest.mark.parametrize(
    "change, code",
    [
        ({"use": "enc"}, "key-wrong-use"),
        ({"use": None}, "key-wrong-use"),
        ({"key_ops": ["encrypt"]}, "key-wrong-use"),
        ({"key_ops": ["verify", "sign"]}, "key-wrong-use"),
        ({"key_ops": ["verify", "verify"]}, "key-wrong-use"),
        ({"key_ops": []}, "key-wrong-use"),
        ({"key_ops": "verify"}, "key-wrong-use"),
        ({"kty": "EC"}, "key-wrong-type"),
        ({"kty": "oct"}, "key-wrong-type"),
        ({"crv": "Ed448"}, "key-wrong-type"),
        ({"crv": "X25519"}, "key-wrong-type"),
        ({"alg": "HS256"}, "key-wrong-algorithm"),
        ({"alg": "none"}, "key-wrong-algorithm"),
        ({"kid": "../../etc/passwd"}, "key-wrong-kid"),
        ({"d": "AAAA"}, "key-is-private"),
        ({"k": "AAAA"}, "key-is-private"),
        ({"x5u": "https://elsewhere.example/"}, "key-by-reference"),
        ({"jku": "https://elsewhere.example/"}, "key-by-reference"),
        ({"x5c": []}, "key-by-reference"),
        ({"y": "AAAA"}, "key-unknown-member"),
        ({"x": 5}, "key-malformed"),
        ({"x": KEY.public.jwk()["x"] + "="}, "key-malformed"),
        ({"x": "AAAA"}, "key-wrong-size"),
        ({"x": base64url.encode(bytes(32))}, "key-low-order"),
        ({"x": base64url.encode(b"\xff" * 32)}, "key-not-canonical"),
    ],
)
def test_a_jwk_that_says_anything_else_is_refused(change: dict[str, JsonValue], code: str) -> None:
    with pytest.raises(BadKey) as refused:
        signing.parse_public_key({**KEY.public.jwk(), **change})
    assert refused.value.code == code


@pytest.mark.parametrize("missing", ["kty", "crv", "x"])
def test_a_jwk_needs_each_member(missing: str) -> None:
    jwk = KEY.public.jwk()
    del jwk[missing]
    with pytest.raises(Rejected):
        signing.parse_public_key(jwk)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_seeds_and_keys_have_one_size(size: int) -> None:
    with pytest.raises(BadKey):
        signing.SigningKey.from_seed(bytes(size))
    with pytest.raises(BadKey):
        signing.public_key(b"\x05" * size)
