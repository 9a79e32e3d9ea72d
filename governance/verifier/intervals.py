"""Exact binomial intervals (Clopper and Pearson 1934) with the standard library.

The bounds are quantiles of the beta distribution; its distribution function is the continued fraction 8.17.22 of the NIST
Digital Library of Mathematical Functions, inverted by bisection: slower than Newton's method and never wrong about the side.
"""

import math

CONFIDENCE = 0.95
_TINY = 1e-300
_STEPS_MAX = 20_000


def clopper_pearson(k: int, n: int) -> tuple[float, float]:
    """Two-sided 95 % interval for k of n; (0, 1) for n = 0. Raises ValueError unless 0 <= k <= n."""
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no proportion")
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if k == 0 else beta_quantile(tail, k, n - k + 1)
    high = 1.0 if k == n else beta_quantile(1 - tail, k + 1, n - k)
    return low, high


def beta_quantile(probability: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if _beta_cdf(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_cdf(x: float, a: float, b: float) -> float:
    """I_x(a, b); the symmetry relation keeps the continued fraction where it converges fast."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_cdf(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _continued_fraction(x, a, b) / a


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Modified Lentz evaluation."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, _STEPS_MAX):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + numerator * d)
            c = _away_from_zero(1 + numerator / c)
            total *= c * d
        if abs(c * d - 1) < 1e-15:
            return total
    raise ArithmeticError("the continued fraction of the beta distribution did not converge")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
