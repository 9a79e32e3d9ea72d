"""Rows and queries as whole numbers of eight bits, and how far a product of them can lie from the true one.

A row x is stored as k * s, k whole in -127..127 and s the row's own step. With x' = k s and q' = j t for the query q,

    <q, x> - <q', x'>  =  <q - q', x>  +  <q', x - x'>

so by Cauchy and Schwarz the screen is off by at most  |q - q'| |x| + |q'| |x - x'|.  The four lengths are measured, in
float64, not estimated. <q', x'> itself is a sum of whole numbers below 2^31, without rounding, times s t. What is left is the
rounding of the float64 in which lengths and limits are computed; `ROUNDING` and `SLACK` are above it. The bound holds for every
row and query, also constant, sparse, denormal or doubled ones: a row that eight bits fit badly has a large |x - x'|, so it is only
computed exactly more often.

A row is asked about with one whole number: <q, x> can reach a level L only if the sum of products  sum(j k)  is at least
(L - |q - q'| |x| - |q'| |x - x'|) / (s t). The processor's instruction wants the left factors without sign, so a constant
`zero` is added to every j, and zero * sum(k) to the limit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.values import Floats

LEVELS = 127
# Lengths in float64 over fewer than 2^16 terms are off by less than 2^-36 of themselves; 2^-30 is far above that.
ROUNDING = 1.0 + 2.0**-30
# Limits are below 2^31, so float64 is off by less than 2^-19 in each step, and cutting a limit off to a whole number by less than 1.
# A whole number is worth more than 2^-30 of similarity, so this also covers the float64 sum that an exact similarity is.
SLACK = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Codes int8[n, d], and per row float64: its step, its length and the length of what the codes miss, both rounded up."""

    codes: NDArray[np.int8]
    step: NDArray[np.float64]
    length: NDArray[np.float64]
    missed: NDArray[np.float64]


def quantise(rows: Floats) -> Rows:
    """Rows float32[n, d], finite and none all zero, as whole numbers of each row's own step."""
    true = rows.astype(np.float64)
    step = np.abs(rows).max(axis=1, initial=0.0).astype(np.float64) / LEVELS
    codes = np.rint(true * (1.0 / step)[:, None])
    small, missed = codes.astype(np.int8), codes
    missed *= step[:, None]
    missed -= true
    return Rows(small, step, _length(true), _length(missed))


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """Queries as left factors uint8[m, d] that are `zero` too large, one common step, and per query float64 the length of
    its codes and of what they miss, both rounded up."""

    factors: NDArray[np.uint8]
    zero: int
    step: float
    length: NDArray[np.float64]
    missed: NDArray[np.float64]


def quantise_queries(queries: Floats, largest_left: int) -> Queries:
    """Queries float32[m, d], finite and not all zero, for a product whose left factors may be up to `largest_left`."""
    zero = (largest_left + 1) // 2
    true = queries.astype(np.float64)
    step = float(np.abs(true).max()) / (zero - 1)
    codes = np.rint(true / step)
    factors = (codes + zero).astype(np.uint8)
    codes *= step
    length = _length(codes)
    true -= codes
    made = Queries(factors, zero, step, length, _length(true))
    true.fill(0.0)  # a query may be a passer-by: no copy of one is left behind
    codes.fill(0.0)
    return made


def _length(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)) * ROUNDING, np.float64)
