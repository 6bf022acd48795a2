"""Sealing: one recipient, one context, six sizes."""

import base64 as standard_base64
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import base64url, commitment, jwe, sealing
from keys.errors import CannotOpen, MalformedInput, Rejected
from keys.sealing import Binding, SizeClass

KEY = sealing.SealingKey.from_seed(bytes(range(32)))
BINDING = Binding(hub_id="hub", exchange="ex", jti="jti", kind="item", sender="a", recipient="b")
PLAINTEXT = b'{"plainly":"invented"}'
SEALED = sealing.seal(PLAINTEXT, KEY.public, BINDING)


def opens(sealed: bytes, *, key: sealing.SealingKey = KEY, binding: Binding = BINDING) -> str:
    try:
        assert sealing.open_sealed(sealed, key, binding) == PLAINTEXT
    except Rejected as refused:
        return refused.code
    return "opened"


def test_what_is_sealed_opens() -> None:
    assert opens(SEALED) == "opened"
    assert sealing.parse_sealed(SEALED) == sealing.Sealed(kid=KEY.kid, size=SizeClass.KIB_4)


@settings(max_examples=30)
@given(st.binary(max_size=20_000))
def test_round_trip(plaintext: bytes) -> None:
    sealed = sealing.seal(plaintext, KEY.public, BINDING)
    assert sealing.open_sealed(sealed, KEY, BINDING) == plaintext
    assert sealing.parse_sealed(sealed).size == sealing.size_class(len(sealed))


def test_sealing_twice_gives_two_envelopes() -> None:
    again = sealing.seal(PLAINTEXT, KEY.public, BINDING)
    assert commitment.digest(again) != commitment.digest(SEALED)
    first, second = json.loads(SEALED), json.loads(again)
    assert all(first[name] != second[name] for name in first)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Binding)])
def test_in_another_context_it_does_not_open(field: str) -> None:
    other = dataclasses.replace(BINDING, **{field: "other"})
    assert opens(SEALED, binding=other) == "cannot-open"


def test_fields_do_not_run_into_each_other() -> None:
    left = dataclasses.replace(BINDING, sender="ab", recipient="c")
    right = dataclasses.replace(BINDING, sender="a", recipient="bc")
    assert left.extra_info() != right.extra_info()


def test_another_key_does_not_open_it() -> None:
    other = sealing.SealingKey.generate()
    assert opens(SEALED, key=other) == "other-key"


def test_another_key_does_not_open_it_under_its_own_name() -> None:
    other = sealing.SealingKey.generate()
    parts = dataclasses.replace(jwe.parse(SEALED), kid=other.kid)
    with pytest.raises(CannotOpen) as refused:
        sealing.open_with_info(parts, other, BINDING.extra_info())
    assert refused.value.code == "cannot-open"


@pytest.mark.parametrize("size", list(SizeClass))
def test_the_length_shows_the_class_and_nothing_more(size: SizeClass) -> None:
    smallest = b"" if size is SizeClass.KIB_4 else bytes(size // 4 - 3)
    sealed = sealing.seal(smallest, KEY.public, BINDING)
    fullest = sealing.seal(bytes(size - 4), sealing.SealingKey.generate().public, BINDING)
    assert len(sealed) == len(fullest)
    assert sealing.size_class(len(sealed)) is size
    assert sealing.parse_sealed(fullest).size is size
    with pytest.raises(MalformedInput) as refused:
        sealing.size_class(len(sealed) + 1)
    assert refused.value.code == "sealed-wrong-size"


def test_too_large_is_refused() -> None:
    with pytest.raises(MalformedInput) as refused:
        sealing.seal(bytes(sealing.LARGEST_PLAINTEXT + 1), KEY.public, BINDING)
    assert refused.value.code == "body-too-large"


def test_no_bit_of_a_sealed_body_can_change() -> None:
    """One flipped character in each field, at its ends and middle."""
    members = json.loads(SEALED)
    for name, text in members.items():
        for at in {0, 1, len(text) // 2, len(text) - 1}:
            flipped = "B" if text[at] == "A" else "A"
            changed = {**members, name: text[:at] + flipped + text[at + 1 :]}
            assert opens(json.dumps(changed, separators=(",", ":")).encode()) != "opened", (name, at)


def test_the_frozen_body_opens_for_ever() -> None:
    vector: dict[str, Any] = json.loads((Path(__file__).parent / "vectors/gatehouse-1.json").read_text())
    key = sealing.SealingKey.from_seed(bytes.fromhex(vector["seed_hex"]))
    assert vector["suite"] == sealing.SUITE
    assert key.seed == hashlib.sha256(b"gatehouse frozen vector recipient 1").digest()
    assert key.kid == vector["kid"]
    assert hashlib.sha256(key.public.raw).hexdigest() == vector["public_sha256"]
    binding = Binding(**vector["binding"])
    assert binding.extra_info().hex() == vector["extra_info_hex"]
    opened = sealing.open_sealed(vector["sealed"].encode(), key, binding)
    assert opened.hex() == vector["plaintext_hex"]


def test_the_draft_example_opens_through_the_same_path(test_inputs: Path) -> None:
    folder = test_inputs / "vectors/jose-hpke"
    jwk = json.loads((folder / "jwks/HPKE-10-KE.json").read_text())
    key = sealing.SealingKey.from_seed(base64url.decode(jwk["priv"]))
    data = (folder / "jwe/HPKE-10-KE-flattened.json").read_bytes()
    parts = jwe.parse(data, with_aad=True)
    opened = sealing.open_with_info(parts, key, b"")
    assert opened.startswith(b"You can trust us to stick with you")
    with pytest.raises(CannotOpen):
        sealing.open_with_info(parts, key, b"\0")
    # The example covers its aad member: without it, it must not open.
    without = dataclasses.replace(parts, associated=parts.associated.split(b".")[0])
    with pytest.raises(CannotOpen):
        sealing.open_with_info(without, key, b"")
    # As a body of ours it is refused: it has an aad and is not padded.
    with pytest.raises(MalformedInput) as refused:
        sealing.parse_sealed(data)
    assert refused.value.code == "sealed-malformed"


def test_the_other_suite_of_the_draft_is_refused_by_name(test_inputs: Path) -> None:
    data = (test_inputs / "vectors/jose-hpke/jwe/HPKE-12-KE-flattened.json").read_bytes()
    members = json.loads(data)
    del members["aad"]
    for sealed in (json.dumps(members).encode(),):
        with pytest.raises(MalformedInput) as refused:
            sealing.parse_sealed(sealed)
        assert refused.value.code == "unknown-suite"
        assert "HPKE-12-KE" in refused.value.message
    with pytest.raises(MalformedInput) as refused:
        jwe.parse(data, with_aad=True)
    assert refused.value.code == "unknown-suite"


@pytest.mark.parametrize("name", ["HPKE-10-KE-compact.txt", "HPKE-12-KE-compact.txt"])
def test_the_compact_form_is_refused(test_inputs: Path, name: str) -> None:
    data = (test_inputs / "vectors/jose-hpke/jwe" / name).read_bytes()
    with pytest.raises(MalformedInput) as refused:
        sealing.parse_sealed(data)
    assert refused.value.code == "json-malformed"


def test_padded_base64_is_refused() -> None:
    members = json.loads(SEALED)
    members["tag"] = standard_base64.urlsafe_b64encode(base64url.decode(members["tag"])).decode()
    assert opens(json.dumps(members).encode()) == "base64url-malformed"
