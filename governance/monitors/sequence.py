"""Anytime-valid evidence and bounds for a rate: they hold at every moment one looks, however often one looks. Pure.

Robbins' method of mixtures (H. Robbins, "Statistical methods related to the law of the iterated logarithm", Ann. Math. Stat.
41, 1970; D. Darling and H. Robbins, PNAS 58, 1967) for Bernoulli trials, as used by I. Waudby-Smith and A. Ramdas,
"Estimating means of bounded random variables by betting", JRSS B 86, 2024. A likelihood ratio against p, averaged over a
prior on the alternatives, is a martingale under p, and by Ville's inequality (1939) it ever reaches 1/alpha with a
probability of at most alpha.

For the lower bound the prior lies above p only. Then every single ratio (q/p)^x ((1-q)/(1-p))^(1-x) with q > p grows with x,
its expectation is at most 1 whenever the chance of an event is at most p *given everything before*, and the average is a
supermartingale under all of those. So nothing has to be constant or independent: a quiet street by day and a full one by
night, repeat passers and bursts are covered as long as no passage's own chance exceeds p.
"""

import math

from lfr_engine.errors import BadInput

# Beta(1/2, 300): spread over rates from one in 10,000 to one in a hundred. It only decides how soon a bad pipeline is found,
# never how often a good one is stopped. Ours, chosen among four by simulation (docs/monitors.md).
PRIOR = (0.5, 300.0)
_FLAT = (0.5, 0.5)  # Jeffreys: for rates of which nothing is known beforehand
_STEPS = 60


def evidence_above(k: int, n: int, rate: float) -> float:
    """The natural logarithm of the evidence that the chance of an event exceeds `rate`, after k events in n trials."""
    _require_counts(k, n)
    if not 0 < rate < 1:
        raise BadInput(f"{rate} is no rate between 0 and 1")
    if n == 0:
        return 0.0
    from scipy.special import betaincc, betaln  # a fifth of the time any command takes to start, and few need it

    a, b = PRIOR
    after = float(betaincc(a + k, b + n - k, rate))
    if after <= 0.0:  # all of the posterior lies below the rate: no evidence at all
        return -math.inf
    before = float(betaincc(a, b, rate))
    mixed = float(betaln(a + k, b + n - k)) + math.log(after) - float(betaln(a, b)) - math.log(before)
    return mixed - k * math.log(rate) - (n - k) * math.log1p(-rate)


def lower_bound(k: int, n: int, alpha: float) -> float:
    """The largest rate that the evidence rules out at this moment: 0 as long as none is."""
    _require_counts(k, n)
    if k == 0:
        return 0.0
    wanted = math.log(1 / alpha)
    low, high = 0.0, k / n
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if 0 < middle < 1 and evidence_above(k, n, middle) >= wanted:
            low = middle
        else:
            high = middle
    return low


def interval(k: int, n: int, alpha: float) -> tuple[float, float]:
    """Both sides, for one constant rate: all rates that a mixture over Beta(1/2, 1/2) has not ruled out at level alpha."""
    _require_counts(k, n)
    if n == 0:
        return 0.0, 1.0
    from scipy.special import betaln

    a, b = _FLAT
    mixed = float(betaln(a + k, b + n - k) - betaln(a, b))
    wanted = math.log(1 / alpha)

    def ruled_out(rate: float) -> bool:
        told = mixed - (k * math.log(rate) if k else 0.0) - ((n - k) * math.log1p(-rate) if n > k else 0.0)
        return told >= wanted

    share = k / n
    low, high = 0.0, 1.0
    inside_low, inside_high = share, share
    for _ in range(_STEPS):
        middle = (low + inside_low) / 2
        if 0 < middle < 1 and ruled_out(middle):
            low = middle
        else:
            inside_low = middle
        middle = (inside_high + high) / 2
        if 0 < middle < 1 and ruled_out(middle):
            high = middle
        else:
            inside_high = middle
    return (0.0 if k == 0 else low), (1.0 if k == n else high)


def _require_counts(k: int, n: int) -> None:
    if not 0 <= k <= n:
        raise BadInput(f"{k} events in {n} trials")
