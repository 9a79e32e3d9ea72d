"""Two groups' rates compared: Fisher's exact test, and the smallest ratio that it would probably have noticed.

A test that finds nothing has shown nothing by that alone. The power note says how large a difference could have gone unseen.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

METHOD = "Fisher's exact test, two-sided, against everybody else of the attribute; p adjusted after Holm over the attribute's groups"
LEVEL = 0.05
POWER = 0.8
_TAILS = 6.0  # standard deviations of a count that the sum over outcomes keeps: the rest weighs under 1e-8
_MOST_CELLS = 100_000
_RATIOS = np.array([1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100])


def fisher(k: int, n: int, other_k: int, other_n: int) -> float:
    """The two-sided p of k of n against other_k of other_n; 1.0 where one side tried nothing."""
    if not n or not other_n:
        return 1.0
    from scipy.stats import fisher_exact

    return float(fisher_exact([[k, n - k], [other_k, other_n - other_k]]).pvalue)


def holm(values: list[float]) -> list[float]:
    """Holm's adjustment (1979): each p as large as needed so that all of them may be read at one level."""
    adjusted = [0.0] * len(values)
    reached = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=lambda place: values[place])):
        reached = max(reached, min(1.0, values[place] * (len(values) - rank)))
        adjusted[place] = reached
    return adjusted


def smallest_ratio_noticed(n: int, other_k: int, other_n: int) -> float | None:
    """The smallest of a row of ratios at which a group of n would be told from the others 4 times of 5 at the 5 % level.

    The others' rate is what they showed. None where even a ratio of 100, or a rate of 1, would not be noticed that often, and where
    they showed no event: of an unknown rate no ratio can be named, and one taken at the upper end would promise too much.
    """
    if not n or not other_k:
        return None
    rate = other_k / other_n
    for ratio in _RATIOS.tolist():
        if rate * ratio > 1:
            return None
        if power(n, min(1.0, rate * ratio), other_n, rate) >= POWER:
            return float(ratio)
    return None


@lru_cache(maxsize=4096)
def power(n: int, rate: float, other_n: int, other_rate: float) -> float:
    """How often Fisher's test at the 5 % level tells two groups of these true rates apart: summed over the outcomes.

    Groups so large that the outcomes are too many to sum take the normal approximation of the two arcsines (Cohen 1988).
    """
    ours, theirs = _likely(n, rate), _likely(other_n, other_rate)
    if len(ours) * len(theirs) > _MOST_CELLS:
        return _arcsine_power(n, rate, other_n, other_rate)
    from scipy.stats import binom

    chance = np.outer(binom.pmf(ours, n, rate), binom.pmf(theirs, other_n, other_rate))
    totals = np.arange(ours[0] + theirs[0], ours[-1] + theirs[-1] + 1)
    critical = np.stack([_critical(n, other_n, int(total))[ours] for total in totals])
    sums = ours[:, None] + theirs[None, :] - totals[0]
    return float(chance[critical[sums, np.arange(len(ours))[:, None]]].sum())


def _likely(n: int, rate: float) -> NDArray[np.int64]:
    """The counts that n trials of this rate give, all but the most unlikely."""
    middle, spread = n * rate, _TAILS * (n * rate * (1 - rate)) ** 0.5 + 10
    return np.arange(max(0, int(middle - spread)), min(n, int(middle + spread) + 1) + 1)


@lru_cache(maxsize=20_000)
def _critical(n: int, other_n: int, total: int) -> NDArray[np.bool_]:
    """bool[n + 1]: for which counts of the first group, the sum of both being `total`, the test is below the level."""
    from scipy.stats import hypergeom

    support = np.arange(max(0, total - other_n), min(n, total) + 1)
    chances = hypergeom.pmf(support, n + other_n, total, n)
    order = np.argsort(chances, kind="stable")
    rising = chances[order]
    # Outcomes as unlikely as another count with it, as fisher_exact takes them.
    upto = np.searchsorted(rising, rising * (1 + 1e-7), side="right") - 1
    p = np.empty(len(support))
    p[order] = rising.cumsum()[upto]
    critical = np.zeros(n + 1, bool)
    critical[support] = p < LEVEL
    return critical


def _arcsine_power(n: int, rate: float, other_n: int, other_rate: float) -> float:
    from scipy.stats import norm

    effect = abs(2 * np.arcsin(rate**0.5) - 2 * np.arcsin(other_rate**0.5))
    scale = (n * other_n / (n + other_n)) ** 0.5
    return float(norm.sf(norm.isf(LEVEL / 2) - effect * scale))
