"""What a threshold means for a list of N people: predicted FPIR(N), expected misses, and the threshold that a target asks for.

Input is what a measurement gives: for every non-mated search (a passage of somebody not listed, or their photo) its score
against every entry; for every mated search the score of the right entry. With several agreeing views the score of a passage
is the highest threshold at which it would still have raised the alert.

FPIR(N) up to the measured number of entries is the mean, over the searches, of the chance that a random list of N of these
entries holds at least one that the search reaches (hypergeometric: exact, no model). Beyond it, blocks of the measured size
are taken as independent: FPIR(N) = 1 - (1 - FPIR(G))^(N/G). Searches differ in how easily they reach anybody, so that this
errs towards too many false alerts (Jensen's inequality); it is marked `extrapolated` and has to be back-tested.

Terms as in ISO/IEC 19795-1 and NIST FRTE 1:N. A rate is per search, in use per passage: never per frame, never a sureness.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.clustered import METHOD, ClusteredRate, clustered_rate, effective_interval

STEP = 0.001
MEASURED = "mean chance over random lists of N of the measured entries (hypergeometric)"
EXTRAPOLATED = "blocks of the measured number of entries taken as independent: beyond what was measured"
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class NonMated:
    """Scores float32[searches, entries] of people who are not listed; a search that found no face holds -inf."""

    scores: Scores
    people: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.scores.ndim != 2 or len(self.scores) != len(self.people) or not self.scores.size:
            raise BadInput(f"scores of shape {self.scores.shape} do not fit {len(self.people)} searches")
        if np.isnan(self.scores).any():
            raise BadInput("a score is not a number")

    @property
    def entries(self) -> int:
        return int(self.scores.shape[1])


@dataclass(frozen=True, slots=True)
class PredictedFpir:
    """FPIR at one threshold for lists of `list_size`; `rate` holds estimate, interval and method."""

    list_size: int
    threshold: float
    rate: ClusteredRate
    measured_entries: int
    extrapolated: bool
    method: str

    def as_json(self) -> dict[str, Any]:
        whole_k, whole_n = self.rate.whole()
        return {
            "list_size": self.list_size,
            "threshold": f"{self.threshold:g}",
            "fpir": self.rate.rate,
            "low": self.rate.low,
            "high": self.rate.high,
            "false_k": whole_k,
            "false_n": whole_n,
            "searches": self.rate.trials,
            "people": self.rate.people,
            "measured_entries": self.measured_entries,
            "extrapolated": self.extrapolated,
            "method": self.method,
        }


def predicted_fpir(measured: NonMated, threshold: float, list_size: int) -> PredictedFpir:
    """FPIR(list_size) with an interval that allows for shared people among searches and for which entries were measured."""
    if list_size < 1:
        raise BadInput(f"a list of {list_size} people is none")
    size = min(list_size, measured.entries)
    hits = measured.scores >= threshold
    reached = hits.sum(axis=1)
    chance = _chance_of_one(measured.entries, size)
    inner = clustered_rate(chance[reached], measured.people, more_variance=_variance_between_entries(hits, reached, size))
    if list_size <= measured.entries:
        return PredictedFpir(list_size, threshold, inner, measured.entries, False, f"{MEASURED}; {METHOD}")
    power = list_size / measured.entries
    rate, low, high = (float(-np.expm1(power * np.log1p(-min(bound, 1 - 1e-15)))) for bound in (inner.rate, inner.low, inner.high))
    # So many searches at the larger size are worth as much as the interval is wide; whole() and the counts rest on that.
    outer = ClusteredRate(rate, inner.trials, inner.people, _worth(rate, high, inner.effective), low, high)
    return PredictedFpir(list_size, threshold, outer, measured.entries, True, f"{EXTRAPOLATED}; {METHOD}")


def expected_misses(scores: Sequence[float], people: Sequence[str], threshold: float) -> ClusteredRate:
    """FNIR: the share of mated searches whose own entry stays below the threshold. Searches that found no face are -inf."""
    return clustered_rate((np.asarray(scores, np.float64) < threshold).astype(np.float64), people)


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """The lowest threshold that keeps the target. `shown`: by the upper bound of FPIR(N); where the measurement is too small to
    show that at any threshold, by the estimate alone, and `needed_searches` without an error would be needed to show it."""

    threshold: float
    shown: bool
    predicted: PredictedFpir
    target: float
    needed_searches: int


def threshold_for(measured: NonMated, list_size: int, target: float, *, step: float = STEP) -> ChosenThreshold:
    """Bisection over a grid: estimate and upper bound fall as the threshold rises."""
    if not 0 < target < 1:
        raise BadInput(f"a target of {target} is not between 0 and 1")
    finite = measured.scores[np.isfinite(measured.scores)]
    low, high = 0, int(np.floor((float(finite.max()) if finite.size else 0.0) / step)) + 1
    shown = predicted_fpir(measured, high * step, list_size).rate.high <= target
    while high - low > 1:
        middle = (low + high) // 2
        rate = predicted_fpir(measured, middle * step, list_size).rate
        low, high = (low, middle) if (rate.high if shown else rate.rate) <= target else (middle, high)
    threshold = round(high * step, 9)
    return ChosenThreshold(threshold, shown, predicted_fpir(measured, threshold, list_size), target, error_free_searches(target))


def error_free_searches(target: float, confidence: float = 0.95) -> int:
    """The smallest n for which 0 of n has a two-sided Clopper-Pearson upper bound of at most `target`."""
    return int(np.ceil(np.log((1 - confidence) / 2) / np.log1p(-target)))


def _chance_of_one(entries: int, size: int) -> NDArray[np.float64]:
    """For c = 0..entries reached entries: the chance that a random list of `size` of them holds at least one of the c."""
    from scipy.special import gammaln  # a fifth of the time any command takes to start, and few need it

    reached = np.arange(entries + 1, dtype=np.float64)
    left = entries - reached
    possible = left >= size
    none = np.zeros(entries + 1)
    none[possible] = np.exp(
        gammaln(left[possible] + 1) - gammaln(left[possible] - size + 1) - gammaln(entries + 1) + gammaln(entries - size + 1)
    )
    return np.asarray(1 - np.minimum(none, 1.0), np.float64)


def _variance_between_entries(hits: NDArray[np.bool_], reached: NDArray[np.int64], size: int) -> float:
    """Jackknife over the entries: other people on the list would have been reached by others."""
    entries = hits.shape[1]
    if entries < 2 or not reached.any():
        return 0.0
    chance = _chance_of_one(entries - 1, min(size, entries - 1))
    rows, columns = np.nonzero(hits)
    with_it, without = chance[np.minimum(reached[rows], entries - 1)], chance[reached[rows] - 1]
    change = np.bincount(columns, weights=without - with_it, minlength=entries) / len(hits)
    return float((entries - 1) / entries * ((change - change.mean()) ** 2).sum())


def _worth(rate: float, high: float, most: float) -> float:
    """The number of independent searches whose Clopper-Pearson upper bound at `rate` is `high`, at most `most`."""
    low_n, high_n = 1.0, max(1.0, most)
    if effective_interval(rate * high_n, high_n)[1] >= high:
        return high_n
    for _ in range(60):
        middle = (low_n + high_n) / 2
        low_n, high_n = (middle, high_n) if effective_interval(rate * middle, middle)[1] > high else (low_n, middle)
    return low_n
