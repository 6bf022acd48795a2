"""Merkle tree hashes and proofs (RFC 6962 section 2.1, RFC 9162 section 2.1), and the log's entries.

Promises: a proof that verifies shows that the leaf is at that index, or that the old tree is a prefix of the
new. Every hash is exactly 32 bytes. It knows no storage; `keys.tile` does.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Final

from keys import context
from keys.errors import BadProof

HASH_SIZE: Final = 32
SALT_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of the tree with no leaves."""


def entry(version: int, salt: bytes, record: bytes) -> bytes:
    """The 32-byte log entry: SHA-256 over context, version, 32-byte salt and the record's bytes."""
    if len(salt) != SALT_SIZE:
        raise BadProof("salt-wrong-size", "a log entry's salt is 32 bytes")
    return hashlib.sha256(context.LOG_ENTRY + context.u32(version) + salt + record).digest()


def new_salt() -> bytes:
    """A fresh salt for an entry: random, so that a tile tells nothing even to who could guess a record."""
    return os.urandom(SALT_SIZE)


def leaf_hash(entry: bytes) -> bytes:
    """The leaf hash of an entry's bytes: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of a tree with these leaf hashes, in order."""
    stack: list[tuple[int, bytes]] = []
    for leaf in leaf_hashes:
        height, node = 0, leaf
        while stack and stack[-1][0] == height:
            node = node_hash(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
    if not stack:
        return EMPTY_ROOT
    root = stack.pop()[1]
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Returns if leaf hash `leaf` is at `index` of the tree of `size` leaves with `root` (RFC 9162 2.1.3.2).

    Raises BadProof, `inclusion-malformed` or `inclusion-mismatch`.
    """
    if not 0 <= index < size:
        raise BadProof("inclusion-malformed", "the index is outside the tree")
    _check_hashes("inclusion-malformed", (leaf, root, *proof))
    node, last, at = leaf, size - 1, index
    for sibling in proof:
        if last == 0:
            raise BadProof("inclusion-mismatch", "the inclusion proof is too long")
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or not hmac.compare_digest(node, root):
        raise BadProof("inclusion-mismatch", "the inclusion proof does not lead to the root")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Returns if the tree of `old_size` is a prefix of the tree of `new_size` (RFC 9162 2.1.4.2).

    An empty old tree proves nothing and is refused: whoever has seen none has nothing to compare.
    Raises BadProof, `consistency-malformed` or `consistency-mismatch`.
    """
    if not 0 < old_size <= new_size:
        raise BadProof("consistency-malformed", "the old size must be from 1 to the new size")
    _check_hashes("consistency-malformed", (old_root, new_root, *proof))
    if old_size == new_size:
        if proof or not hmac.compare_digest(old_root, new_root):
            raise BadProof("consistency-mismatch", "trees of one size have one root and an empty proof")
        return
    old, new = _joined(old_size, old_root, new_size, proof)
    if not (hmac.compare_digest(old, old_root) and hmac.compare_digest(new, new_root)):
        raise BadProof("consistency-mismatch", "the consistency proof does not join the two roots")


def witness_size(old_size: int) -> int | None:
    """From which size a consistency proof shows what a later tree has in place of a tree of `old_size`.

    A tree complete at its size is itself the first node of its proof and is not repeated there, so that such
    a proof leads nowhere if the tree was another; the proof from one leaf less shows the node. None for the
    trees of one and of two leaves, of which no consistency proof does.
    """
    complete = old_size & (old_size - 1) == 0
    return old_size if not complete else old_size - 1 if old_size > 2 else None


def contradicts(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that the tree under `new_root` began with another tree of `old_size` than the
    one under `old_root`: nobody could make such a proof if one were a prefix of the other.

    `proof` is the consistency proof from `witness_size(old_size)` to `new_size`. False means nothing: a proof
    that leads nowhere is no proof of anything. Raises BadProof, `consistency-malformed`.
    """
    if not 0 < old_size <= new_size:
        raise BadProof("consistency-malformed", "the old size must be from 1 to the new size")
    _check_hashes("consistency-malformed", (old_root, new_root, *proof))
    if old_size == new_size:
        return not hmac.compare_digest(old_root, new_root)
    start = witness_size(old_size)
    if start is None:
        return False
    try:
        shown, new = _joined(start, b"", new_size, proof)
        if start < old_size:
            # The first steps of a proof from one leaf less are those that complete the tree of `old_size`.
            _, shown = _joined(start, b"", old_size, proof[: old_size.bit_length()])
    except BadProof:
        return False
    return hmac.compare_digest(new, new_root) and not hmac.compare_digest(shown, old_root)


def _joined(old_size: int, old_root: bytes, new_size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots that a consistency proof leads to, of the old tree and of the new."""
    # A complete old tree is itself the first node, and is not repeated in the proof.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not proof:
        raise BadProof("consistency-mismatch", "the consistency proof is empty")
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof("consistency-mismatch", "the consistency proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadProof("consistency-mismatch", "the consistency proof is too short")
    return old, new


def _check_hashes(code: str, hashes: Sequence[bytes]) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise BadProof(code, "every hash of a proof is 32 bytes")
