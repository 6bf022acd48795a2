"""Sealing keys: what registers, against X-Wing, ML-KEM and X25519 vectors made by others."""

import json
from pathlib import Path

import pytest

from keys import base64url, curve, hybrid
from keys.errors import BadKey
from keys.strict_json import JsonValue

KEY = hybrid.SealingKey.from_seed(bytes(range(32)))
LATTICE, POINT = KEY.public.raw[:1184], KEY.public.raw[1184:]


def registers(raw: bytes) -> bool:
    try:
        hybrid.sealing_public_key(raw)
    except BadKey:
        return False
    return True


def test_the_seed_expands_as_x_wing_does(test_inputs: Path) -> None:
    for vector in json.loads((test_inputs / "vectors/hpke/xwing-draft-test-vectors.json").read_text()):
        key = hybrid.SealingKey.from_seed(bytes.fromhex(vector["seed"]))
        assert key.public.raw == bytes.fromhex(vector["pk"])


def test_the_ml_kem_part_must_be_reduced(test_inputs: Path) -> None:
    vectors = json.loads((test_inputs / "vectors/wycheproof/mlkem_768_encaps_test.json").read_text())
    tests = [test for group in vectors["testGroups"] for test in group["tests"]]
    assert len(tests) == 265
    zero_vectors = 0
    for test in tests:
        lattice = bytes.fromhex(test["ek"])
        # Reasoned exception: a zero vector passes FIPS 203's checks, but anyone opens what is sealed to it.
        zero = len(lattice) == 1184 and not any(lattice[:1152])
        zero_vectors += zero
        assert registers(lattice + POINT) == (test["result"] == "valid" and not zero), test["tcId"]
    assert zero_vectors == 1


def test_low_order_and_non_canonical_points_do_not_register(test_inputs: Path) -> None:
    vectors = json.loads((test_inputs / "vectors/wycheproof/x25519_test.json").read_text())
    tests = [test for group in vectors["testGroups"] for test in group["tests"]]
    assert len(tests) == 518
    for test in tests:
        flags, point = set(test["flags"]), bytes.fromhex(test["public"])
        unreduced = int.from_bytes(point, "little") >= 2**255 - 19
        low_order = bool(flags & {"LowOrderPublic", "ZeroSharedSecret"})
        assert curve.is_bad_montgomery(point) == (unreduced or low_order), test["tcId"]
        if "NonCanonicalPublic" in flags or low_order:
            assert not registers(LATTICE + point), test["tcId"]


def test_a_zero_lattice_part_is_refused() -> None:
    """The library takes it, and anyone could open what is sealed to it."""
    assert not registers(bytes(1184) + POINT)
    assert not registers(bytes(1152) + LATTICE[1152:] + POINT)


def test_the_jwk_round_trips_and_its_kid_is_the_thumbprint_of_its_required_members() -> None:
    jwk = KEY.public.jwk()
    assert set(jwk) == {"kty", "alg", "pub"}
    assert hybrid.parse_sealing_key(jwk) == KEY.public
    full: dict[str, JsonValue] = {**jwk, "use": "enc", "kid": KEY.kid}
    assert hybrid.parse_sealing_key(full) == KEY.public


def test_the_draft_key_has_its_kid(test_inputs: Path) -> None:
    jwk = json.loads((test_inputs / "vectors/jose-hpke/jwks/HPKE-10-KE.json").read_text())
    key = hybrid.SealingKey.from_seed(base64url.decode(jwk.pop("priv")))
    assert hybrid.parse_sealing_key(jwk) == key.public
    assert key.kid == jwk["kid"]


def test_the_draft_key_of_another_suite_is_refused_by_name(test_inputs: Path) -> None:
    jwk = json.loads((test_inputs / "vectors/jose-hpke/jwks/HPKE-12-KE.json").read_text())
    with pytest.raises(BadKey) as refused:
        hybrid.parse_sealing_key(jwk)
    assert refused.value.code == "key-is-private"
    del jwk["priv"]
    with pytest.raises(BadKey) as refused:
        hybrid.parse_sealing_key(jwk)
    assert refused.value.code == "key-wrong-algorithm"


@pytest.mark.parametrize(
    "change, code",
    [
        ({"use": "sig"}, "key-wrong-use"),
        ({"kty": "OKP"}, "key-wrong-type"),
        ({"alg": "HPKE-10"}, "key-wrong-algorithm"),
        ({"alg": None}, "key-wrong-algorithm"),
        ({"kid": "a"}, "key-wrong-kid"),
        ({"key_ops": ["encrypt"]}, "key-unknown-member"),
        ({"priv": "AAAA"}, "key-is-private"),
        ({"x5u": "https://elsewhere.example/"}, "key-by-reference"),
        ({"pub": "AAAA"}, "key-wrong-size"),
        ({"pub": base64url.encode(LATTICE + bytes(32))}, "key-low-order"),
        ({"pub": base64url.encode(b"\xff" * 1152 + LATTICE[1152:] + POINT)}, "key-not-canonical"),
    ],
)
def test_a_jwk_that_says_anything_else_is_refused(change: dict[str, JsonValue], code: str) -> None:
    with pytest.raises(BadKey) as refused:
        hybrid.parse_sealing_key({**KEY.public.jwk(), **change})
    assert refused.value.code == code


def test_a_secret_never_shows() -> None:
    for shown in (repr(KEY), str(KEY)):
        assert "seed" not in shown
        assert repr(KEY.seed)[2:-1] not in shown


def test_a_seed_has_one_size() -> None:
    with pytest.raises(BadKey):
        hybrid.SealingKey.from_seed(bytes(31))
    assert hybrid.SealingKey.generate() != hybrid.SealingKey.generate()
