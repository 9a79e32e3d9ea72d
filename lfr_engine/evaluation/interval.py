"""Intervals for a rate k of n (R75). Trials that are independent get Clopper and Pearson's (1934); trials that share people get the
same at their effective number, after Korn and Graubard (1998), see `by_person`. Every figure carries the name of its method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
EXACT = "Clopper-Pearson, exact, for independent trials"
BY_PERSON = "Clopper-Pearson at the effective number of trials; design effect from a bootstrap by person"


def clopper_pearson(k: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """(low, high) for k events in n trials, 0 <= k <= n; (0, 1) when nothing was tried. Coverage is never below `confidence`.

    An effective number of trials need not be whole, so neither need k nor n be.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} events in {n} trials")
    if n == 0:
        return 0.0, 1.0
    from scipy.special import betaincinv  # a fifth of the time any command takes to start, and few need it

    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


@dataclass(frozen=True, slots=True)
class Rate:
    """k of n with its exact interval, for independent trials."""

    k: int
    n: int
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        if not 0 <= self.k <= self.n:
            raise ValueError(f"{self.k} of {self.n} is no rate")

    @property
    def low(self) -> float:
        return clopper_pearson(self.k, self.n, self.confidence)[0]

    @property
    def high(self) -> float:
        return clopper_pearson(self.k, self.n, self.confidence)[1]

    def as_json(self) -> dict[str, float | int]:
        return {"k": self.k, "n": self.n, "low": round(self.low, 4), "high": round(self.high, 4)}

    def __str__(self) -> str:
        if not self.n:
            return "0/0"
        return f"{self.k}/{self.n} = {100 * self.k / self.n:.1f} % (95 %: {100 * self.low:.1f} to {100 * self.high:.1f} %)"


@dataclass(frozen=True, slots=True)
class Measured:
    """k of n, its 95 % interval, and by which method: what every report, table and JSON of an evaluation is made of."""

    k: int
    n: int
    low: float
    high: float
    method: str

    @property
    def value(self) -> float | None:
        """The rate, or None where nothing was tried."""
        return self.k / self.n if self.n else None

    def as_json(self) -> dict[str, object]:
        return {"value": self.value, "k": self.k, "n": self.n, "ci": [self.low, self.high], "method": self.method}


def exactly(k: int, n: int) -> Measured:
    """A rate over independent trials."""
    rate = Rate(int(k), int(n))
    return Measured(rate.k, rate.n, rate.low, rate.high, EXACT)


def by_person(k: int, n: int, *, drawn: Sequence[float] | NDArray[np.float64], people: int, confidence: float = CONFIDENCE) -> Measured:
    """A rate over trials that share people: `drawn` are its values in samples of people drawn with replacement.

    Clopper-Pearson at the effective number of trials, so that few errors still give a usable upper end, which percentiles of a
    bootstrap do not.
    """
    effect = design_effect(k, n, drawn=drawn, people=people)
    low, high = clopper_pearson(k / effect, n / effect, confidence)
    return Measured(int(k), int(n), low, high, BY_PERSON)


def design_effect(k: int, n: int, *, drawn: Sequence[float] | NDArray[np.float64], people: int) -> float:
    """The variance of the drawn values over that of n independent trials, never less than 1.

    Where nothing or everything is an event the draws cannot vary: then each person counts as one trial.
    """
    values = np.asarray(drawn, np.float64)
    values = values[np.isfinite(values)]
    if not n or not 0 < k < n or len(values) < 2:
        return max(1.0, n / people) if people else 1.0
    share = k / n
    return max(1.0, float(values.var(ddof=1)) * n / (share * (1 - share)))
