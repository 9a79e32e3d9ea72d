"""One million templates: everyone at or above a threshold, and the sixteen best, against FAISS and NumPy on the same rows.

Half of the queries are noisy pictures of somebody listed, half are strangers. What both sides found is compared before anything is
timed; ours are float64 similarities, the others' float32, so a pair within a rounding error of the threshold may differ and is
counted. The other side is timed as it comes: its own threads, its own settings.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import faiss
import numpy as np
from numpy.typing import NDArray

from lfr_engine.benchmark.material import Material
from lfr_engine.benchmark.paired import paired
from lfr_engine.benchmark.result import Row
from lfr_engine.gallery import Gallery
from lfr_engine.values import Candidate, Floats

Say = Callable[[str], None]

ROWS, QUICK_ROWS = 1_000_000, 50_000
DIMENSION = 512
BATCH = 64
BEST = 16
THRESHOLD = 0.34  # of the pack whose templates have this dimension
NOISE = 1.5  # of a query against its row: a similarity of about 0.55
SEED = 20_261_122


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The same rows three times: in our gallery, in a FAISS index, and as the array NumPy multiplies."""

    gallery: Gallery
    index: "faiss.IndexFlatIP"
    rows: Floats
    queries: Floats


def measure(material: Material, *, quick: bool, say: Say) -> list[Row]:
    """Rows of the table for search; needs no material."""
    sides = _sides(QUICK_ROWS if quick else ROWS, say)
    size = f"{len(sides.rows):,} x {DIMENSION}"
    rows = []
    for batch, searches in ((BATCH, _MANY), (1, _SINGLE)):
        for work, against, ours, other, target, rounds in searches:
            asked = sides.queries[:batch]
            row = _row(f"{size}, batch {batch}, {work}", against, asked, sides, ours, other, rounds, say)
            rows.append(row if quick else replace(row, at_least=target[0], aim=target[1]))  # the targets are for a million rows
    return rows


def _sides(count: int, say: Say) -> Sides:
    rng = np.random.default_rng(SEED)
    rows = np.empty((count, DIMENSION), np.float32)
    for start in range(0, count, 1 << 16):
        part = rng.standard_normal((min(1 << 16, count - start), DIMENSION), np.float32)
        rows[start : start + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
    queries = rng.standard_normal((BATCH, DIMENSION), np.float32)
    listed = rng.choice(count, BATCH // 2, replace=False)
    queries[::2] = rows[listed] + queries[::2] * np.float32(NOISE / DIMENSION**0.5)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    say(f"search: {count:,} rows made; building both sides")
    index = faiss.IndexFlatIP(DIMENSION)
    index.add(rows)
    return Sides(Gallery([_name(row) for row in range(count)], rows, most_rows=count), index, rows, queries)


Search = Callable[[Sides, Floats], list[frozenset[str]]]


def _row(work: str, against: str, queries: Floats, sides: Sides, ours: Search, other: Search, rounds: int, say: Say) -> Row:
    found, expected = ours(sides, queries), other(sides, queries)
    same = sum(a == b for a, b in zip(found, expected, strict=True))
    taken = paired(lambda: ours(sides, queries), lambda: other(sides, queries), rounds=rounds, warm_up=0)
    say(f"search: {work} against {against}: {taken.ratio:.1f}x, {same} of {len(queries)} answers the same")
    return Row(
        work,
        against,
        taken.ratio,
        taken.low,
        taken.high,
        ours={"seconds": min(taken.ours_s), "found": sum(map(len, found)), "bytes_per_row": 4 * DIMENSION + DIMENSION + 44},
        other={"seconds": min(taken.other_s), "found": sum(map(len, expected)), "bytes_per_row": 4 * DIMENSION},
        note=f"the same entries in {same} of {len(queries)} answers",
    )


def _name(row: int) -> str:
    return f"{row:07d}"


def _threshold(sides: Sides, queries: Floats) -> list[frozenset[str]]:
    return _entries(sides.gallery.at_or_above(queries, THRESHOLD))


def _top(sides: Sides, queries: Floats) -> list[frozenset[str]]:
    return _entries(sides.gallery.top(queries, BEST))


def _entries(found: list[tuple[Candidate, ...]]) -> list[frozenset[str]]:
    return [frozenset(candidate.entry_id for candidate in candidates) for candidates in found]


def _faiss_threshold(sides: Sides, queries: Floats) -> list[frozenset[str]]:
    ends, _, places = sides.index.range_search(queries, THRESHOLD)
    return _named([places[start:end] for start, end in pairwise(ends)])


def _faiss_top(sides: Sides, queries: Floats) -> list[frozenset[str]]:
    return _named(list(sides.index.search(queries, BEST)[1]))


def _numpy_threshold(sides: Sides, queries: Floats) -> list[frozenset[str]]:
    return _named([np.flatnonzero(scores >= THRESHOLD) for scores in queries @ sides.rows.T])


def _numpy_top(sides: Sides, queries: Floats) -> list[frozenset[str]]:
    scores = queries @ sides.rows.T
    return _named(list(np.argpartition(scores, -BEST, axis=1)[:, -BEST:]))


def _named(places: list[NDArray[np.int64]]) -> list[frozenset[str]]:
    return [frozenset(_name(int(place)) for place in part) for part in places]


_MANY = (
    ("threshold search", "FAISS IndexFlatIP", _threshold, _faiss_threshold, (10, 30), 3),
    (f"top {BEST}", "FAISS IndexFlatIP", _top, _faiss_top, (10, 30), 3),
    ("threshold search", "NumPy sgemm", _threshold, _numpy_threshold, (2, 5), 5),
    (f"top {BEST}", "NumPy sgemm + argpartition", _top, _numpy_top, (2, 5), 5),
)
_SINGLE = (
    ("threshold search", "FAISS IndexFlatIP", _threshold, _faiss_threshold, (1.5, 4), 9),
    (f"top {BEST}", "FAISS IndexFlatIP", _top, _faiss_top, (1.5, 4), 9),
)
