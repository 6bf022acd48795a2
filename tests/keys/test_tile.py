"""Tiles: paths, what is written, and proofs made from them, against a tree made from its definition."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import merkle, note, tile
from keys.errors import BadProof, MalformedInput

LEAVES = [merkle.leaf_hash(i.to_bytes(4, "big")) for i in range(66_000)]


def grown(*steps: int) -> tile.MemoryTiles:
    tiles, size = tile.MemoryTiles(), 0
    for step in steps:
        tiles.write(tile.tiles_to_write(size, LEAVES[size : size + step], tiles))
        size += step
    return tiles


BIG = grown(66_000)


@pytest.mark.parametrize(
    "level, index, width, path",
    [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 1, "tile/0/000.p/1"),
        (1, 67, 255, "tile/1/067.p/255"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (0, 1000, 8, "tile/0/x001/000.p/8"),
        (63, 5, 9, "tile/63/005.p/9"),
    ],
)
def test_paths(level: int, index: int, width: int, path: str) -> None:
    assert tile.tile_path(level, index, width) == path
    assert tile.parse_tile_path(path) == (level, index, width)


@given(st.integers(0, 63), st.integers(0, 2**56 - 1), st.integers(1, 256))
def test_each_path_parses_back(level: int, index: int, width: int) -> None:
    assert tile.parse_tile_path(tile.tile_path(level, index, width)) == (level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/x1/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/../000",
        "tile/entries/000",
        "tile/0/" + "x999/" * 40 + "999",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_no_other_spelling_of_a_path(path: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        tile.parse_tile_path(path)
    assert refused.value.code == "tile-path-malformed"


@given(st.text(alphabet="tile/0123456789x.p", max_size=30))
def test_whatever_parses_is_spelt_so(path: str) -> None:
    try:
        parsed = tile.parse_tile_path(path)
    except MalformedInput:
        return
    assert tile.tile_path(*parsed) == path


@settings(max_examples=60)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=8))
def test_however_it_grew_the_tree_is_the_same(steps: list[int]) -> None:
    size = sum(steps)
    tiles = grown(*steps)
    assert tiles.tiles == grown(size).tiles
    assert tile.root_from_tiles(size, tiles) == merkle.root_of(LEAVES[:size])


@settings(max_examples=60)
@given(st.integers(0, 1500), st.integers(0, 1500))
def test_what_is_written_is_what_changed_in_its_widest_form(old: int, more: int) -> None:
    before = grown(old)
    written = tile.tiles_to_write(old, LEAVES[old : old + more], before)
    after = grown(old + more)
    changed = {key for key, hashes in after.tiles.items() if before.tiles.get(key) != hashes}
    assert {(t.level, t.index) for t in written} == changed
    for t in written:
        assert t.hashes == after.tiles[t.level, t.index]
        assert len(t.hashes) == 32 * t.width
        assert t.hashes.startswith(before.tiles.get((t.level, t.index), b""))


def test_a_level_above_appears_when_a_tile_fills() -> None:
    assert [
        (t.level, t.index, t.width) for t in tile.tiles_to_write(0, LEAVES[:255], tile.MemoryTiles())
    ] == [(0, 0, 255)]
    assert [(t.level, t.index, t.width) for t in tile.tiles_to_write(255, LEAVES[255:257], grown(255))] == [
        (0, 0, 256),
        (0, 1, 1),
        (1, 0, 1),
    ]
    written = tile.tiles_to_write(65_535, LEAVES[65_535:65_536], grown(65_535))
    assert [(t.level, t.index, t.width) for t in written] == [(0, 255, 256), (1, 0, 256), (2, 0, 1)]


@settings(max_examples=200)
@given(st.data())
def test_every_proof_made_verifies_at_any_earlier_size(data: st.DataObject) -> None:
    """The widest tiles serve the proofs of every smaller tree too."""
    size = data.draw(st.integers(1, 66_000) | st.sampled_from([1, 255, 256, 257, 65_535, 65_536, 65_537]))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root = tile.root_from_tiles(size, BIG)
    merkle.verify_inclusion(
        leaf=LEAVES[index], index=index, size=size, proof=tile.inclusion_proof(index, size, BIG), root=root
    )
    merkle.verify_consistency(
        old_size=old,
        old_root=tile.root_from_tiles(old, BIG),
        new_size=size,
        new_root=root,
        proof=tile.consistency_proof(old, size, BIG),
    )


@pytest.mark.parametrize("size", [1, 2, 7, 256, 257, 700, 66_000])
def test_the_root_is_that_of_the_leaves(size: int) -> None:
    assert tile.root_from_tiles(size, BIG) == merkle.root_of(LEAVES[:size])


def test_a_batch_of_proofs_reads_each_tile_once() -> None:
    reads: list[tuple[int, int, int]] = []

    class Counting:
        def read_tile(self, level: int, index: int, width: int) -> bytes:
            reads.append((level, index, width))
            return BIG.read_tile(level, index, width)

    indices = range(65_000, 66_000)
    proofs = tile.inclusion_proofs(indices, 66_000, Counting())
    assert len(reads) == len(set(reads)) < 10
    assert proofs[500] == tile.inclusion_proof(65_500, 66_000, BIG)


def test_outside_the_tree_there_is_no_proof() -> None:
    assert tile.root_from_tiles(0, tile.MemoryTiles()) == merkle.EMPTY_ROOT
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(BadProof):
            tile.inclusion_proof(index, size, BIG)
    for old, new in ((0, 5), (6, 5), (-1, 5)):
        with pytest.raises(BadProof):
            tile.consistency_proof(old, new, BIG)


def test_a_missing_or_short_tile_is_named() -> None:
    with pytest.raises(BadProof) as refused:
        tile.root_from_tiles(301, grown(300))
    assert refused.value.code == "tile-missing"
    assert "tile/0/001.p/45" in refused.value.message
    with pytest.raises(BadProof):
        tile.tiles_to_write(300, LEAVES[300:301], tile.MemoryTiles())


@pytest.mark.parametrize("size", [0, 1, 256, 700, 66_000])
def test_sound_tiles_verify(size: int) -> None:
    assert tile.verify_tiles(size, grown(size)) == merkle.root_of(LEAVES[:size])


def test_one_flipped_bit_is_found_in_whichever_hash_it_is() -> None:
    size = 1400
    tiles = grown(size)
    right = tile.verify_tiles(size, tiles)
    for key, hashes in list(tiles.tiles.items()):
        for position in {0, 1, len(hashes) // 64, len(hashes) // 32 - 1}:
            at = position * 32 + position % 32
            tiles.tiles[key] = hashes[:at] + bytes([hashes[at] ^ 1]) + hashes[at + 1 :]
            # In a full tile the hash above it gives it away; in a partial one, the root.
            try:
                verdict = tile.verify_tiles(size, tiles)
            except BadProof as refused:
                verdict = refused.code.encode()
            assert verdict != right, (key, position)
        tiles.tiles[key] = hashes


def test_an_inclusion_proof_from_a_damaged_tile_does_not_verify() -> None:
    tiles = grown(700)
    right = tile.root_from_tiles(700, tiles)
    hashes = tiles.tiles[0, 1]
    tiles.tiles[0, 1] = bytes([hashes[0] ^ 1]) + hashes[1:]
    with pytest.raises(BadProof):
        merkle.verify_inclusion(
            leaf=LEAVES[257], index=257, size=700, proof=tile.inclusion_proof(257, 700, tiles), root=right
        )


def test_the_published_log_is_made_again_from_its_entries(test_inputs: Path) -> None:
    log = test_inputs / "vectors/tlog-tiles/testdata/log"
    vkey_line = re.search(r"\S+\+[0-9a-f]{8}\+\S+", (test_inputs / "vectors/README.md").read_text())
    assert vkey_line is not None
    vkey = note.parse_vkey(vkey_line.group().rstrip("."))
    bundle = (log / "tile/entries/000.p/15").read_bytes()
    leaves = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        leaves.append(merkle.leaf_hash(bundle[2 : 2 + length]))
        bundle = bundle[2 + length :]
    assert len(leaves) == 15
    tiles = tile.MemoryTiles()
    for size in range(1, 16):
        (made,) = tile.tiles_to_write(size - 1, leaves[size - 1 : size], tiles)
        tiles.write([made])
        stored = log / tile.tile_path(made.level, made.index, made.width)
        assert made.hashes == stored.read_bytes()
        checkpoint = note.open_checkpoint((log / f"checkpoint.{size}").read_bytes(), vkey)
        assert (checkpoint.size, checkpoint.root) == (size, tile.root_from_tiles(size, tiles))
        assert base64.b64encode(checkpoint.root).decode() in (log / f"checkpoint.{size}").read_text()


@given(st.lists(st.integers(1, 300), min_size=2, max_size=6))
@settings(max_examples=60)
def test_a_tree_that_grows_keeps_what_it_hashed_and_comes_to_the_same(steps: list[int]) -> None:
    tiles, tree = tile.MemoryTiles(), tile.TreeReader(0, tile.MemoryTiles())
    for step in steps:
        size = tree.size + step
        tiles.write(tile.tiles_to_write(tree.size, LEAVES[tree.size : size], tiles))
        tree = tree.grown(size, tiles)
        assert tree.root() == merkle.root_of(LEAVES[:size])
        assert tree.inclusion(size - 1) == tile.inclusion_proof(size - 1, size, tiles)
        assert tree.still(tiles)


def test_one_flipped_bit_below_a_tree_is_seen() -> None:
    tiles = grown(300)
    tree = tile.TreeReader(300, tiles)
    tree.root()
    assert tree.still(tiles)
    for place, hashes in tiles.tiles.items():
        if place == (0, 0):
            continue  # a full tile is known by its hash in the level above: `verify_tiles` looks into it
        flipped = tile.MemoryTiles(dict(tiles.tiles))
        flipped.tiles[place] = bytes([hashes[0] ^ 1]) + hashes[1:]
        assert not tree.still(flipped)
