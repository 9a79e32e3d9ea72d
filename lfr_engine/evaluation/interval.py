"""Exact intervals for a rate k of n: Clopper and Pearson 1934, two-sided."""

from dataclasses import dataclass


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """(low, high) for k events in n trials, 0 <= k <= n; (0, 1) when nothing was tried. Coverage is never below `confidence`."""
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
    """k of n with its interval."""

    k: int
    n: int
    confidence: float = 0.95

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
