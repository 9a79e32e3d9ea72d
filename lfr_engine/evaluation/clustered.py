"""A rate over trials that share people: Clopper and Pearson's interval on the number of trials they are worth.

Several passages of one person are not several independent trials. Korn and Graubard (1998) keep the exact binomial interval
and shrink n to n / design effect, where the design effect is the variance found by leaving out one person at a time over the
variance that independent trials would have. With no event at all nothing is known of that variance: then every person counts
once. The interval does not collapse at 0 of n, which is where a bootstrap by person does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.interval import clopper_pearson

METHOD = "Clopper-Pearson on the effective number of trials, clustered by person (Korn and Graubard 1998)"
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class ClusteredRate:
    """`rate` of `trials` over `people`, with its interval; `effective` trials are what the clustered ones are worth."""

    rate: float
    trials: int
    people: int
    effective: float
    low: float
    high: float
    method: str = METHOD

    def whole(self) -> tuple[int, int]:
        """(k, n) in whole effective trials, n rounded down and k up: their Clopper-Pearson upper bound is never below `high`."""
        n = max(1, int(self.effective + 1e-9)) if self.trials else 0
        return min(n, int(np.ceil(self.rate * n - 1e-9))), n

    def as_json(self) -> dict[str, float | int | str]:
        return {
            "rate": self.rate,
            "trials": self.trials,
            "people": self.people,
            "effective": round(self.effective, 2),
            "low": self.low,
            "high": self.high,
            "method": self.method,
        }


def clustered_rate(
    values: NDArray[np.float64] | Sequence[float], people: Sequence[str], *, more_variance: float = 0.0, confidence: float = CONFIDENCE
) -> ClusteredRate:
    """The mean of `values` (0..1 each, one per trial), trials of one person forming a cluster.

    `more_variance` is added to the variance found between people, for a second thing that trials share. Raises BadInput
    where values and people do not fit together.
    """
    given = np.asarray(values, np.float64)
    if len(given) != len(people):
        raise BadInput(f"{len(given)} trials of {len(people)} people do not fit together")
    if not len(given):
        return ClusteredRate(0.0, 0, 0, 0.0, 0.0, 1.0)
    if not np.isfinite(given).all() or given.min() < 0 or given.max() > 1:
        raise BadInput("a trial's value is not between 0 and 1")
    _, place = np.unique(np.asarray(people, dtype=object).astype(str), return_inverse=True)
    sums = np.bincount(place, weights=given).astype(np.float64)
    counts = np.bincount(place).astype(np.float64)
    rate, clusters = float(given.mean()), len(sums)
    effective = _effective(rate, len(given), sums, counts, more_variance, confidence)
    low, high = effective_interval(rate * effective, effective, confidence)
    return ClusteredRate(rate, len(given), clusters, effective, low, high)


def effective_interval(k: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper-Pearson for counts that need not be whole."""
    if abs(k - round(k)) < 1e-9 and abs(n - round(n)) < 1e-9:
        return clopper_pearson(round(k), round(n), confidence)
    from scipy.special import betaincinv  # a fifth of the time any command takes to start, and few need it

    tail = (1 - confidence) / 2
    low = 0.0 if k < 1e-9 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if n - k < 1e-9 else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def _effective(
    rate: float, trials: int, sums: NDArray[np.float64], counts: NDArray[np.float64], more_variance: float, confidence: float
) -> float:
    """How many independent trials these are worth: never more than there were, never less than one."""
    clusters = len(sums)
    if rate in (0.0, 1.0) or clusters < 2:
        return float(clusters)
    left_out = (sums.sum() - sums) / (trials - counts)
    variance = float((clusters - 1) / clusters * ((left_out - left_out.mean()) ** 2).sum()) + more_variance
    if variance <= 0:
        return float(clusters)
    from scipy.special import stdtrit  # see above

    # The variance is itself estimated: Student's t instead of the normal, as Korn and Graubard do.
    wider = float(stdtrit(trials - 1, 0.5 + confidence / 2) / stdtrit(clusters - 1, 0.5 + confidence / 2)) ** 2
    independent = rate * (1 - rate) / (trials - 1)
    return float(min(trials, max(1.0, trials * independent / variance * wider)))
