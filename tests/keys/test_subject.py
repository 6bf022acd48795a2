"""Subjects: t1, commitment and token as the protocol lays them out."""

import hashlib
import hmac

import pytest

from keys import subject
from keys.errors import BadKey, BadProof

K_A, K_H, R = b"a" * 32, b"h" * 32, b"r" * 32
T1 = subject.t1(K_A, hub_id="hub", epoch=1, subject_id="nhs:9990000000")


def test_t1_is_what_the_protocol_says() -> None:
    message = b"gatehouse/1/subject-t1\0" + b"\0\0\0\x03hub" + b"\0\0\0\x01" + b"\0\0\0\x0enhs:9990000000"
    assert hmac.digest(K_A, message, "sha256") == T1


def test_commitment_and_token_are_what_the_protocol_says() -> None:
    assert subject.commit(R, T1) == hashlib.sha256(b"gatehouse/1/subject-commitment\0" + R + T1).digest()
    assert subject.token(K_H, T1) == hmac.digest(K_H, b"gatehouse/1/subject-token\0" + T1, "sha256")


def test_each_input_matters() -> None:
    made = {
        T1,
        subject.t1(b"b" * 32, hub_id="hub", epoch=1, subject_id="nhs:9990000000"),
        subject.t1(K_A, hub_id="hub2", epoch=1, subject_id="nhs:9990000000"),
        subject.t1(K_A, hub_id="hub", epoch=2, subject_id="nhs:9990000000"),
        subject.t1(K_A, hub_id="hub", epoch=1, subject_id="nhs:9990000018"),
    }
    assert len(made) == 5
    assert subject.token(K_H, T1) != subject.token(b"i" * 32, T1)
    assert subject.commit(R, T1) != subject.commit(b"s" * 32, T1)


def test_a_commitment_verifies_only_what_it_commits_to() -> None:
    c = subject.commit(R, T1)
    subject.verify_commitment(c, R, T1)
    for wrong in ((c, b"s" * 32, T1), (c, R, bytes(32)), (c[:-1], R, T1), (bytes(32), R, T1)):
        with pytest.raises(BadProof) as refused:
            subject.verify_commitment(*wrong)
        assert refused.value.code == "subject-mismatch"


def test_sizes_are_exact() -> None:
    with pytest.raises(BadKey):
        subject.t1(b"a" * 31, hub_id="hub", epoch=1, subject_id="x")
    with pytest.raises(BadKey):
        subject.token(b"", T1)
    for r, t1 in ((R[:-1], T1), (R, T1 + b"\0"), (R + T1[:1], T1[1:])):
        with pytest.raises(BadProof):
            subject.commit(r, t1)
    with pytest.raises(BadProof):
        subject.token(K_H, T1[:-1])
