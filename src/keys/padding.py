"""Size classes: what is sealed is padded first, so that its length says only which of six classes it is in.

Promises: one plaintext has one padded form, exactly a class long: length (4 bytes, big-endian) ‖ plaintext ‖
zeros, in the smallest class that holds it; `unpad` takes nothing else.
"""

from enum import IntEnum
from typing import Final

from keys import context
from keys.errors import CannotOpen, MalformedInput

_PREFIX: Final = 4


class SizeClass(IntEnum):
    """The sizes of padded plaintexts, in bytes, length prefix included."""

    KIB_4 = 4 << 10
    KIB_16 = 16 << 10
    KIB_64 = 64 << 10
    KIB_256 = 256 << 10
    MIB_1 = 1 << 20
    MIB_4 = 4 << 20


LARGEST_PLAINTEXT: Final = SizeClass.MIB_4 - _PREFIX
"""Bytes of the largest plaintext that can be sealed."""


def class_for(plaintext_size: int) -> SizeClass:
    """The smallest class that holds a plaintext of so many bytes. Raises MalformedInput, `body-too-large`."""
    for size in SizeClass:
        if plaintext_size <= size - _PREFIX:
            return size
    raise MalformedInput(
        "body-too-large", f"a body holds at most {LARGEST_PLAINTEXT} bytes; send it in parts"
    )


def pad(plaintext: bytes) -> bytes:
    """The padded form. Raises MalformedInput, `body-too-large`."""
    return context.lp(plaintext).ljust(class_for(len(plaintext)), b"\0")


def unpad(padded: bytes) -> bytes:
    """The plaintext of a padded form. Raises CannotOpen, `bad-padding`."""
    size = int.from_bytes(padded[:_PREFIX], "big")
    plaintext, rest = padded[_PREFIX : _PREFIX + size], padded[_PREFIX + size :]
    # The sizes first: only then is the class of `size` known to exist.
    if (
        len(plaintext) != size
        or size > LARGEST_PLAINTEXT
        or class_for(size) != len(padded)
        or rest.strip(b"\0")
    ):
        raise CannotOpen("bad-padding", "the opened body is not padded as its suite says")
    return plaintext
