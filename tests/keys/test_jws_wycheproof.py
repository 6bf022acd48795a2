"""Each fault of Wycheproof's JWS file, rebuilt with EdDSA and our header: none is accepted.

The file holds no EdDSA. A fault of form is made again on a good token of ours; a fault of a signature puts
the file's own signature bytes on our signing input; a fault of a header puts the file's own header over our
payload, signed by our key, so that nothing but the fault is wrong.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keys import base64url, jws
from keys.errors import BadKey, Rejected
from keys.signing import SigningKey, parse_public_key

KEY = SigningKey.from_seed(bytes(range(32)))
TYP = "gatehouse-ask+1"
HEADER, PAYLOAD, SIGNATURE = jws.sign(b'{"jti":"a"}', KEY, TYP).split(".")
OTHER_PAYLOAD = base64url.encode(b'{"jti":"b"}')
OTHER_HEADER = jws.sign(b"{}", KEY, "gatehouse-item+1").split(".")[0]
ATTACKER = SigningKey.from_seed(bytes(range(1, 33)))


def accepted(token: str) -> bool:
    try:
        jws.verify(jws.parse(token), KEY.public, typ=TYP)
    except Rejected:
        return False
    return True


def signed(header: str, payload: str) -> str:
    """Signed by the right key over exactly these spellings."""
    return f"{header}.{payload}.{base64url.encode(KEY.sign(f'{header}.{payload}'.encode()))}"


def embedded_jwk() -> str:
    token = jws.sign_with_header(
        b'{"jti":"a"}', ATTACKER, {"kid": KEY.public.kid, "typ": TYP, "jwk": {**ATTACKER.public.jwk()}}
    )
    return str(token)


FORMS: dict[str, Callable[[], str]] = {
    "rejectsModifiedSignature": lambda: f"{HEADER}.{PAYLOAD}.X{SIGNATURE[1:]}",
    "rejectsMissingSignature": lambda: f"{HEADER}.{PAYLOAD}.",
    "rejectsMissingSignatureAndSeparator": lambda: f"{HEADER}.{PAYLOAD}",
    "rejectsModifiedPayload": lambda: f"{HEADER}.{OTHER_PAYLOAD}.{SIGNATURE}",
    "rejectsMissingPayload": lambda: f"{HEADER}..{SIGNATURE}",
    "rejectsMissingPayloadAndSeparator": lambda: f"{HEADER}.{SIGNATURE}",
    "rejectsModifiedHeader": lambda: f"{OTHER_HEADER}.{PAYLOAD}.{SIGNATURE}",
    "rejectsMissingHeader": lambda: f".{PAYLOAD}.{SIGNATURE}",
    "rejectsMissingHeaderAndSeparator": lambda: f"{PAYLOAD}.{SIGNATURE}",
    "rejectsMissingHeaderAndSignature": lambda: f".{PAYLOAD}.",
    "rejectsMissingHeaderSignatureAndSeparator": lambda: f"{PAYLOAD}",
    "rejectsMissingHeaderSignatureAndSeparators": lambda: f"{PAYLOAD}",
    "rejectsEmptyString": lambda: "",
    "rejectsExtraEmptyComponent": lambda: f"{HEADER}.{PAYLOAD}.{SIGNATURE}.",
    "rejectsExtraComponent": lambda: f"{HEADER}.{PAYLOAD}.{SIGNATURE}.foo",
    "rejectsValidJsonSerialization": lambda: json.dumps(
        {"payload": PAYLOAD, "signatures": [{"protected": HEADER, "signature": SIGNATURE}]}
    ),
    "rejectsAttackerProvidedEmbeddedJwk": embedded_jwk,
    "rejectsSpacesInMac": lambda: f"{HEADER}.{PAYLOAD}.    {SIGNATURE}",
    "rejects0ReplacedbyInvalidCharacter": lambda: f"{HEADER}.{PAYLOAD}.?{SIGNATURE[1:]}",
    "rejectsInvalidCharacters": lambda: f"{HEADER}.{PAYLOAD}.????{SIGNATURE[4:]}",
    "spacesInHeader": lambda: signed(f"{HEADER}    ", PAYLOAD),
    "invalidCharactersInHeader": lambda: signed(f"{HEADER}####", PAYLOAD),
    "invalidBase64Padding": lambda: f"{HEADER}.{PAYLOAD}.{SIGNATURE}==",
    "spacesInPayload": lambda: signed(HEADER, f"    {PAYLOAD}"),
    "invalidCharactersInPayload": lambda: signed(HEADER, f"####{PAYLOAD}"),
    "invalidBase64PaddingInPayload": lambda: signed(HEADER, f"{PAYLOAD}="),
    "InvalidCharacterInPayload": lambda: signed(HEADER, f"?{PAYLOAD}"),
    "ModifiedUnusedBitsInPayload": lambda: f"{HEADER}.{stray_bits(PAYLOAD)}.{SIGNATURE}",
    "MacOfIncorrectlyEncodedMessage": lambda: signed(HEADER, stray_bits(PAYLOAD)),
    # Called valid in the file, whose authors let libraries skip such characters; we do not.
    "InvalidCharacterInsertedInHeader": lambda: signed(f"{HEADER[:-1]}?{HEADER[-1]}", PAYLOAD),
    "InvalidCharacterInsertedInPayload": lambda: signed(HEADER, f"{PAYLOAD[:-1]}?{PAYLOAD[-1]}"),
}
AT_EITHER_END = {
    "rejectsInvalidCharacterInsertedInMac": (
        f"{HEADER}.{PAYLOAD}.?{SIGNATURE}",
        f"{HEADER}.{PAYLOAD}.{SIGNATURE}?",
    )
}
FOREIGN_HEADERS = {
    "rejectsNoneAlgorithmAndMissingSignature",
    "rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes",
}
WRONG_KEYS = {"rejectWrongUse", "rejectWrongKeyOps"}


def stray_bits(text: str) -> str:
    """The same bytes to a lenient decoder, with an unused last bit set."""
    assert len(text) % 4 in {2, 3}
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


def rebuilt(test: dict[str, Any]) -> list[str]:
    comment, flags = test["comment"], test["flags"]
    if comment in FORMS:
        return [FORMS[comment]()]
    if comment in AT_EITHER_END:
        return list(AT_EITHER_END[comment])
    header, _, signature = test["jws"].split(".")
    if comment in FOREIGN_HEADERS or set(flags) & {"AlgIsNone", "WrongPrimitive"}:
        return [signed(header, PAYLOAD), f"{header}.{PAYLOAD}.", f"{header}.{PAYLOAD}.{SIGNATURE}"]
    # Everything else is a fault of RSA padding or of ECDSA's r and s: numbers out of range, too long, zero.
    raw = base64url.decode(signature)
    padded = raw.ljust(64, b"\0")[:64]
    return [f"{HEADER}.{PAYLOAD}.{base64url.encode(blob)}" for blob in (raw, padded)]


def cases(test_inputs: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    text = (test_inputs / "vectors/wycheproof/json_web_signature_test.json").read_text()
    groups = json.loads(text)["testGroups"]
    return [(group.get("public", group["private"]), test) for group in groups for test in group["tests"]]


def test_every_fault_rebuilt_is_refused(test_inputs: Path) -> None:
    assert accepted(f"{HEADER}.{PAYLOAD}.{SIGNATURE}")
    assert accepted(signed(HEADER, PAYLOAD))
    seen: Counter[str] = Counter()
    for jwk, test in cases(test_inputs):
        comment = test["comment"]
        if test["result"] != "invalid" and comment not in FORMS:
            continue
        seen[comment] += 1
        if comment in WRONG_KEYS:
            wrong: dict[str, Any] = {name: jwk[name] for name in ("use", "key_ops") if name in jwk}
            with pytest.raises(BadKey) as refused:
                parse_public_key({**KEY.public.jwk(), **wrong})
            assert refused.value.code == "key-wrong-use"
            continue
        for token in rebuilt(test):
            assert not accepted(token), (test["tcId"], comment)
    assert sum(seen.values()) == 357
    # Each form above stands for a fault the file really has.
    assert {*FORMS, *AT_EITHER_END, *FOREIGN_HEADERS, *WRONG_KEYS} <= set(seen)


def test_no_token_of_the_file_is_taken_as_it_stands(test_inputs: Path) -> None:
    for _, test in cases(test_inputs):
        token = test["jws"] if isinstance(test["jws"], str) else json.dumps(test["jws"])
        assert not accepted(token), test["tcId"]


def test_no_key_of_the_files_is_taken(test_inputs: Path) -> None:
    keys = [jwk for jwk, _ in cases(test_inputs)]
    text = (test_inputs / "vectors/wycheproof/json_web_key_test.json").read_text()
    keys += [jwk for group in json.loads(text)["testGroups"] for jwk in group["private"]["keys"]]
    for jwk in keys:
        with pytest.raises(BadKey):
            parse_public_key(jwk)


ORDER = 2**252 + 27742317777372353535851937790883648493
R, S = base64url.decode(SIGNATURE)[:32], int.from_bytes(base64url.decode(SIGNATURE)[32:], "little")


@pytest.mark.parametrize(
    "r, s",
    [
        (R, S + ORDER),
        (R, 0),
        (R, 1),
        (R, ORDER),
        (R, ORDER - 1),
        (R, 2**256 - 1),
        (bytes(32), 0),
        (b"\x01" + bytes(31), 0),
        (b"\x01" + bytes(31), S),
        (b"\xff" * 32, S),
        (R[::-1], S),
    ],
)
def test_faults_of_an_ed25519_signature_itself(r: bytes, s: int) -> None:
    blob = r + s.to_bytes(32, "little")
    assert not accepted(f"{HEADER}.{PAYLOAD}.{base64url.encode(blob)}")
