"""The k best entries for each query, without a threshold: the level that a row must reach rises while the blocks are read."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lfr_engine.gallery.exact import Places, Similarities, best_per_entry, first_of_each, kth_best, similarities
from lfr_engine.gallery.quantise import Queries
from lfr_engine.gallery.screen import BEYOND, NOBODY, Int8Screen, Passed, each_block, prepared
from lfr_engine.values import Floats

_LOWEST = -BEYOND
_LONGEST_STRETCH = 64  # blocks between two looks at the level; bounds the memory of a list of equal rows
_MOST_PAIRS = 1 << 20
_FEW_ROWS = 8
_PAIRS_AT_ONCE = 512


@dataclass(frozen=True, slots=True, eq=False)
class TopSearch:
    """One batch of queries against one gallery. `owners` int32[n] says whose a row is; lower numbers win ties; nobody owns
    more than `most_rows`."""

    screen: Int8Screen
    rows: Floats
    owners: NDArray[np.int32]
    most_rows: int
    queries: Floats
    k: int

    def pairs(self) -> tuple[Places, Places, Similarities]:
        """Query, row and similarity of the k best entries of every query, best first, fewer where there are no more."""
        asked = prepared(self.queries)
        level = self._first_level(asked)
        kept = NOBODY
        done, stretch = 0, 1
        while done < self.screen.blocks:
            blocks = range(done, min(done + stretch, self.screen.blocks))
            near = each_block(partial(self.screen.passing, queries=asked, level=float(level.min())), blocks)
            kept = _joined([kept, *near])
            level = np.maximum(level, self._level(kept.of_query, kept.of_row, kept.low))
            kept = _where(kept, kept.high >= level[kept.of_query])
            if len(kept.of_query) > _MOST_PAIRS:
                kept = self._settled(kept)
            done, stretch = blocks.stop, min(2 * stretch, _LONGEST_STRETCH)
        asked.factors.fill(0)  # a query may be a passer-by
        best = self._settled(kept)
        return best.of_query, best.of_row, best.low

    def _first_level(self, asked: Queries) -> Similarities:
        """What the first block alone promises, so that it need not be kept whole."""
        low, count = self.screen.lows(0, asked), self.k * self.most_rows
        if self.most_rows > _FEW_ROWS or count > low.shape[1]:
            return np.full(len(self.queries), _LOWEST)
        return np.asarray(np.partition(low, low.shape[1] - count, axis=1)[:, -count], np.float64)

    def _level(self, of_query: Places, of_row: Places, values: Similarities) -> Similarities:
        """A level that the k-th best entry of each query is not below. While no entry owns many rows, k entries own at least
        one of the k * m best rows, which needs no look at who owns them."""
        if self.most_rows > _FEW_ROWS:
            kept = best_per_entry(of_query, self.owners[of_row], values)
            return kth_best(of_query[kept], values[kept], self.k, len(self.queries))
        return kth_best(of_query, values, self.k * self.most_rows, len(self.queries))

    def _settled(self, near: Passed) -> Passed:
        """Exact values instead of bounds, and only the k best: first of the most promising, then of who can still beat them."""
        order = np.lexsort((-near.high, near.of_query))
        few = order[first_of_each(near.of_query[order], 2 * self.k * min(self.most_rows, _FEW_ROWS))]
        q, row = near.of_query[few], near.of_row[few]
        reached = self._level(q, row, self._exact(q, row))
        near = _where(near, near.high >= reached[near.of_query])
        exact = self._exact(near.of_query, near.of_row)
        best = best_per_entry(near.of_query, self.owners[near.of_row], exact)
        best = best[first_of_each(near.of_query[best], self.k)]
        return Passed(near.of_query[best], near.of_row[best], exact[best], exact[best])

    def _exact(self, of_query: Places, of_row: Places) -> Similarities:
        """The similarities of many pairs, by all threads."""

        def part(number: int) -> Similarities:
            here = slice(number * _PAIRS_AT_ONCE, (number + 1) * _PAIRS_AT_ONCE)
            return similarities(self.queries, of_query[here], self.rows, of_row[here])

        return np.concatenate(each_block(part, range(max(1, -(-len(of_row) // _PAIRS_AT_ONCE)))))


def _joined(parts: list[Passed]) -> Passed:
    return Passed(
        np.concatenate([part.of_query for part in parts]),
        np.concatenate([part.of_row for part in parts]),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
    )


def _where(pairs: Passed, keep: NDArray[np.bool_]) -> Passed:
    return Passed(pairs.of_query[keep], pairs.of_row[keep], pairs.low[keep], pairs.high[keep])
