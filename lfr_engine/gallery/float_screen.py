"""The short way for short lists: faiss multiplies in float32 and keeps the nearest rows; its rounding error is the bound.

faiss sums d products of float32 in whatever order its kernels like; each sum is off by at most d * 2^-24 times the sum of the
absolute products, which for unit vectors is at most 1 (Higham 2002, section 3.1). Twice that is allowed.
"""

import faiss
import numpy as np

from lfr_engine.gallery.exact import Places, best_per_entry, kth_best
from lfr_engine.values import UNIT_NORM_TOLERANCE, Floats

FLOAT32_ROUNDING = 2.0**-24
_FIRST_GUESS = 32  # rows asked for before it is known that more are needed


def off_by(dimension: int) -> float:
    """How far faiss' inner product of two unit vectors can lie from the true one."""
    return 2 * dimension * FLOAT32_ROUNDING * (1 + UNIT_NORM_TOLERANCE) ** 2


def may_reach(queries: Floats, rows: Floats, threshold: float) -> tuple[Places, Places]:
    """Pairs (query, row) that may lie at or above the threshold."""
    floor, wanted = threshold - off_by(rows.shape[1]), min(_FIRST_GUESS, len(rows))
    while True:
        scores, places = faiss.knn(queries, rows, wanted, metric=faiss.METRIC_INNER_PRODUCT)
        if wanted == len(rows) or not (scores[:, -1] >= floor).any():
            break
        wanted = min(wanted * 4, len(rows))
    of_query, column = np.nonzero(scores >= floor)
    return of_query, places[of_query, column]


def may_be_top(queries: Floats, rows: Floats, owners: np.ndarray[tuple[int], np.dtype[np.int32]], k: int) -> tuple[Places, Places]:
    """Pairs (query, row) among which the best rows of the k best entries are, with all that tie with the last of them."""
    wanted = min(max(2 * k, _FIRST_GUESS), len(rows))
    while True:
        scores, places = faiss.knn(queries, rows, wanted, metric=faiss.METRIC_INNER_PRODUCT)
        of_query, of_row = np.repeat(np.arange(len(queries)), wanted), places.ravel()
        best = best_per_entry(of_query, owners[of_row], scores.ravel())
        level = kth_best(of_query[best], scores.ravel()[best], k, len(queries))
        if wanted == len(rows) or (scores[:, -1] + 2 * off_by(rows.shape[1]) < level).all():
            return of_query, of_row
        wanted = min(wanted * 4, len(rows))
