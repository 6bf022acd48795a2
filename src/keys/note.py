"""Checkpoints: signed notes (C2SP signed-note) whose text is a tree head (C2SP tlog-checkpoint).

Promises: a checkpoint that opens was signed by the one key asked for, under the name that is its origin, and
is spelt in the one canonical way. Signatures by others (witnesses, later algorithms) are skipped, never
trusted.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from keys.errors import BadProof, BadSignature, MalformedInput
from keys.merkle import EMPTY_ROOT, HASH_SIZE
from keys.signing import SIGNATURE_SIZE, PublicKey, SigningKey, public_key

_ED25519: Final = b"\x01"
_KEY_ID_SIZE: Final = 4
_DASH: Final = "\u2014 "
_SIGNATURES_LIMIT: Final = 100
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A note's verifier: name, Ed25519 key, and the key id both give (4 bytes)."""

    name: str
    key: PublicKey
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        tagged = self.name.encode() + b"\n" + _ED25519 + self.key.raw
        object.__setattr__(self, "key_id", hashlib.sha256(tagged).digest()[:_KEY_ID_SIZE])

    def __str__(self) -> str:
        """The vkey line: name+id+key."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(_ED25519 + self.key.raw)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: the log's origin, number of leaves, root (32 bytes), and extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def parse_vkey(text: str) -> VerifierKey:
    """The verifier key of a vkey line. Raises MalformedInput or BadKey."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decode(encoded)
    if raw[:1] != _ED25519 or not _KEY_ID.fullmatch(key_id):
        raise MalformedInput("vkey-malformed", "a verifier key is name+id+key with an Ed25519 key")
    vkey = VerifierKey(name=name, key=public_key(raw[1:]))
    if vkey.key_id.hex() != key_id:
        raise MalformedInput("vkey-malformed", "the verifier key's id is not that of its name and key")
    return vkey


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint as a note signed by `key` under its origin's name. Raises MalformedInput."""
    vkey = VerifierKey(name=checkpoint.origin, key=key.public)
    lines = (checkpoint.origin, str(checkpoint.size), _encode(checkpoint.root), *checkpoint.extensions)
    text = "".join(f"{line}\n" for line in lines)
    if _parse_text(text) != checkpoint:
        raise MalformedInput("checkpoint-malformed", "the checkpoint's fields do not survive being written")
    signature = vkey.key_id + key.sign(text.encode())
    return f"{text}\n{_DASH}{vkey.name} {_encode(signature)}\n".encode()


def open_checkpoint(note: bytes, vkey: VerifierKey, *, limit: int = 1 << 16) -> Checkpoint:
    """The checkpoint in `note` if `vkey` signed it and is its origin's.

    Raises MalformedInput for its form, BadSignature if `vkey` did not sign or a signature in its name is bad,
    BadProof if the root cannot be a tree's of that size.
    """
    if len(note) > limit:
        raise MalformedInput("note-too-large", f"the note is longer than {limit} bytes")
    text, signatures = _split(note)
    found = False
    for line in signatures:
        name, key_id, signature = _parse_signature(line)
        if name != vkey.name or not hmac.compare_digest(key_id, vkey.key_id):
            continue
        if len(signature) != SIGNATURE_SIZE:
            raise BadSignature("bad-signature", "an Ed25519 note signature is 64 bytes")
        vkey.key.verify(signature, text.encode())
        found = True
    if not found:
        raise BadSignature("note-unsigned", f"the note is not signed by {vkey.name}")
    checkpoint = _parse_text(text)
    if checkpoint.origin != vkey.name:
        raise BadSignature("checkpoint-other-origin", f"the checkpoint is not of the log {vkey.name}")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise BadProof("checkpoint-root-mismatch", "the root of no leaves is not that of the empty tree")
    return checkpoint


def _split(note: bytes) -> tuple[str, list[str]]:
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("the note is not UTF-8") from None
    if _CONTROL.search(whole):
        raise _malformed("the note holds a control character")
    # The last blank line parts text and signatures: the text may hold one, signatures may not.
    text, blank, block = whole.rpartition("\n\n")
    if not blank or not block.endswith("\n"):
        raise _malformed("a note is text, a blank line and signature lines")
    signatures = block[:-1].split("\n")
    if len(signatures) > _SIGNATURES_LIMIT:
        raise _malformed(f"a note has at most {_SIGNATURES_LIMIT} signatures")
    return text + "\n", signatures


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise _malformed("a signature line is a dash, a name and base64")
    _check_name(name)
    blob = _decode(encoded)
    if len(blob) <= _KEY_ID_SIZE:
        raise _malformed("a signature is a key id and something more")
    return name, blob[:_KEY_ID_SIZE], blob[_KEY_ID_SIZE:]


def _parse_text(text: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines) or _CONTROL.search(text):
        raise MalformedInput("checkpoint-malformed", "a checkpoint is origin, size, root and non-empty lines")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) >= 1 << 63:
        raise MalformedInput(
            "checkpoint-malformed", "a checkpoint's size is a decimal number without zeros in front"
        )
    raw = _decode(root)
    if len(raw) != HASH_SIZE:
        raise MalformedInput("checkpoint-malformed", "a checkpoint's root is 32 bytes")
    return Checkpoint(origin=origin, size=int(size), root=raw, extensions=tuple(extensions))


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise _malformed("a key name is not empty and has neither space nor plus")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise _malformed("a value is not base64") from None
    if _encode(data) != text:
        raise _malformed("a value is not canonical base64")
    return data


def _malformed(message: str) -> MalformedInput:
    return MalformedInput("note-malformed", message)
