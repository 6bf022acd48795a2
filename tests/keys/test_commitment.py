"""Digests and commitments: fixed values, and nothing else fits."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import base64url, commitment
from keys.errors import BadProof

SALT = bytes(range(32))


def test_the_digest_is_plain_sha_256_of_the_stored_bytes() -> None:
    assert base64url.decode(commitment.digest(b"{}")) == hashlib.sha256(b"{}").digest()


def test_the_commitment_is_what_the_protocol_says() -> None:
    expected = hmac.digest(SALT, b"gatehouse/1/content-commitment\0body", "sha256")
    assert commitment.commit_content(SALT, b"body") == base64url.encode(expected)


@given(st.binary(max_size=100), st.binary(min_size=32, max_size=32))
def test_it_verifies_and_binds(plaintext: bytes, salt: bytes) -> None:
    made = commitment.commit_content(salt, plaintext)
    commitment.verify_content(made, salt, plaintext)
    flipped = bytes([salt[0] ^ 1]) + salt[1:]
    for wrong_salt, wrong_text in ((salt, plaintext + b"\0"), (flipped, plaintext)):
        with pytest.raises(BadProof) as refused:
            commitment.verify_content(made, wrong_salt, wrong_text)
        assert refused.value.code == "content-mismatch"


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_salt_has_one_size(size: int) -> None:
    with pytest.raises(BadProof):
        commitment.commit_content(bytes(size), b"")


def test_a_commitment_that_is_no_text_of_ours_does_not_verify() -> None:
    for wrong in ("", "\u00e9", "A" * 43):
        with pytest.raises(BadProof):
            commitment.verify_content(wrong, SALT, b"body")
