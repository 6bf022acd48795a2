"""The log's tree in tiles of 256 hashes (C2SP tlog-tiles), and proofs made from them.

Promises: a tile once full never changes and a partial tile is a prefix of each wider one; a proof made here
verifies in `keys.merkle` if the tiles read are right. It does not check that they are: who signs or trusts a
root compares it first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from keys.errors import BadProof, MalformedInput
from keys.merkle import EMPTY_ROOT, HASH_SIZE, node_hash

HEIGHT: Final = 8
WIDTH: Final = 256
_PATH: Final = re.compile(
    r"tile/(0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)
_TOP_LEVEL: Final = 63
_LARGEST_INDEX: Final = 1 << 56
_KEPT_NODES: Final = 16_384
"""Hashes kept as a tree grows: some megabytes; beyond it a grown tree begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """`width` hashes (1 … 256) of one level, from position 256 × `index`; 32 bytes each."""

    level: int
    index: int
    width: int
    hashes: bytes


class HashReader(Protocol):
    """Stored tiles. `read_tile` gives the first `width` hashes of that tile, 32 × width bytes."""

    def read_tile(self, level: int, index: int, width: int) -> bytes: ...


@dataclass(slots=True)
class MemoryTiles:
    """Tiles in memory, each in its widest form seen."""

    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def write(self, tiles: Iterable[Tile]) -> None:
        """Takes what `tiles_to_write` gave."""
        for tile in tiles:
            self.tiles[tile.level, tile.index] = tile.hashes

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes; fewer if that is all there are."""
        return self.tiles.get((level, index), b"")[: width * HASH_SIZE]


def tile_path(level: int, index: int, width: int) -> str:
    """The tile's path, such as `tile/0/x001/x234/067.p/8`; `width` 256 is a full tile."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def parse_tile_path(path: str) -> tuple[int, int, int]:
    """(level, index, width) of a path in its one spelling. Raises MalformedInput, `tile-path-malformed`."""
    match = _PATH.fullmatch(path)
    if match is not None and len(path) < 64:
        level, upper, lowest, partial = match.groups()
        index = int(upper.replace("x", "").replace("/", "") + lowest)
        parsed = int(level), index, int(partial) if partial else WIDTH
        # Spelling it again settles leading zero groups and a partial width of 256.
        if parsed[0] <= _TOP_LEVEL and index < _LARGEST_INDEX and tile_path(*parsed) == path:
            return parsed
    raise MalformedInput("tile-path-malformed", "this is not the path of a tile")


def tiles_to_write(old_size: int, new_leaf_hashes: Sequence[bytes], read: HashReader) -> list[Tile]:
    """Every tile that changes when the leaves are appended, in its widest form, lowest level first."""
    tiles: list[Tile] = []
    row = list(new_leaf_hashes)
    first, level = old_size, 0
    while row:
        start = first - first % WIDTH
        if start < first:
            stored = _checked(read, level, start // WIDTH, first - start)
            row = [*_hashes(stored), *row]
        changed = [
            Tile(level=level, index=(start + at) // WIDTH, width=len(part), hashes=b"".join(part))
            for at in range(0, len(row), WIDTH)
            for part in (row[at : at + WIDTH],)
        ]
        tiles += changed
        row = [_fold(list(_hashes(tile.hashes))) for tile in changed if tile.width == WIDTH]
        first, level = first // WIDTH, level + 1
    return tiles


class TreeReader:
    """A tree of one size over stored tiles; keeps what it read and hashed: one serves a batch of proofs."""

    def __init__(self, size: int, read: HashReader) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._nodes: dict[tuple[int, int], bytes] = {}

    def grown(self, size: int, read: HashReader) -> "TreeReader":
        """The tree that this one has become, over the tiles as they are then; what was hashed is kept.

        A node is named by the leaves below it, which never change: only what is new is hashed.
        """
        tree = TreeReader(size, read)
        if len(self._nodes) < _KEPT_NODES:
            tree._nodes, tree._tiles = self._nodes, self._tiles
        return tree

    def still(self, read: HashReader) -> bool:
        """Whether `read` still gives the very tiles that all this was hashed from."""
        return all(
            read.read_tile(level, index, len(hashes) // HASH_SIZE) == hashes
            for (level, index), hashes in self._tiles.items()
        )

    def root(self) -> bytes:
        """The tree's root."""
        return self._range(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """The inclusion proof of the leaf at `index` (RFC 9162 2.1.3.1). Raises BadProof if there is none."""
        if not 0 <= index < self.size:
            raise BadProof("inclusion-malformed", "the index is outside the tree")
        low, high = 0, self.size
        path = []
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        path.reverse()
        return path

    def consistency(self, old_size: int) -> list[bytes]:
        """The proof that the tree of `old_size` is this one's prefix (RFC 9162 2.1.4.1). Raises BadProof."""
        if not 0 < old_size <= self.size:
            raise BadProof("consistency-malformed", "the old size must be from 1 to the new size")
        low, high = 0, self.size
        path = []
        while old_size != high:
            middle = low + _split(high - low)
            if old_size <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        if low:
            path.append(self._range(low, high))
        path.reverse()
        return path

    def _range(self, low: int, high: int) -> bytes:
        count = high - low
        if count & (count - 1) == 0:
            return self._node(count.bit_length() - 1, low)
        key = (low, high)
        if key not in self._nodes:
            middle = low + _split(count)
            self._nodes[key] = node_hash(self._range(low, middle), self._range(middle, high))
        return self._nodes[key]

    def _node(self, height: int, low: int) -> bytes:
        """The root of the complete subtree of 2^height leaves from leaf `low`, a multiple of that."""
        if height % HEIGHT == 0:
            return self._stored(height // HEIGHT, low >> height)
        key = (low, low + (1 << height))
        if key not in self._nodes:
            half = 1 << (height - 1)
            self._nodes[key] = node_hash(self._node(height - 1, low), self._node(height - 1, low + half))
        return self._nodes[key]

    def _stored(self, level: int, position: int) -> bytes:
        index, offset = divmod(position, WIDTH)
        tile = self._tiles.get((level, index), b"")
        if len(tile) <= offset * HASH_SIZE:
            width = min(WIDTH, (self.size >> (HEIGHT * level)) - index * WIDTH)
            tile = self._tiles[level, index] = _checked(self._read, level, index, width)
        return tile[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]


def root_from_tiles(size: int, read: HashReader) -> bytes:
    """The root of the tree of `size` leaves. Raises BadProof if a tile is missing."""
    return TreeReader(size, read).root()


def verify_tiles(size: int, read: HashReader) -> bytes:
    """The root, after deriving every tile's hash in the level above from the tile itself.

    `root_from_tiles` trusts the upper levels and so looks into few tiles; this looks into all, in time linear
    in `size`, and finds one flipped bit wherever it is. Raises BadProof, `tile-mismatch` or `tile-missing`.
    """
    level, count = 0, size
    while count >= WIDTH:
        above = b""
        for index in range(count // WIDTH):
            if index % WIDTH == 0:
                width = min(WIDTH, count // WIDTH - index)
                above = _checked(read, level + 1, index // WIDTH, width)
            derived = _fold(list(_hashes(_checked(read, level, index, WIDTH))))
            at = index % WIDTH * HASH_SIZE
            if derived != above[at : at + HASH_SIZE]:
                path = tile_path(level, index, WIDTH)
                raise BadProof("tile-mismatch", f"{path} does not have the hash stored above it")
        level, count = level + 1, count // WIDTH
    return root_from_tiles(size, read)


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """As `TreeReader.inclusion`, for one proof."""
    return TreeReader(size, read).inclusion(index)


def inclusion_proofs(indices: Iterable[int], size: int, read: HashReader) -> list[list[bytes]]:
    """One inclusion proof for each index, tiles read and hashed once."""
    tree = TreeReader(size, read)
    return [tree.inclusion(index) for index in indices]


def consistency_proof(old: int, new: int, read: HashReader) -> list[bytes]:
    """As `TreeReader.consistency`, from size `old` to size `new`."""
    return TreeReader(new, read).consistency(old)


def _split(count: int) -> int:
    """The largest power of two below `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _fold(row: list[bytes]) -> bytes:
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _hashes(tile: bytes) -> Iterator[bytes]:
    return (tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE))


def _checked(read: HashReader, level: int, index: int, width: int) -> bytes:
    tile = read.read_tile(level, index, width)
    if len(tile) != width * HASH_SIZE:
        raise BadProof("tile-missing", f"{tile_path(level, index, width)} is missing or short")
    return tile
