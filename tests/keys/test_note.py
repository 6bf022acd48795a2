"""Signed notes and checkpoints: one spelling, one key that counts."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import merkle, note
from keys.errors import BadProof, Rejected
from keys.note import Checkpoint
from keys.signing import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
OTHER = SigningKey.from_seed(bytes(range(1, 33)))
ORIGIN = "hub.example/log"
VKEY = note.VerifierKey(name=ORIGIN, key=KEY.public)
ROOT = bytes(range(32))
ALL_ONES = b"\xff" * 32
CHECKPOINT = Checkpoint(origin=ORIGIN, size=7, root=ROOT)
SIGNED = note.sign_checkpoint(CHECKPOINT, KEY)
TEXT, LINE = SIGNED.decode().split("\n\n")


def refusal(signed: bytes, vkey: note.VerifierKey = VKEY) -> str:
    try:
        note.open_checkpoint(signed, vkey)
    except Rejected as refused:
        return refused.code
    return "opened"


def line(text: str, key: SigningKey = KEY, name: str = ORIGIN, key_id: bytes | None = None) -> str:
    verifier = note.VerifierKey(name=name, key=key.public)
    blob = (key_id or verifier.key_id) + key.sign(text.encode())
    return f"\u2014 {name} {base64.b64encode(blob).decode()}\n"


def encoded(algorithm: int, raw: bytes) -> str:
    return base64.b64encode(bytes([algorithm]) + raw).decode()


def forge(text: str, *lines: str) -> bytes:
    return f"{text}\n{''.join(lines) or line(text)}".encode()


def test_every_published_checkpoint_opens(test_inputs: Path) -> None:
    log = test_inputs / "vectors/tlog-tiles/testdata/log"
    published = re.search(r"\S+\+[0-9a-f]{8}\+\S+", (test_inputs / "vectors/README.md").read_text())
    assert published is not None
    text = published.group().rstrip(".")
    vkey = note.parse_vkey(text)
    assert str(vkey) == text
    paths = sorted(log.glob("checkpoint*"))
    assert len(paths) == 17
    sizes = []
    for path in paths:
        signed = path.read_bytes()
        sizes.append(note.open_checkpoint(signed, vkey).size)
        assert refusal(signed, VKEY) == "note-unsigned"
        assert refusal(signed.replace(b"/testdata\n", b"/testdatb\n", 1), vkey) == "bad-signature"
    assert sorted(sizes) == sorted([*range(16), 15])


def test_what_is_signed_opens() -> None:
    assert note.open_checkpoint(SIGNED, VKEY) == CHECKPOINT
    assert f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()}" == TEXT
    assert forge(f"{TEXT}\n") == SIGNED
    empty = Checkpoint(origin=ORIGIN, size=0, root=merkle.EMPTY_ROOT)
    assert note.open_checkpoint(note.sign_checkpoint(empty, KEY), VKEY) == empty


lines_ = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(lines_, max_size=3))
def test_round_trip(size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=root, extensions=tuple(extensions))
    assert note.open_checkpoint(note.sign_checkpoint(checkpoint, KEY), VKEY) == checkpoint


@pytest.mark.parametrize(
    "text, code",
    [
        (f"{ORIGIN}\n07\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n+7\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n-7\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n 7\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n\u0667\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n9223372036854775808\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n7\n{base64.b64encode(ROOT[:-1]).decode()}\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode().rstrip('=')}\n", "note-malformed"),
        (f"{ORIGIN}\n7\n{base64.urlsafe_b64encode(ALL_ONES).decode()}\n", "note-malformed"),
        (f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()} \n", "note-malformed"),
        (f"{ORIGIN}\n7\n", "checkpoint-malformed"),
        (f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()}\n\nextension\n", "checkpoint-malformed"),
        (f"{ORIGIN}\r\n7\n{base64.b64encode(ROOT).decode()}\n", "note-malformed"),
        (f"other.example/log\n7\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-other-origin"),
        (f"{ORIGIN}\n0\n{base64.b64encode(ROOT).decode()}\n", "checkpoint-root-mismatch"),
    ],
)
def test_a_text_in_another_form_is_refused_though_signed(text: str, code: str) -> None:
    assert refusal(forge(text)) == code


def test_signatures_by_others_are_skipped_wherever_they_stand() -> None:
    text = f"{TEXT}\n"
    witness = line(text, OTHER, "witness.example")
    same_name = line(text, OTHER, ORIGIN)
    later_algorithm = f"\u2014 {ORIGIN} {base64.b64encode(b'abcd' + bytes(2420)).decode()}\n"
    for others in ([witness], [same_name], [later_algorithm], [witness, same_name, later_algorithm]):
        assert refusal(forge(text, *others, line(text))) == "opened"
        assert refusal(forge(text, line(text), *others)) == "opened"
        assert refusal(forge(text, *others)) == "note-unsigned"


def test_a_bad_signature_in_our_name_is_refused_even_beside_a_good_one() -> None:
    text = f"{TEXT}\n"
    bad = line(text, OTHER, ORIGIN, key_id=VKEY.key_id)
    assert refusal(forge(text, bad)) == "bad-signature"
    assert refusal(forge(text, line(text), bad)) == "bad-signature"
    short = f"\u2014 {ORIGIN} {base64.b64encode(VKEY.key_id + bytes(63)).decode()}\n"
    assert refusal(forge(text, line(text), short)) == "bad-signature"


@pytest.mark.parametrize(
    "signed",
    [
        b"",
        b"\n\n",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        f"{TEXT}\n\n".encode(),
        SIGNED[:-1],
        SIGNED + b"\n",
        SIGNED + b"trailing\n",
        SIGNED.replace("\u2014".encode(), b"-"),
        SIGNED.replace("\u2014 ".encode(), "\u2014".encode()),
        SIGNED.replace(b"=\n", b"\n"),
        SIGNED.replace(b"\n\n", b"\n"),
        SIGNED + f"\u2014 a+b {base64.b64encode(bytes(68)).decode()}\n".encode(),
        SIGNED + f"\u2014  {base64.b64encode(bytes(68)).decode()}\n".encode(),
        SIGNED + "\u2014 name AAAA\n".encode(),
        SIGNED + "\u2014 name\n".encode(),
        b"\xff" + SIGNED,
        b"\0" + SIGNED,
        SIGNED.replace(b"\n", b"\r\n"),
    ],
)
def test_a_note_in_another_form_is_refused(signed: bytes) -> None:
    assert refusal(signed) == "note-malformed"


def test_a_note_has_limits() -> None:
    text = f"{TEXT}\n"
    witness = line(text, OTHER, "witness.example")
    assert refusal(forge(text, line(text), *[witness] * 99)) == "opened"
    assert refusal(forge(text, line(text), *[witness] * 100)) == "note-malformed"
    assert refusal(SIGNED + b"a" * (1 << 16)) == "note-too-large"


def test_no_bit_of_the_note_can_change() -> None:
    for at in range(len(SIGNED)):
        changed = bytearray(SIGNED)
        changed[at] ^= 1
        assert refusal(bytes(changed)) != "opened", at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        str(VKEY).replace("hub", "hob"),
        str(VKEY).upper(),
        str(VKEY) + "=",
        str(VKEY)[:-4],
        str(VKEY).replace("+", "++", 1),
        f"{ORIGIN}+{VKEY.key_id.hex()}+{encoded(2, KEY.public.raw)}",
        f"{ORIGIN}+{VKEY.key_id.hex().upper()}+{encoded(1, KEY.public.raw)}",
        f"{ORIGIN}+00000000+{encoded(1, KEY.public.raw)}",
        f" {VKEY}",
        f"{VKEY}\n",
    ],
)
def test_a_vkey_has_one_spelling(text: str) -> None:
    with pytest.raises(Rejected):
        note.parse_vkey(text)


def test_a_vkey_round_trips_and_a_low_order_one_does_not_register() -> None:
    assert note.parse_vkey(str(VKEY)) == VKEY
    with pytest.raises(Rejected) as refused:
        note.parse_vkey(f"{ORIGIN}+00000000+{encoded(1, bytes(32))}")
    assert refused.value.code == "key-low-order"


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(origin="two words", size=1, root=ROOT),
        Checkpoint(origin="a+b", size=1, root=ROOT),
        Checkpoint(origin="", size=1, root=ROOT),
        Checkpoint(origin=ORIGIN, size=-1, root=ROOT),
        Checkpoint(origin=ORIGIN, size=1, root=ROOT[:-1]),
        Checkpoint(origin=ORIGIN, size=1, root=ROOT, extensions=("",)),
        Checkpoint(origin=ORIGIN, size=1, root=ROOT, extensions=("a\nb",)),
        Checkpoint(origin=ORIGIN, size=1, root=ROOT, extensions=("a\tb",)),
    ],
)
def test_what_would_not_open_is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(Rejected):
        note.sign_checkpoint(checkpoint, KEY)


def test_the_root_of_nothing_is_known() -> None:
    wrong = Checkpoint(origin=ORIGIN, size=0, root=ROOT)
    with pytest.raises(BadProof):
        note.open_checkpoint(note.sign_checkpoint(wrong, KEY), VKEY)
