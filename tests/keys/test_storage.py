"""Storage keys: opens only with the same key, context and bytes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import BadKey, CannotOpen
from keys.storage import StorageKey

KEY = StorageKey.from_bytes(bytes(range(32)))


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_round_trip(plaintext: bytes, context: bytes) -> None:
    sealed = KEY.seal(plaintext, context)
    assert len(sealed) == 1 + 32 + len(plaintext) + 16
    assert KEY.open(sealed, context) == plaintext


def test_the_frozen_copy_opens_for_ever() -> None:
    vector = json.loads((Path(__file__).parent / "vectors/storage-1.json").read_text())
    key = StorageKey.from_bytes(bytes.fromhex(vector["key_hex"]))
    opened = key.open(bytes.fromhex(vector["sealed_hex"]), vector["context"].encode())
    assert opened.decode() == vector["plaintext"]


def test_no_bit_can_change() -> None:
    sealed = KEY.seal(b"secret", b"row")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(CannotOpen):
            KEY.open(bytes(changed), b"row")


@pytest.mark.parametrize("cut", [0, 1, 33, 48])
def test_too_short_is_refused(cut: int) -> None:
    with pytest.raises(CannotOpen):
        KEY.open(KEY.seal(b"", b"row")[:cut], b"row")


def test_another_key_or_context_does_not_open() -> None:
    sealed = KEY.seal(b"secret", b"row")
    with pytest.raises(CannotOpen) as refused:
        KEY.open(sealed, b"row2")
    assert refused.value.code == "storage-cannot-open"
    with pytest.raises(CannotOpen):
        StorageKey.generate().open(sealed, b"row")


def test_no_two_messages_share_a_key() -> None:
    salts = {KEY.seal(b"same", b"row")[1:33] for _ in range(100)}
    assert len(salts) == 100


def test_a_secret_never_shows_and_has_one_size() -> None:
    assert repr(KEY) == "StorageKey()"
    for size in (0, 16, 31, 33):
        with pytest.raises(BadKey):
            StorageKey.from_bytes(bytes(size))
