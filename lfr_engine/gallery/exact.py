"""What a similarity is: the float64 inner product of the stored float32 rows, summed in one fixed order."""

import numpy as np
from numpy.typing import NDArray

from lfr_engine.values import Floats

Places = NDArray[np.int64]
Similarities = NDArray[np.float64]

_BLOCK_PAIRS = 2048
_APART = 16.0  # similarities and their bounds lie between -4 and 4


def similarities(queries: Floats, of_query: Places, rows: Floats, of_row: Places) -> Similarities:
    """float64[p] of the p pairs (query, row) named by their places."""
    found = np.empty(len(of_row), np.float64)
    for start in range(0, len(of_row), _BLOCK_PAIRS):
        part = slice(start, start + _BLOCK_PAIRS)
        asked, products = queries[of_query[part]], rows[of_row[part]].astype(np.float64)
        products *= asked
        found[part] = products.sum(axis=1)
        asked.fill(0.0)  # a query may be a passer-by: no copy of one is left behind
        products.fill(0.0)
    return found


def best_per_entry(of_query: Places, owners: NDArray[np.int32], values: Similarities) -> Places:
    """Places of the best pair of each query and entry, sorted by query, best first, ties by lower owner."""
    by_entry = np.lexsort((-values, owners, of_query))
    q, o = of_query[by_entry], owners[by_entry]
    first = np.ones(len(by_entry), bool)
    first[1:] = (q[1:] != q[:-1]) | (o[1:] != o[:-1])
    kept = by_entry[first]
    return np.asarray(kept[np.lexsort((owners[kept], -values[kept], of_query[kept]))], np.int64)


def first_of_each(of_query: Places, k: int) -> NDArray[np.bool_]:
    """Which of the pairs, sorted by query, are among the first k of their query."""
    return np.asarray(np.arange(len(of_query)) - np.searchsorted(of_query, of_query) < k)


def kth_best(of_query: Places, values: Similarities, k: int, queries: int) -> Similarities:
    """For each query a level just under its k-th best value, float64[queries]; minus infinity where there are fewer than k.

    One sort for all: a query's values lie in an interval of their own. That costs digits, so a little is taken off.
    """
    apart = np.sort(of_query * _APART - values)
    ends = np.searchsorted(apart, np.arange(queries + 1) * _APART - _APART / 2)
    level = np.full(queries, -np.inf)
    enough = ends[1:] - ends[:-1] >= k
    level[enough] = np.flatnonzero(enough) * _APART - apart[ends[:-1][enough] + k - 1] - 2.0**-32
    return level
