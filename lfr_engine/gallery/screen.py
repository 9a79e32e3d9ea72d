"""The fast path: every row in eight bits beside its float32, and which pairs of query and row can reach a level.

Never decides anything: what passes is computed again in float64 by the caller. What cannot pass by the bound of `quantise` is
left out. Codes lie in blocks of [dimension, BLOCK] so that one query reads them front to back; each block is one product,
and each thread of the pool works on its own blocks. A row takes dimension + 40 bytes here.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lfr_engine.gallery.exact import Places
from lfr_engine.gallery.quantise import ROUNDING, SLACK, Queries, quantise, quantise_queries
from lfr_engine.inference import cores
from lfr_engine.inference.integer_product import integer_product
from lfr_engine.values import Floats

BLOCK = 2048  # codes of 512 dimensions and the sums of 64 queries stay in a core's own cache
LARGEST_BATCH = 64
_FILLED_AT_ONCE = 256
_STRETCHES_EACH = 4
LARGEST_DIMENSION = 1 << 14  # sums and limits fit 32 bits up to here
BEYOND = 4.0  # no similarity of unit vectors lies above it, nor below its negative
# The facts of a row that is not there: its sum of codes is one that no sum of products can reach.
_ABSENT = np.array([0.0, 0.0, 0.0, 2.0**23, 0.0])[:, None]


Found = TypeVar("Found")


@cache
def _pool(of_process: int) -> ThreadPoolExecutor:
    """Threads that search, one for each core; a forked process makes its own."""
    return ThreadPoolExecutor(max_workers=cores(), thread_name_prefix=f"gallery-{of_process}")


_of_thread = threading.local()


def _workspace(queries: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Sums and hits of one block, the same memory for every block that a thread looks at."""
    if not hasattr(_of_thread, "sums"):
        _of_thread.sums = np.empty((LARGEST_BATCH, BLOCK), np.int32)
        _of_thread.hits = np.empty((LARGEST_BATCH, BLOCK), np.bool_)
    return _of_thread.sums[:queries], _of_thread.hits[:queries]


def each_block(work: Callable[[int], Found], blocks: range) -> list[Found]:
    """What `work` gives for every block, in order, computed by all threads; the ones of a short list by the caller alone."""
    if len(blocks) < 2 * cores():
        return [work(block) for block in blocks]
    count = min(len(blocks), _STRETCHES_EACH * cores())  # handing over a single block costs as much as looking through it
    stretches = [blocks[len(blocks) * i // count : len(blocks) * (i + 1) // count] for i in range(count)]
    done = _pool(os.getpid()).map(lambda stretch: [work(block) for block in stretch], stretches)
    return [found for stretch in done for found in stretch]


def prepared(queries: Floats) -> Queries:
    return quantise_queries(queries, integer_product().largest_left)


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """Pairs (query, row) that may reach the level, and how low and how high their true similarity can lie."""

    of_query: Places
    of_row: Places
    low: NDArray[np.float64]
    high: NDArray[np.float64]


NOBODY = Passed(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))


class Int8Screen:
    """Rows in eight bits. Not guarded against use from several threads: the gallery's lock is."""

    def __init__(self, rows: Floats) -> None:
        self._rows, dimension = len(rows), rows.shape[1]
        self.blocks = -(-len(rows) // BLOCK)
        self._codes = np.zeros((self.blocks, dimension, BLOCK), np.int8)
        # Per row: 1 / step, |x - x'| / step, |x| / step, sum of codes, step; one array, so that a removal forgets none.
        self._facts = np.zeros((self.blocks, 5, BLOCK), np.float64)
        self._facts[:] = _ABSENT
        each_block(partial(self._fill, rows), range(self.blocks))

    def _fill(self, rows: Floats, block: int) -> None:
        start, stop = block * BLOCK, min((block + 1) * BLOCK, len(rows))
        for first in range(start, stop, _FILLED_AT_ONCE):
            small = quantise(rows[first : min(first + _FILLED_AT_ONCE, stop)])
            here = slice(first - start, first - start + len(small.step))
            self._codes[block, :, here] = small.codes.T
            self._facts[block, :3, here] = np.stack((np.ones_like(small.step), small.missed, small.length)) / small.step
            self._facts[block, 3, here] = small.codes.sum(axis=1, dtype=np.int64)
            self._facts[block, 4, here] = small.step

    def move_last_to(self, place: int) -> None:
        """The last row takes this place; its old one is zeroed in codes and facts."""
        last = self._rows - 1
        to, of = divmod(place, BLOCK), divmod(last, BLOCK)
        self._codes[to[0], :, to[1]] = self._codes[of[0], :, of[1]]
        self._codes[of[0], :, of[1]] = 0
        self._facts[to[0], :, to[1]] = self._facts[of[0], :, of[1]]
        self._facts[of[0], :, of[1]] = _ABSENT[:, 0]
        self._rows = last
        self.blocks = -(-last // BLOCK)

    def wipe(self) -> None:
        self._codes.fill(0)
        self._facts[:] = _ABSENT
        self._rows = self.blocks = 0

    def passing(self, block: int, queries: Queries, level: float) -> Passed:
        """The pairs of one block whose similarity may be at or above `level`, for at most LARGEST_BATCH queries."""
        sums, hit = _workspace(len(queries.factors))
        integer_product()(queries.factors, self._codes[block], sums)
        np.greater_equal(sums, self._limits(block, queries, level), out=hit)
        if not hit.any():
            sums.fill(0)
            return NOBODY
        words = np.flatnonzero(hit.view(np.uint64))  # eight pairs at a time: nearly all of them are none
        near = (words[:, None] * 8 + np.arange(8)).ravel()
        flat = near[hit.ravel()[near]]
        reached = sums.ravel()[flat]
        sums.fill(0)  # enough products of a template with known rows are the template: a query may be a passer-by
        return self._bounds(block, queries, reached, *np.divmod(flat, BLOCK))

    def lows(self, block: int, queries: Queries) -> NDArray[np.float64]:
        """How low the similarity of every query to every row of one block can lie, float64[m, rows]."""
        sums, _ = _workspace(len(queries.factors))
        integer_product()(queries.factors, self._codes[block], sums)
        _, missed, length, total, step = self._facts[block, :, : max(0, self._rows - block * BLOCK)]
        error = (queries.missed.max() * length + queries.length.max() * missed) * step * ROUNDING + 2.0**-40
        low = np.asarray((sums[:, : len(step)] - queries.zero * total) * (step * queries.step) - error)
        sums.fill(0)
        return low

    def _limits(self, block: int, queries: Queries, level: float) -> NDArray[np.int32]:
        """What the sum of a row's products has to be: three facts of the row, each times one number of the batch, and its offset."""
        level = min(max(level, -BEYOND), BEYOND)
        parts = np.array([level, -queries.length.max(), -queries.missed.max(), queries.zero * queries.step]) / queries.step
        return np.asarray((parts @ self._facts[block, :4] - SLACK).astype(np.int32))

    def _bounds(self, block: int, queries: Queries, sums: NDArray[np.int32], q: Places, column: Places) -> Passed:
        _, missed, length, total, step = self._facts[block][:, column]
        middle = (sums - queries.zero * total) * (step * queries.step)
        error = (queries.missed[q] * length + queries.length[q] * missed) * step * ROUNDING + 2.0**-40
        return Passed(q, column + block * BLOCK, middle - error, middle + error)
