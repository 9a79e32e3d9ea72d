"""The file layout of a log, c2sp.org/tlog-tiles (draft v0.1, as of 2025): pure names and bytes, and one careful write.

`tile/<L>/<N>[.p/<W>]` holds up to 256 hashes of full subtrees of 256**L leaves; `tile/entries/<N>[.p/<W>]` the entries
themselves, each behind its length as a big-endian 16-bit number.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

TILE_WIDTH = 256


def tile_path(level: str, index: int, width: int) -> str:
    """`tile/0/x001/x234/067` or, for fewer than 256, `tile/0/000.p/5`; `level` is a number or `entries`."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + ("" if width == TILE_WIDTH else f".p/{width}")


def hash_tiles(size: int, *, levels: int = 8) -> Iterator[tuple[int, int, int]]:
    """`(level, index, width)` of every tile of a tree of `size` entries; no empty ones."""
    for level in range(levels):
        count = size >> (8 * level)
        for index in range(-(-count // TILE_WIDTH)):
            yield level, index, min(TILE_WIDTH, count - index * TILE_WIDTH)


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def write_once(path: Path, data: bytes) -> None:
    """All of it under its name or nothing: a reader never meets half a tile. The database remains the truth."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
