"""From a measured rate to what an officer may expect to see: "about x false alerts among y people (a to b)".

The bounds are limits for the number itself, not for the rate: they hold what is unknown about the rate and what chance adds.
Thatcher (1964): the exact counterpart of Clopper and Pearson's interval for a future binomial count, here through the beta-
binomial distribution with (k, n - k + 1) below and (k + 1, n - k) above.
"""

from dataclasses import dataclass

import numpy as np

METHOD = "prediction limits after Thatcher (1964), 95 %"


@dataclass(frozen=True, slots=True)
class Expected:
    """A count to come: about so many among `people`, and in 95 of 100 such measurements and days between `low` and `high`."""

    about: float
    low: int
    high: int
    people: int

    def words(self, what: str, among: str = "people") -> str:
        """`about 3 false alerts among 10,000 people (0 to 9)`; never a percentage of sureness (R40, R76)."""
        one = what.removesuffix("s") if what.endswith("alerts") and said(self.about) == "1" else what
        return f"about {said(self.about)} {one} among {self.people:,} {among} ({self.low:,} to {self.high:,})"

    def as_json(self) -> dict[str, float | int | str]:
        return {"about": self.about, "low": self.low, "high": self.high, "people": self.people, "method": METHOD}


def expected_count(k: float, n: float, people: int, confidence: float = 0.95) -> Expected:
    """How many among `people` when `k` of `n` (effective trials, need not be whole) were measured; all of them when n is 0."""
    if n <= 0 or people <= 0:
        return Expected(0.0, 0, max(0, people), max(0, people))
    tail = (1 - confidence) / 2
    low = 0 if k < 1e-9 else _largest_with_less_below(people, k, n - k + 1, tail)
    high = people if n - k < 1e-9 else _quantile(people, k + 1, n - k, 1 - tail)
    return Expected(people * k / n, low, high, people)


def said(number: float) -> str:
    """Whole above ten, one decimal below, and at least one digit that is not 0: `0.04`."""
    if number >= 10:
        return f"{number:,.0f}"
    if number >= 0.1:
        return f"{number:.1f}".removesuffix(".0")
    return "0" if number <= 0 else f"{number:.1g}" if number >= 1e-4 else "fewer than 0.0001"


def _quantile(people: int, a: float, b: float, probability: float) -> int:
    """The smallest x with P(X <= x) >= probability for a beta-binomial X of `people` trials."""
    low, high = -1, people
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _cdf(middle, people, a, b) >= probability else (middle, high)
    return high


def _largest_with_less_below(people: int, a: float, b: float, tail: float) -> int:
    """The largest x with P(X < x) <= tail."""
    low, high = 0, people + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _cdf(middle - 1, people, a, b) <= tail else (low, middle)
    return low


def _cdf(x: int, people: int, a: float, b: float) -> float:
    from scipy.special import betaln, gammaln  # a fifth of the time any command takes to start, and few need it

    if x >= people:
        return 1.0
    seen = np.arange(x + 1, dtype=np.float64)
    logs = gammaln(people + 1) - gammaln(seen + 1) - gammaln(people - seen + 1) + betaln(seen + a, people - seen + b) - betaln(a, b)
    return float(np.exp(logs).sum())
