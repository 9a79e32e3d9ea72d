"""The templates of the list, in memory, and the question asked of them: everyone at or above the threshold.

Exact means: the similarity is the float64 inner product of the stored float32 rows, summed in one fixed order, and ties go
to the lower id. faiss screens in float32; what it returns within its rounding error of the threshold is computed again, so
the screen can neither lose nor add anybody. Removal is at once: swap with the last row, zero, shrink.
"""

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from lfr_engine.errors import BadInput
from lfr_engine.values import UNIT_NORM_TOLERANCE, Candidate, Floats

MAX_ROWS = 200_000  # ten photos for each of 20,000 entries, the largest list of one van
FLOAT32_ROUNDING = 2.0**-24
_FIRST_GUESS = 32  # rows a screen asks for before it learns that more reach the threshold
_BLOCK_ROWS = 4096


class Gallery:
    """Rows float32[n, dimension] of unit length, one per photo; an entry may own several."""

    def __init__(self, entry_ids: Sequence[str], rows: Floats) -> None:
        """Takes a copy. Raises BadInput where ids and rows do not fit together or a row is not a unit vector."""
        if rows.ndim != 2 or rows.dtype != np.float32 or len(entry_ids) != len(rows):
            raise BadInput(f"{len(entry_ids)} entries do not fit templates of shape {rows.shape} {rows.dtype}")
        if len(rows) > MAX_ROWS:
            raise BadInput(f"the list has {len(rows)} templates; the limit is {MAX_ROWS}")
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
        if not (np.abs(lengths - 1.0) <= UNIT_NORM_TOLERANCE).all():
            raise BadInput("a template of the list is not a unit vector", next_step="enrol the list again with this pack")
        self._rows: Floats = np.array(rows, np.float32, order="C", copy=True)
        self._ids = list(entry_ids)

    def __len__(self) -> int:
        """Templates, not entries."""
        return len(self._ids)

    @property
    def entries(self) -> int:
        return len(set(self._ids))

    @property
    def dimension(self) -> int:
        return int(self._rows.shape[1])

    def remove(self, entry_id: str) -> int:
        """Take an entry out at once, its rows zeroed; how many rows it had."""
        places = [place for place, owner in enumerate(self._ids) if owner == entry_id]
        for place in reversed(places):
            last = len(self._ids) - 1
            self._rows[place] = self._rows[last]
            self._rows[last] = 0.0
            self._ids[place] = self._ids[last]
            self._ids.pop()
        return len(places)

    def wipe(self) -> None:
        """Zero every template."""
        self._rows.fill(0.0)
        self._ids.clear()

    def at_or_above(self, queries: Floats, threshold: float) -> list[tuple[Candidate, ...]]:
        """For every query row float32[m, dimension]: all entries whose best row reaches the threshold, best first."""
        used = self._rows[: len(self._ids)]
        if not len(used) or not len(queries):
            return [() for _ in queries]
        floor = threshold - 2 * self.dimension * FLOAT32_ROUNDING * (1 + UNIT_NORM_TOLERANCE) ** 2
        wanted = min(_FIRST_GUESS, len(used))
        while True:
            scores, places = faiss.knn(np.ascontiguousarray(queries, np.float32), used, wanted, metric=faiss.METRIC_INNER_PRODUCT)
            if wanted == len(used) or not (scores[:, -1] >= floor).any():
                break
            wanted = min(wanted * 4, len(used))
        return [self._exact(query, row[score >= floor], threshold) for query, row, score in zip(queries, places, scores, strict=True)]

    def _exact(self, query: Floats, places: NDArray[np.int64], threshold: float) -> tuple[Candidate, ...]:
        best: dict[str, float] = {}
        for start in range(0, len(places), _BLOCK_ROWS):
            block = places[start : start + _BLOCK_ROWS]
            similarities = (self._rows[block].astype(np.float64) * query.astype(np.float64)).sum(axis=1)
            for place, similarity in zip(block, similarities, strict=True):
                if similarity >= threshold and similarity > best.get(self._ids[place], -3.0):
                    best[self._ids[place]] = float(similarity)
        return tuple(Candidate(entry, score) for entry, score in sorted(best.items(), key=lambda item: (-item[1], item[0])))
