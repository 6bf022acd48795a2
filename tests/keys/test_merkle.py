"""Tree hashes and proofs, against transparency-dev's probes and a tree made from its definition."""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import merkle
from keys.errors import BadProof

# Reasoned exception: its roots are dummies that are not 32 bytes long, and it wants success. A root of
# another length is no root here. (Its twin for size zero wants an error and gets one.)
DUMMY_ROOTS = {"consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"}

# Subtree proofs are not made or taken here, but most probes are probes of ours in disguise: an inclusion in
# [start, end) is one at index - start of a tree of end - start leaves, and a consistency from [0, end) is one
# from size end. Wanted successes that are refused: the same dummy roots, and a tree that is empty, from which
# nothing follows. The 16 consistency probes that start later have no counterpart.
SUBTREES_REFUSED = {
    f"subtreeconsistency/additional/{name}.json"
    for name in (
        "sizes-are-equal-one-and-proof-is-empty",
        "subtree-is-empty-sizes-are-equal-zero-subtree-root-valid-proof-is-empty",
        "subtree-is-empty-sizes-are-equal-zero-subtree-root-valid-tree-root-random-proof-is-empty",
    )
}
SUBTREES_WITHOUT_COUNTERPART = 16


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 9162 section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*naive_path(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_subproof(old: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """RFC 9162 section 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*naive_subproof(old, leaves[:split], whole), naive_root(leaves[split:])]
    return [*naive_subproof(old - split, leaves[split:], False), naive_root(leaves[:split])]


LEAVES = [merkle.leaf_hash(bytes([i])) for i in range(40)]


def probes(test_inputs: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    folder = test_inputs / "vectors/merkle/testdata"
    return [
        (str(path.relative_to(folder)), json.loads(path.read_text()))
        for path in sorted((folder / kind).rglob("*.json"))
    ]


def decoded(probe: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(node) for node in probe["proof"] or []]


def inclusion_refused(probe: dict[str, Any], size: int, start: int = 0) -> bool:
    try:
        merkle.verify_inclusion(
            leaf=base64.b64decode(probe["leafHash"]),
            index=probe["leafIdx"] - start,
            size=size,
            proof=decoded(probe),
            root=base64.b64decode(probe["root"]),
        )
    except BadProof:
        return True
    return False


def consistency_refused(probe: dict[str, Any], old: int, new: int) -> bool:
    try:
        merkle.verify_consistency(
            old_size=old,
            old_root=base64.b64decode(probe["root1"]),
            new_size=new,
            new_root=base64.b64decode(probe["root2"]),
            proof=decoded(probe),
        )
    except BadProof:
        return True
    return False


def test_inclusion_probes(test_inputs: Path) -> None:
    found = probes(test_inputs, "inclusion")
    assert len(found) == 98
    for name, probe in found:
        assert inclusion_refused(probe, probe["treeSize"]) == probe.get("wantErr", False), name


def test_consistency_probes(test_inputs: Path) -> None:
    found = probes(test_inputs, "consistency")
    assert len(found) == 98
    wrong = {
        name
        for name, probe in found
        if consistency_refused(probe, probe["size1"], probe["size2"]) != probe.get("wantErr", False)
    }
    assert wrong == DUMMY_ROOTS


def test_subtree_inclusion_probes(test_inputs: Path) -> None:
    found = probes(test_inputs, "subtreeinclusion")
    assert len(found) == 204
    for name, probe in found:
        start, width = probe["start"], probe["end"] - probe["start"]
        # A subtree starts at a multiple of the power of two that holds it; any other range is none.
        is_subtree = width > 0 and start % (1 << (width - 1).bit_length()) == 0
        refused = not is_subtree or inclusion_refused(probe, width, start)
        assert refused == probe.get("wantErr", False), name


def test_subtree_consistency_probes(test_inputs: Path) -> None:
    found = probes(test_inputs, "subtreeconsistency")
    assert len(found) == 118
    prefixes = [(name, probe) for name, probe in found if probe["start"] == 0]
    assert len(found) - len(prefixes) == SUBTREES_WITHOUT_COUNTERPART
    wrong = {
        name
        for name, probe in prefixes
        if consistency_refused(probe, probe["end"], probe["size"]) != probe.get("wantErr", False)
    }
    assert wrong == SUBTREES_REFUSED


def test_the_entry_is_what_the_protocol_says() -> None:
    salt = bytes(range(32))
    expected = hashlib.sha256(b"gatehouse/1/log-entry\0" + b"\0\0\0\x01" + salt + b"record").digest()
    assert merkle.entry(1, salt, b"record") == expected
    assert merkle.leaf_hash(expected) == hashlib.sha256(b"\0" + expected).digest()
    with pytest.raises(BadProof):
        merkle.entry(1, salt[:-1], b"record")


def test_root_of_every_size() -> None:
    assert merkle.root_of([]) == merkle.EMPTY_ROOT
    for size in range(len(LEAVES) + 1):
        assert merkle.root_of(LEAVES[:size]) == naive_root(LEAVES[:size])


def test_every_true_proof_verifies() -> None:
    for size in range(1, len(LEAVES) + 1):
        leaves = LEAVES[:size]
        root = naive_root(leaves)
        for index in range(size):
            merkle.verify_inclusion(
                leaf=leaves[index], index=index, size=size, proof=naive_path(index, leaves), root=root
            )
        for old in range(1, size + 1):
            merkle.verify_consistency(
                old_size=old,
                old_root=naive_root(leaves[:old]),
                new_size=size,
                new_root=root,
                proof=naive_subproof(old, leaves),
            )


@given(st.data())
def test_no_altered_inclusion_proof_verifies(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    proof, root = naive_path(index, leaves), naive_root(leaves)
    extra = data.draw(st.sampled_from([*LEAVES[:3], root]))
    alterations: list[tuple[int, int, list[bytes], bytes]] = [
        (index, size, [*proof, extra], root),
        (index, size, [extra, *proof], root),
        (index, size, proof, LEAVES[0] if root != LEAVES[0] else LEAVES[1]),
        (size, size, proof, root),
        (-1, size, proof, root),
        (index, 0, proof, root),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = bytes(b ^ (1 << bit % 8) if i == bit // 8 else b for i, b in enumerate(proof[at]))
        alterations += [
            (index, size, [*proof[:at], flipped, *proof[at + 1 :]], root),
            (index, size, [*proof[:at], *proof[at + 1 :]], root),
            (index, size, [*proof[:at], proof[at][:-1], *proof[at + 1 :]], root),
            (index ^ 1, size, proof, root),
        ]
    for altered_index, altered_size, altered_proof, altered_root in alterations:
        with pytest.raises(BadProof):
            merkle.verify_inclusion(
                leaf=leaves[index],
                index=altered_index,
                size=altered_size,
                proof=altered_proof,
                root=altered_root,
            )


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    """The prefixes 0 and 1 are there for this: a node above leaves must not verify as an entry."""
    root = naive_root(LEAVES[:4])
    inner = LEAVES[0] + LEAVES[1]
    with pytest.raises(BadProof):
        merkle.verify_inclusion(
            leaf=merkle.leaf_hash(inner), index=0, size=2, proof=[naive_root(LEAVES[2:4])], root=root
        )


@given(st.data())
def test_no_altered_consistency_proof_verifies(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, new - 1))
    leaves = LEAVES[:new]
    proof, old_root, new_root = naive_subproof(old, leaves), naive_root(leaves[:old]), naive_root(leaves)
    at = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[at][0] ^ 1]) + proof[at][1:]
    wrong_old = naive_root([*LEAVES[: old - 1], LEAVES[39] if old < 40 else LEAVES[0]])
    for altered_old, altered_root, altered_proof in [
        (old, old_root, [*proof, LEAVES[0]]),
        (old, old_root, [*proof[:at], *proof[at + 1 :]]),
        (old, old_root, [*proof[:at], flipped, *proof[at + 1 :]]),
        (old, wrong_old, proof),
        (old, new_root, proof),
        (0, merkle.EMPTY_ROOT, proof),
        (0, merkle.EMPTY_ROOT, []),
        (new, old_root, proof),
        (new + 1, old_root, proof),
    ]:
        with pytest.raises(BadProof):
            merkle.verify_consistency(
                old_size=altered_old,
                old_root=altered_root,
                new_size=new,
                new_root=new_root,
                proof=altered_proof,
            )
