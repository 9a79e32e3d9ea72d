"""Looks through another process's memory for what it should have forgotten: pictures by their bytes, templates by their direction."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_PAGE_BYTES = 4096
# Vectors lie at least this far apart in whatever holds them: allocators align to 16 bytes.
_ALIGNED_BYTES = 16
# Of the first 64 signs: rounding turns those of values near zero. A chance match of what has nothing to do with it is one in 1e11.
_SIGNS_APART = 6


@dataclass(frozen=True, slots=True)
class Region:
    """One writable stretch of a process's memory as it was when read."""

    start: int
    name: str
    content: bytes


def regions(pid: int) -> Iterator[Region]:
    """Everything the process can write to and has in memory, in stretches of touching pages. Needs the right to trace it."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pages:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, _, _, _, *name = line.split(None, 5)
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            pages.seek(start // _PAGE_BYTES * 8)
            entries = np.frombuffer(pages.read((end - start) // _PAGE_BYTES * 8), np.uint64)
            for first, stop in _runs(entries >> np.uint64(62) != 0):  # in memory, or swapped out
                memory.seek(start + first * _PAGE_BYTES)
                try:
                    content = memory.read((stop - first) * _PAGE_BYTES)
                except OSError:
                    continue  # a mapping of a device
                yield Region(start + first * _PAGE_BYTES, name[0].strip() if name else "", content)


def _runs(present: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Stretches [first, stop) that are True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class Found:
    what: str
    how: str
    address: int
    region: str
    likeness: float = 1.0


def files(folder: Path) -> Iterator[Region]:
    """Every file below a folder, journals and write-ahead logs among them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield Region(0, str(path), path.read_bytes())


def search(places: Iterable[Region], rows: Mapping[str, bytes], templates: Mapping[str, Floats], likeness: float) -> list[Found]:
    """Where `rows` (bytes of pixels) and `templates` (float32[n, d] per name) lie; a template at any scale, in any of `_READINGS`."""
    wanted = [_Wanted(name, np.asarray(vector, np.float64)) for name, vectors in templates.items() for vector in vectors]
    found = []
    for region in places:
        for name, row in rows.items():
            at = region.content.find(row)
            if at >= 0:
                found.append(Found(name, "pixels", region.start + at, region.name))
        for how, (signed, numbers) in _READINGS.items():
            whole = region.content[: len(region.content) // 8 * 8]
            for place, one, cosine in _alike(np.frombuffer(whole, signed), wanted, numbers, likeness):
                found.append(Found(one.name, how, region.start + place, region.name, cosine))
    return found


class _Wanted:
    """A template and the signs of its first 64 values as one number: half of a vector's bits, whatever its scale and type."""

    def __init__(self, name: str, vector: NDArray[np.float64]) -> None:
        self.name, self.unit = name, vector / np.linalg.norm(vector)
        self.signs = np.frombuffer(np.packbits(vector[:64] < 0).tobytes(), np.uint64)[0]


def _bf16(values: NDArray[np.generic]) -> NDArray[np.generic]:
    return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)  # the upper half of a float32


# How memory may be read: as integers that carry the sign, and as the numbers they stand for.
_READINGS: dict[str, tuple[type[np.signedinteger[Any]], Callable[[NDArray[np.generic]], NDArray[np.generic]]]] = {
    "fp64": (np.int64, lambda values: values.view(np.float64)),
    "fp32": (np.int32, lambda values: values.view(np.float32)),
    "fp16": (np.int16, lambda values: values.view(np.float16)),
    "bf16": (np.int16, _bf16),
    "int8": (np.int8, lambda values: values),
}


def _alike(
    values: NDArray[Any], wanted: Sequence[_Wanted], numbers: Callable[[NDArray[np.generic]], NDArray[np.generic]], likeness: float
) -> Iterator[tuple[int, _Wanted, float]]:
    """Windows of a template's length whose cosine with one reaches `likeness`: (byte offset, template, cosine)."""
    size, step = values.itemsize, _ALIGNED_BYTES // values.itemsize
    for shift in range(0, 8, step):
        packed = np.packbits(values[shift:] < 0)
        if len(packed) < 8:
            return
        signs = np.lib.stride_tricks.sliding_window_view(packed, 8)[:: max(1, step // 8)].copy().view(np.uint64).ravel()
        worth = np.flatnonzero((signs != 0) & (signs != np.uint64(2**64 - 1)))
        signs = signs[worth]
        for one in wanted:
            for place in worth[np.bitwise_count(signs ^ one.signs) <= _SIGNS_APART].tolist():
                first = shift + place * max(8, step)
                window = numbers(values[first : first + len(one.unit)]).astype(np.float64)
                if len(window) == len(one.unit) and (cosine := _cosine(window, one.unit)) >= likeness:
                    yield first * size, one, cosine


def _cosine(window: NDArray[np.float64], unit: NDArray[np.float64]) -> float:
    with np.errstate(all="ignore"):
        cosine = float(window @ unit / np.linalg.norm(window))
    return cosine if np.isfinite(cosine) else 0.0


def jpegs(places: Iterable[Region]) -> Iterator[bytes]:
    """Every stretch that begins and ends like a JPEG of more than 1 KiB."""
    for region in places:
        at = region.content.find(b"\xff\xd8\xff\xe0")
        while at >= 0:
            end = region.content.find(b"\xff\xd9", at + 1024)
            if end >= 0:
                yield region.content[at : end + 2]
            at = region.content.find(b"\xff\xd8\xff\xe0", at + 4)
