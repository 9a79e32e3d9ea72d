"""Reading a log from its files (c2sp.org/tlog-tiles, draft v0.1), entry by entry, every hash tile compared with its entries."""

from collections.abc import Callable, Iterator
from pathlib import Path

from .strict import Failed, read_file
from .tree import leaf_hash, root_of

WIDTH = 256
LEVELS_MAX = 8
_BUNDLE_BYTES_MAX = WIDTH * (2 + 65_535)


Complain = Callable[[str, str], None]
"""What is wrong, and where; the reading goes on."""


def read_log(folder: Path, size: int, complain: Complain) -> Iterator[tuple[bytes, bytes]]:
    """`(entry, leaf hash)` for the first `size` entries. Raises Failed naming the bundle that is missing or cut short.

    Hash tiles prove nothing here, roots are computed from entries; one that is missing or wrong goes to `complain`.
    """
    tiles = _HashTiles(folder, complain)
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        entries = _bundle(folder, index, width)
        leaves = [leaf_hash(entry) for entry in entries]
        tiles.level_done(0, index, leaves)
        yield from zip(entries, leaves, strict=True)
    tiles.finish()


def _bundle(folder: Path, index: int, width: int) -> list[bytes]:
    path, is_full = _find(folder, "entries", index, width)
    data, at, entries = read_file(path, _BUNDLE_BYTES_MAX), 0, list[bytes]()
    while len(entries) < width:
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length]
        if len(data) < at + 2 or len(entry) != length:
            raise Failed(
                f"the bundle is cut short at its entry {len(entries)} (entry {index * WIDTH + len(entries)} of the log)", str(path)
            )
        entries.append(entry)
        at += 2 + length
    if at != len(data) and not (is_full and width < WIDTH):
        raise Failed(f"the bundle holds more than its {width} entries", str(path))
    return entries


class _HashTiles:
    """Climbs from each full row of 256 hashes to the tile above it."""

    def __init__(self, folder: Path, complain: Complain) -> None:
        self._folder = folder
        self._complain = complain
        self._rows: dict[int, tuple[int, list[bytes]]] = {}

    def level_done(self, level: int, index: int, hashes: list[bytes]) -> None:
        if level >= LEVELS_MAX:
            raise Failed("the log is larger than any log of ours can be")
        self._compare(level, index, hashes)
        if len(hashes) == WIDTH:
            above_index, above = self._rows.get(level + 1, (0, []))
            above.append(root_of(hashes))
            self._rows[level + 1] = (above_index, above)
            if len(above) == WIDTH:
                self._rows[level + 1] = (above_index + 1, [])
                self.level_done(level + 1, above_index, above)

    def _compare(self, level: int, index: int, hashes: list[bytes]) -> None:
        path, is_full = _find(self._folder, str(level), index, len(hashes))
        try:
            stored = read_file(path, WIDTH * 32)
        except Failed as failed:
            self._complain(failed.what, failed.where)
            return
        if len(stored) != 32 * (WIDTH if is_full else len(hashes)):
            self._complain("the hash tile is cut short or too long", str(path))
            return
        for at, expected in enumerate(hashes):
            if stored[32 * at : 32 * at + 32] != expected:
                what = f"entry {index * WIDTH + at}" if level == 0 else "an entry"
                self._complain(f"{what} does not fit its hash tile: one of them was altered", str(path))
                return

    def finish(self) -> None:
        for level, (index, row) in sorted(self._rows.items()):
            if row:
                self.level_done(level, index, row)


def _find(folder: Path, level: str, index: int, width: int) -> tuple[Path, bool]:
    """The tile of this width, or the full one that may replace a partial one; and whether it is a full one."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    full = folder.joinpath("tile", level, *groups)
    if width == WIDTH:
        return full, True
    partial = full.with_name(f"{full.name}.p") / str(width)
    return (full, True) if full.is_file() and not partial.exists() else (partial, False)
