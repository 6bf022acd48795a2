"""Looking for planted words in whatever was written: as it stands, and through base64url, base64 and hex, one
inside the other, so that the payload of a token in a column of a dump is looked at like a line of a log.

Letters are compared without case, punctuation and spaces: "999 000 0018" is "9990000018".
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

_DEPTH: Final = 4
_NOT_LETTERS: Final = bytes(each for each in range(256) if not chr(each).isascii() or not chr(each).isalnum())
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]{8,}")
_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]{8,}")
_SHORT: Final = 8
"""Planted texts of fewer letters might stand in random letters by chance: those count as words only."""


def found(planted: Iterable[str], data: bytes) -> set[str]:
    """Which of the planted texts are in the data, in any of its readings."""
    wanted = set(planted)
    seen: set[str] = set()
    for reading in readings(data):
        letters = squeezed(reading)
        seen |= {each for each in wanted - seen if _is_in(each, letters, reading)}
    return seen


def found_in_files(planted: Iterable[str], paths: Iterable[Path]) -> dict[str, set[str]]:
    """The files under these paths that hold a planted text, and which."""
    files = [
        file
        for path in paths
        for file in ([path] if path.is_file() else sorted(path.rglob("*")))
        if file.is_file()
    ]
    assert files, "there is nothing to look at"
    wanted = set(planted)
    hits = {str(file): found(wanted, file.name.encode() + b"\n" + file.read_bytes()) for file in files}
    return {name: words for name, words in hits.items() if words}


def found_in_tables(planted: Iterable[str], dump: Mapping[str, bytes]) -> dict[str, set[str]]:
    """The tables of a dump that hold a planted text, and which."""
    wanted = set(planted)
    hits = {table: found(wanted, data) for table, data in dump.items()}
    return {table: words for table, words in hits.items() if words}


def readings(data: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """The data, and everything that is encoded in it."""
    yield data
    if depth == 0:
        return
    inner = {binascii.unhexlify(run) for run in _HEX.findall(data)}
    for run in _BASE64URL.findall(data):
        inner |= _decoded(run, base64.urlsafe_b64decode)
    for run in _BASE64.findall(data):
        inner |= _decoded(run, base64.b64decode)
    for each in inner:
        yield from readings(each, depth - 1)


def _decoded(run: bytes, decode: object) -> set[bytes]:
    assert callable(decode)
    # One letter too many cannot be: what is left of the run still can.
    whole = run[: len(run) - (len(run) % 4 == 1)]
    return {decode(whole + b"=" * (-len(whole) % 4))}


def squeezed(data: bytes) -> bytes:
    """Lower-case letters and digits only."""
    return data.translate(None, _NOT_LETTERS).lower()


def _is_in(planted: str, letters: bytes, reading: bytes) -> bool:
    word = squeezed(planted.encode())
    if len(word) >= _SHORT:
        return word in letters
    between = re.escape(planted.encode()).replace(rb"\ ", rb"\W?")
    return re.search(rb"(?i)(?<![A-Za-z0-9])" + between + rb"(?![A-Za-z0-9])", reading) is not None
