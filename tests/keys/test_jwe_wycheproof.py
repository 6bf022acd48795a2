"""Each fault of Wycheproof's JWE file, rebuilt with suite gatehouse-1: none is accepted.

The file holds no HPKE. A fault of form is made again on a good body of ours, member by member; a fault of key
wrapping or padding becomes the file's own wrapped key, ciphertext or algorithm name in our form.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from keys import base64url, sealing
from keys.errors import BadKey, Rejected
from keys.hybrid import parse_sealing_key

KEY = sealing.SealingKey.from_seed(bytes(range(32)))
BINDING = sealing.Binding(hub_id="hub", exchange="ex", jti="jti", kind="item", sender="a", recipient="b")
Members: TypeAlias = dict[str, Any]
GOOD: Members = json.loads(sealing.seal(b"foo", KEY.public, BINDING))
HEADER: Members = json.loads(base64url.decode(GOOD["protected"]))


def refusal(members: Members | str) -> str:
    data = members if isinstance(members, str) else json.dumps(members, separators=(",", ":"), sort_keys=True)
    try:
        sealing.open_sealed(data.encode(), KEY, BINDING)
    except Rejected as refused:
        return refused.code
    return "opened"


def set_to(name: str, value: str) -> Members:
    return {**GOOD, name: value}


def without(name: str) -> Members:
    return {key: value for key, value in GOOD.items() if key != name}


def modified(name: str, at: int = 0) -> Members:
    raw = bytearray(base64url.decode(GOOD[name]))
    raw[at] ^= 1
    return set_to(name, base64url.encode(bytes(raw)))


def with_header(**changes: object) -> Members:
    header = {**HEADER, **changes}
    return set_to("protected", base64url.encode(json.dumps(header).encode()))


def cut_tag(octets: int) -> Members:
    return set_to("tag", base64url.encode(base64url.decode(GOOD["tag"])[:-octets]))


def low_order_share() -> Members:
    share = base64url.decode(HEADER["ek"])[:-32] + bytes(32)
    return with_header(ek=base64url.encode(share))


FORMS: dict[str, Callable[[], Members | str]] = {
    "rejectsModifiedAuthenticationTag": lambda: modified("tag"),
    "rejectsModifiedAuthenticationTagAtEnd": lambda: modified("tag", -1),
    "rejectsAuthenticationTagTooLong": lambda: set_to("tag", GOOD["tag"] + "AAAA"),
    "rejectsGhashTooLong": lambda: set_to("tag", GOOD["tag"] + "Q02e"),
    "rejectsTruncatedAuthenticationTagBy1Byte": lambda: cut_tag(1),
    "rejectsTruncatedAuthenticationTagBy4Bytes": lambda: cut_tag(4),
    "rejectsTruncatedAuthenticationTagBy8Bytes": lambda: cut_tag(8),
    "rejectsTruncatedGhashBy1Byte": lambda: cut_tag(1),
    "rejectsTruncatedGhashBy4Bytes": lambda: cut_tag(4),
    "rejectsTruncatedGhashBy8Bytes": lambda: cut_tag(8),
    "tagTruncatedBy1": lambda: cut_tag(1),
    "tagTruncatedBy4": lambda: cut_tag(4),
    "tagTruncatedBy8": lambda: cut_tag(8),
    "rejectsMissingAuthenticationTag": lambda: set_to("tag", ""),
    "rejectsMissingAuthenticationTagAndSeparator": lambda: without("tag"),
    "rejectsModifiedCiphertext": lambda: modified("ciphertext"),
    "ModifiedCiphertext": lambda: modified("ciphertext", -1),
    "rejectsMissingCiphertext": lambda: set_to("ciphertext", ""),
    "rejectsMissingCiphertextAndSeparator": lambda: without("ciphertext"),
    "rejectsModifiedIv": lambda: modified("iv"),
    "ModifiedIV": lambda: modified("iv", -1),
    "rejectsMissingIv": lambda: set_to("iv", ""),
    "rejectsMissingIvAndSeparator": lambda: without("iv"),
    "rejectsModifiedEncryptedKey": lambda: modified("encrypted_key"),
    "rejectsMissingEncryptedKey": lambda: set_to("encrypted_key", ""),
    "rejectsMissingEncryptedKeyAndSeparator": lambda: without("encrypted_key"),
    "rejectsModifiedHeader": lambda: with_header(kid=base64url.encode(bytes(32))),
    "rejectsMissingHeader": lambda: set_to("protected", ""),
    "rejectsMissingHeaderAndSeparator": lambda: without("protected"),
    "rejectsValidJsonSerialization": lambda: {**GOOD, "unprotected": {"unknown": "untrustworthy"}},
    "rejectsInvalidCurvePoint": low_order_share,
    "ModifiedHmac": lambda: modified("tag", 7),
    "WrongPKCS5Padding": lambda: modified("ciphertext", -16),
}


def rebuilt(test: dict[str, Any]) -> list[Members | str]:
    if test["comment"] in FORMS:
        return [FORMS[test["comment"]]()]
    # Faults of RSA padding and of keys used with the wrong cipher: their algorithm in our header, their
    # wrapped key, ciphertext, iv and tag in our members.
    header, wrapped, iv, ciphertext, tag = test["jwe"].split(".")
    theirs = json.loads(base64url.decode(header))
    fitted = base64url.encode(base64url.decode(wrapped).ljust(48, b"\0")[:48])
    return [
        with_header(alg=theirs["alg"]),
        with_header(enc=theirs["enc"] if theirs["enc"] != "A256GCM" else "A128GCM"),
        set_to("encrypted_key", wrapped),
        set_to("encrypted_key", fitted),
        {"protected": header, "encrypted_key": wrapped, "iv": iv, "ciphertext": ciphertext, "tag": tag},
        test["jwe"],
    ]


def cases(test_inputs: Path) -> list[tuple[Members, dict[str, Any]]]:
    text = (test_inputs / "vectors/wycheproof/json_web_encryption_test.json").read_text()
    groups = json.loads(text)["testGroups"]
    return [(group["private"], test) for group in groups for test in group["tests"]]


def test_every_fault_rebuilt_is_refused(test_inputs: Path) -> None:
    assert refusal(GOOD) == "opened"
    assert refusal(with_header()) != "opened"  # the same header in another spelling is another header
    seen: Counter[str] = Counter()
    for _, test in cases(test_inputs):
        if test["result"] != "invalid":
            continue
        seen[test["comment"]] += 1
        for members in rebuilt(test):
            assert refusal(members) != "opened", (test["tcId"], test["comment"])
    assert sum(seen.values()) == 74
    assert set(FORMS) <= set(seen)


def test_no_body_and_no_key_of_the_file_is_taken(test_inputs: Path) -> None:
    for jwk, test in cases(test_inputs):
        assert refusal(test["jwe"] if isinstance(test["jwe"], str) else json.dumps(test["jwe"])) != "opened"
        with pytest.raises(BadKey):
            parse_sealing_key(jwk)


@pytest.mark.parametrize(
    "members, code",
    [
        ({**GOOD, "recipients": [{"encrypted_key": GOOD["encrypted_key"]}]}, "several-recipients"),
        ({**without("encrypted_key"), "recipients": []}, "several-recipients"),
        ({**GOOD, "header": {}}, "unprotected-header"),
        ({**GOOD, "unprotected": {}}, "unprotected-header"),
        ({**GOOD, "aad": ""}, "sealed-malformed"),
        ({**GOOD, "note": ""}, "sealed-malformed"),
        ({**GOOD, "tag": None}, "sealed-malformed"),
        ({**GOOD, "iv": 1}, "sealed-malformed"),
        (with_header(zip="DEF"), "sealed-compressed"),
        (with_header(crit=["zip"]), "sealed-malformed"),
        (with_header(apu="a"), "sealed-malformed"),
        (with_header(epk={}), "sealed-malformed"),
        (with_header(jku="https://elsewhere.example/"), "sealed-malformed"),
        (with_header(kid="../../etc/passwd"), "base64url-malformed"),
        (with_header(kid=1), "sealed-malformed"),
        (with_header(ek=HEADER["ek"][:-4]), "base64url-malformed"),
        (with_header(alg="HPKE-12-KE"), "unknown-suite"),
        (with_header(alg="HPKE-10"), "unknown-suite"),
        (with_header(alg="dir"), "unknown-suite"),
        (with_header(alg="none"), "unknown-suite"),
        (with_header(alg=None), "unknown-suite"),
        (with_header(enc="A128GCM"), "unknown-suite"),
        (with_header(enc="A256CBC-HS512"), "unknown-suite"),
        (set_to("protected", "A" * 5000), "sealed-malformed"),
        ([GOOD], "json-malformed"),
    ],
)
def test_what_would_weaken_the_suite_is_refused_by_name(members: Members, code: str) -> None:
    assert refusal(members) == code


@pytest.mark.parametrize("alg", ["HPKE-12-KE", "RSA1_5", "ECDH-ES+A128KW"])
def test_the_refusal_names_the_algorithm(alg: str) -> None:
    with pytest.raises(Rejected) as refused:
        sealing.parse_sealed(json.dumps(with_header(alg=alg)).encode())
    assert alg in refused.value.message


def test_the_refusal_does_not_repeat_just_anything() -> None:
    for alg in ("Ada Invented, 4 Nowhere Road", "A" * 33, {"a": 1}, "\u202eCBA"):
        with pytest.raises(Rejected) as refused:
            sealing.parse_sealed(json.dumps(with_header(alg=alg)).encode())
        assert "of this header" in refused.value.message


def test_a_member_named_twice_is_refused() -> None:
    text = json.dumps(GOOD)
    assert refusal(text[:-1] + f', "tag": "{GOOD["tag"]}"}}') == "json-repeated-key"


def test_a_ciphertext_between_the_classes_is_refused() -> None:
    assert refusal(set_to("ciphertext", base64url.encode(bytes(4095)))) == "sealed-wrong-size"
    assert refusal(f" {json.dumps(GOOD, separators=(',', ':'), sort_keys=True)}") == "sealed-wrong-size"
