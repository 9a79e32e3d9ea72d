"""The anytime-valid evidence against a rate of false alerts, computed in another way than the program that publishes it.

There it is a ratio of incomplete beta functions; here the mixture is integrated numerically (composite Simpson on a
logarithmic scale of the rate, likelihoods as logarithms), so that a mistake in one does not hide in the other.
"""

import math

PRIOR = (0.5, 300.0)
_PIECES = 4_000
_CLOSE_TO_ONE = 1 - 1e-9


def evidence_above(k: int, n: int, rate: float) -> float:
    """The natural logarithm of the evidence that the chance of an event exceeds `rate`, after k of n. Raises ValueError."""
    if not (0 <= k <= n and 0 < rate < 1):
        raise ValueError(f"{k} of {n} against {rate} cannot be compared")
    a, b = PRIOR
    floor, top = math.log(rate), math.log(_CLOSE_TO_ONE)
    step = (top - floor) / _PIECES
    prior, mixed = [], []
    for piece in range(_PIECES + 1):
        u = floor + piece * step
        q = math.exp(u)
        weight = math.log(1 if piece in (0, _PIECES) else (4 if piece % 2 else 2))
        density = weight + a * u + (b - 1) * math.log1p(-q)  # dq = q du
        prior.append(density)
        mixed.append(density + k * (u - math.log(rate)) + (n - k) * (math.log1p(-q) - math.log1p(-rate)))
    return _log_sum(mixed) - _log_sum(prior)


def lower_bound(k: int, n: int, alpha: float) -> float:
    """The largest rate that is ruled out: 0 as long as none is."""
    if k == 0:
        return 0.0
    low, high = 0.0, k / n
    for _ in range(30):
        middle = (low + high) / 2
        if 0 < middle < 1 and evidence_above(k, n, middle) >= math.log(1 / alpha):
            low = middle
        else:
            high = middle
    return low


def _log_sum(logs: list[float]) -> float:
    largest = max(logs)
    return largest + math.log(math.fsum(math.exp(one - largest) for one in logs))
