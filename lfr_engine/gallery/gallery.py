"""The templates of the list, in memory, and the questions asked of them: everyone at or above the threshold, and the k best.

Exact means: the similarity is the float64 inner product of the stored float32 rows, summed in one fixed order, an entry counts
with its best row, and ties go to the lower id. A screen only leaves out what its bound proves to be too low: faiss in float32
for a short list, rows of eight bits for a long one (`quantise` has the bound). Memory: 4 bytes per row and dimension, and with
the screen one more, and 44 per row. Removal is at once, also while another thread searches: that search ends first, and the next
does not know the entry any more; its rows are zeroed in both copies.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lfr_engine.errors import BadInput
from lfr_engine.gallery.exact import Places, Similarities, best_per_entry, first_of_each, similarities
from lfr_engine.gallery.float_screen import may_be_top, may_reach
from lfr_engine.gallery.screen import LARGEST_BATCH, LARGEST_DIMENSION, Int8Screen, each_block, prepared
from lfr_engine.gallery.top import TopSearch
from lfr_engine.values import UNIT_NORM_TOLERANCE, Candidate, Floats

MAX_ROWS = 200_000  # ten photos for each of 20,000 entries, the largest list of one van
SHORT_ROWS = 1024  # below it faiss is faster than the screen for one query; for several it never is
_CHECKED_ROWS = 8_192

Found = tuple[Places, Places, Similarities]


class Gallery:
    """Rows float32[n, dimension] of unit length, one per photo; an entry may own several."""

    def __init__(self, entry_ids: Sequence[str], rows: Floats, *, most_rows: int = MAX_ROWS, screened_from: int = SHORT_ROWS) -> None:
        """Takes a copy; a list of `screened_from` rows or more gets the screen. Raises BadInput where ids and rows do not fit
        together or a row is not a unit vector."""
        if rows.ndim != 2 or rows.dtype != np.float32 or len(entry_ids) != len(rows):
            raise BadInput(f"{len(entry_ids)} entries do not fit templates of shape {rows.shape} {rows.dtype}")
        if len(rows) > most_rows:
            raise BadInput(f"the list has {len(rows)} templates; the limit is {most_rows}")
        if not 1 <= rows.shape[1] <= LARGEST_DIMENSION:
            raise BadInput(f"templates of {rows.shape[1]} numbers cannot be searched; the limit is {LARGEST_DIMENSION}")
        if not _are_unit(rows):
            raise BadInput("a template of the list is not a unit vector", next_step="enrol the list again with this pack")
        self._rows: Floats = np.array(rows, np.float32, order="C", copy=True)
        self._names = sorted(set(entry_ids))  # an entry's number is its place here, so that a lower number is a lower id
        numbers = {name: number for number, name in enumerate(self._names)}
        self._owners: NDArray[np.int32] = np.fromiter((numbers[entry] for entry in entry_ids), np.int32, len(rows))
        self._most_rows = int(np.bincount(self._owners).max(initial=1))
        self._used, self._entries = len(rows), len(self._names)
        self._screen = Int8Screen(self._rows) if len(rows) >= screened_from else None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Templates, not entries."""
        return self._used

    @property
    def entries(self) -> int:
        return self._entries

    @property
    def dimension(self) -> int:
        return int(self._rows.shape[1])

    def remove(self, entry_id: str) -> int:
        """Take an entry out at once, its rows zeroed; how many rows it had."""
        with self._lock:
            number = bisect_left(self._names, entry_id)
            if self._names[number : number + 1] != [entry_id]:
                return 0
            places = np.flatnonzero(self._owners[: self._used] == number)
            for place in places[::-1]:
                self._move_last_to(int(place))
            self._entries -= len(places) > 0
            return len(places)

    def _move_last_to(self, place: int) -> None:
        last = self._used - 1
        self._rows[place] = self._rows[last]
        self._rows[last] = 0.0
        self._owners[place] = self._owners[last]
        if self._screen is not None:
            self._screen.move_last_to(place)
        self._used = last

    def wipe(self) -> None:
        """Zero every template."""
        with self._lock:
            self._rows.fill(0.0)
            if self._screen is not None:
                self._screen.wipe()
            self._used = self._entries = 0

    def at_or_above(self, queries: Floats, threshold: float) -> list[tuple[Candidate, ...]]:
        """For every query row float32[m, dimension] of unit length: all entries whose best row reaches the threshold, best first.

        Raises BadInput on a query of another dimension, or that is no unit vector (a NaN is none).
        """
        if not np.isfinite(threshold):
            raise BadInput("the threshold is not a number")
        return self._asked(queries, lambda batch: self._reaching(batch, threshold))

    def top(self, queries: Floats, k: int) -> list[tuple[Candidate, ...]]:
        """For every query: the k entries of the highest similarity, best first; all of them where the list is shorter.

        Raises BadInput as `at_or_above`, and on k below 1.
        """
        if k < 1:
            raise BadInput(f"the best {k} cannot be asked for", next_step="ask for one at least")
        return self._asked(queries, lambda batch: self._best(batch, k))

    def _asked(self, queries: Floats, answer: Callable[[Floats], Found]) -> list[tuple[Candidate, ...]]:
        if queries.ndim != 2 or queries.shape[1] != self.dimension:
            raise BadInput(f"a query of shape {queries.shape} does not fit templates of {self.dimension} numbers")
        if not _are_unit(queries):
            raise BadInput("a query is not a unit vector", next_step="compare only templates that this pack made")
        queries = np.ascontiguousarray(queries, np.float32)
        answers: list[tuple[Candidate, ...]] = []
        for start in range(0, len(queries), LARGEST_BATCH):
            batch = queries[start : start + LARGEST_BATCH]
            with self._lock:
                answers += self._candidates(len(batch), *answer(batch)) if self._used else [()] * len(batch)
        return answers

    def _reaching(self, queries: Floats, threshold: float) -> Found:
        used = self._rows[: self._used]
        if self._screen is None:
            return _at_least(threshold, queries, used, *may_reach(queries, used, threshold))
        screen, asked = self._screen, prepared(queries)

        def look(block: int) -> Found:
            near = screen.passing(block, asked, threshold)
            return _at_least(threshold, queries, used, near.of_query, near.of_row)

        of_query, of_row, values = zip(*each_block(look, range(screen.blocks)), strict=True)
        asked.factors.fill(0)
        return np.concatenate(of_query), np.concatenate(of_row), np.concatenate(values)

    def _best(self, queries: Floats, k: int) -> Found:
        used, owners = self._rows[: self._used], self._owners[: self._used]
        if self._screen is not None:
            return TopSearch(self._screen, used, owners, self._most_rows, queries, k).pairs()
        of_query, of_row = may_be_top(queries, used, owners, k)
        values = similarities(queries, of_query, used, of_row)
        best = best_per_entry(of_query, owners[of_row], values)
        best = best[first_of_each(of_query[best], k)]
        return of_query[best], of_row[best], values[best]

    def _candidates(self, queries: int, of_query: Places, of_row: Places, values: Similarities) -> list[tuple[Candidate, ...]]:
        owners = self._owners[of_row]
        best = best_per_entry(of_query, owners, values)
        ends = np.searchsorted(of_query[best], np.arange(queries + 1))
        return [
            tuple(Candidate(self._names[owners[place]], float(values[place])) for place in best[start:end]) for start, end in pairwise(ends)
        ]


def _at_least(threshold: float, queries: Floats, rows: Floats, of_query: Places, of_row: Places) -> Found:
    values = similarities(queries, of_query, rows, of_row)
    keep = values >= threshold
    return of_query[keep], of_row[keep], values[keep]


def _are_unit(rows: Floats) -> bool:
    for start in range(0, len(rows), _CHECKED_ROWS):
        part = rows[start : start + _CHECKED_ROWS].astype(np.float64)
        lengths = np.linalg.norm(part, axis=1)
        part.fill(0.0)  # it may be a query, and that a passer-by
        if not (np.abs(lengths - 1.0) <= UNIT_NORM_TOLERANCE).all():
            return False
    return True
