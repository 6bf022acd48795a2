"""Key sets: signed by the identity, one after another, good now; fingerprints read by telephone."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import base64url, jws, keyset, strict_json
from keys.errors import BadKey, Rejected
from keys.hybrid import SealingKey
from keys.keyset import KeySet, SealingUse
from keys.signing import PublicKey, SigningKey, public_key
from keys.strict_json import JsonValue

IDENTITY = SigningKey.from_seed(b"i" * 32)
SIGNING = SigningKey.from_seed(b"s" * 32)
FIRST_KEY, NEXT_KEY = SealingKey.from_seed(b"1" * 32), SealingKey.from_seed(b"2" * 32)
AT = 1_800_000_000
FIRST = KeySet(
    agency="northby-social-care",
    version=1,
    previous=None,
    expires=AT + 1000,
    signing=SIGNING.public,
    sealing=(SealingUse(key=FIRST_KEY.public, seal_until=AT + 500),),
)
FIRST_TOKEN = keyset.sign_key_set(FIRST, IDENTITY)
SECOND = dataclasses.replace(
    FIRST,
    version=2,
    previous=keyset.digest(FIRST_TOKEN),
    sealing=(*FIRST.sealing, SealingUse(key=NEXT_KEY.public, seal_until=AT + 900)),
)
SECOND_TOKEN = keyset.sign_key_set(SECOND, IDENTITY)


def refusal(token: str, *, previous: str | None = None, at: int = AT, identity: SigningKey = IDENTITY) -> str:
    try:
        keyset.verify_key_set(token, identity=identity.public, previous=previous, at=at)
    except Rejected as refused:
        return refused.code
    return "accepted"


def signed(**changes: object) -> str:
    return keyset.sign_key_set(dataclasses.replace(FIRST, **changes), IDENTITY)  # type: ignore[arg-type]


def claims(**changes: JsonValue) -> str:
    return jws.sign(strict_json.dump({**jws.parse(FIRST_TOKEN).claims, **changes}), IDENTITY, keyset.TYP)


def test_a_set_reads_back() -> None:
    assert keyset.verify_key_set(FIRST_TOKEN, identity=IDENTITY.public, previous=None, at=AT) == FIRST
    assert (
        keyset.verify_key_set(SECOND_TOKEN, identity=IDENTITY.public, previous=FIRST_TOKEN, at=AT) == SECOND
    )
    # At first sight there is nothing to compare with.
    assert refusal(SECOND_TOKEN) == "accepted"


def test_a_set_follows_the_one_before() -> None:
    third = dataclasses.replace(SECOND, version=3, previous=keyset.digest(SECOND_TOKEN))
    skipped = dataclasses.replace(SECOND, version=3)
    repeated = dataclasses.replace(SECOND, version=2, previous=keyset.digest(SECOND_TOKEN))
    forked = dataclasses.replace(SECOND, previous=keyset.digest(SECOND_TOKEN))
    other_agency = dataclasses.replace(SECOND, agency="another")
    assert refusal(keyset.sign_key_set(third, IDENTITY), previous=SECOND_TOKEN) == "accepted"
    assert refusal(keyset.sign_key_set(third, IDENTITY), previous=FIRST_TOKEN) == "key-set-not-next"
    assert refusal(FIRST_TOKEN, previous=SECOND_TOKEN) == "key-set-not-next"
    assert refusal(SECOND_TOKEN, previous=SECOND_TOKEN) == "key-set-not-next"
    assert refusal(keyset.sign_key_set(skipped, IDENTITY), previous=FIRST_TOKEN) == "key-set-not-next"
    assert refusal(keyset.sign_key_set(repeated, IDENTITY), previous=SECOND_TOKEN) == "key-set-not-next"
    assert refusal(keyset.sign_key_set(forked, IDENTITY), previous=FIRST_TOKEN) == "key-set-not-next"
    assert refusal(keyset.sign_key_set(other_agency, IDENTITY), previous=FIRST_TOKEN) == "key-set-not-next"


def test_the_hub_cannot_put_in_a_sealing_key_of_its_own() -> None:
    hub = SigningKey.generate()
    substituted = dataclasses.replace(
        SECOND, sealing=(SealingUse(key=SealingKey.generate().public, seal_until=AT + 9),)
    )
    assert refusal(keyset.sign_key_set(substituted, hub), previous=FIRST_TOKEN) == "jws-other-key"
    forged = jws.sign_with_header(
        jws.parse(keyset.sign_key_set(substituted, hub)).payload,
        hub,
        {"kid": IDENTITY.public.kid, "typ": keyset.TYP},
    )
    assert refusal(forged, previous=FIRST_TOKEN) == "bad-signature"
    # A previous set that the identity never signed does not count either.
    assert refusal(SECOND_TOKEN, previous=keyset.sign_key_set(FIRST, hub)) == "jws-other-key"


def test_time() -> None:
    assert refusal(FIRST_TOKEN, at=AT + 499) == "accepted"
    assert refusal(FIRST_TOKEN, at=AT + 500) == "no-sealing-key"
    assert refusal(FIRST_TOKEN, at=AT + 1000) == "key-set-expired"
    # An expired predecessor is still a predecessor.
    assert refusal(signed(expires=AT - 1)) == "key-set-expired"


def test_the_key_to_seal_to_is_the_one_in_use_longest() -> None:
    assert SECOND.sealing_key(AT) == NEXT_KEY.public
    assert SECOND.sealing_key(AT + 600) == NEXT_KEY.public
    assert FIRST.sealing_key(AT) == FIRST_KEY.public
    with pytest.raises(BadKey) as refused:
        SECOND.sealing_key(AT + 900)
    assert refused.value.code == "no-sealing-key"


def test_keys_are_separate() -> None:
    assert refusal(signed(signing=IDENTITY.public)) == "key-set-same-key"
    assert refusal(signed(sealing=FIRST.sealing * 2)) == "key-set-same-key"


@pytest.mark.parametrize(
    "change",
    [
        {"agency": ""},
        {"agency": 1},
        {"agency": "a" * 201},
        {"version": 0},
        {"version": True},
        {"version": 1.0},
        {"version": 2},
        {"previous": "A" * 43},
        {"previous": 5},
        {"expires": None},
        {"expires": "1800000000"},
        {"signing": "key"},
        {"sealing": []},
        {"sealing": {}},
        {"sealing": ["key"]},
        {"sealing": [{"key": FIRST_KEY.public.jwk()}]},
        {"sealing": [{"key": FIRST_KEY.public.jwk(), "seal_until": True}]},
        {"sealing": [{"key": FIRST_KEY.public.jwk(), "seal_until": 1, "extra": 1}]},
        {"sealing": [{"key": FIRST_KEY.public.jwk(), "seal_until": AT + 5}] * 9},
        {"extra": 1},
    ],
)
def test_a_set_of_another_shape_is_refused_though_signed(change: dict[str, JsonValue]) -> None:
    assert refusal(claims(**change)) == "key-set-malformed"


@pytest.mark.parametrize(
    "change, code",
    [
        ({"signing": {**SIGNING.public.jwk(), "use": "enc"}}, "key-wrong-use"),
        ({"signing": {**SIGNING.public.jwk(), "x": base64url.encode(bytes(32))}}, "key-low-order"),
        ({"signing": FIRST_KEY.public.jwk()}, "key-unknown-member"),
        ({"sealing": [{"key": SIGNING.public.jwk(), "seal_until": AT + 5}]}, "key-unknown-member"),
        (
            {"sealing": [{"key": {**FIRST_KEY.public.jwk(), "use": "sig"}, "seal_until": AT + 5}]},
            "key-wrong-use",
        ),
        (
            {"sealing": [{"key": {**FIRST_KEY.public.jwk(), "alg": "HPKE-12-KE"}, "seal_until": AT + 5}]},
            "key-wrong-algorithm",
        ),
    ],
)
def test_a_set_with_a_bad_key_is_refused(change: dict[str, JsonValue], code: str) -> None:
    assert refusal(claims(**change)) == code


def mixed_order(key: PublicKey) -> PublicKey:
    """The key plus the point of order two, (0, -1): both coordinates negated."""
    y = int.from_bytes(key.raw, "little") & (2**255 - 1)
    sign = key.raw[31] >> 7
    return public_key((2**255 - 19 - y | (1 - sign) << 255).to_bytes(32, "little"))


def test_keys_of_mixed_order_are_refused() -> None:
    assert refusal(signed(signing=mixed_order(SIGNING.public))) == "key-mixed-order"
    with pytest.raises(BadKey) as refused:
        keyset.verify_key_set(FIRST_TOKEN, identity=mixed_order(IDENTITY.public), previous=None, at=AT)
    assert refused.value.code == "key-mixed-order"


def test_a_token_of_another_type_is_no_key_set() -> None:
    other = jws.sign(jws.parse(FIRST_TOKEN).payload, IDENTITY, "gatehouse-ask+1")
    assert refusal(other) == "jws-wrong-type"


def test_the_fingerprint_is_forty_digits_in_groups_of_five() -> None:
    shown = keyset.fingerprint(IDENTITY.public)
    groups = shown.split(" ")
    assert len(groups) == 8
    assert all(len(group) == 5 and group.isdigit() for group in groups)
    assert shown != keyset.fingerprint(SIGNING.public)


@given(st.sampled_from([" ", "", "-", "  ", "\n", " - ", "\u2013", "\u00a0", "."]))
def test_it_may_be_typed_with_other_spacing(separator: str) -> None:
    typed = separator.join(keyset.fingerprint(IDENTITY.public).split(" "))
    keyset.verify_fingerprint(f" {typed} ", IDENTITY.public)


@given(st.integers(0, 39), st.integers(1, 9))
def test_one_wrong_digit_is_refused(at: int, by: int) -> None:
    digits = keyset.fingerprint(IDENTITY.public).replace(" ", "")
    wrong = digits[:at] + str((int(digits[at]) + by) % 10) + digits[at + 1 :]
    for typed in (wrong, digits[:-1], digits + "0", "", "\u0661" * 40, digits[:-1] + "\ud800"):
        with pytest.raises(BadKey) as refused:
            keyset.verify_fingerprint(typed, IDENTITY.public)
        assert refused.value.code == "fingerprint-mismatch"
