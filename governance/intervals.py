"""Proportions as records carry and say them: k, n, the exact 95 % interval, and a sentence (R75-R77)."""

from decimal import Decimal

from governance.messages.record import Rate
from lfr_engine.evaluation.interval import clopper_pearson


def rate(k: int, n: int, what: str, of: str) -> Rate:
    """k/n with interval and a sentence. Never a percentage of sureness, never "no bias" (R76, R77)."""
    low, high = clopper_pearson(k, n)
    if n == 0:
        wording = f"no {of}: nothing can be said"
    elif k == 0:
        wording = f"0 {what} in {n:,} {of}; the true rate could be up to {percent(high)} (95 %)"
    else:
        wording = f"{k:,} {what} in {n:,} {of}: {percent(k / n)}, between {percent(low)} and {percent(high)} (95 %)"
    return Rate(k=k, n=n, low=decimal(low), high=decimal(high), wording=wording)


def decimal(value: float) -> str:
    """Six significant digits in plain notation, as records carry bounds."""
    return format(Decimal(f"{value:.6g}"), "f")


def percent(share: float) -> str:
    """Two significant digits, so that a small rate is not rounded to nothing."""
    return f"{float(f'{share * 100:.2g}'):.10f}".rstrip("0").rstrip(".") + " %"


def fixed(share: float) -> str:
    """A share with nine decimals, as ledger entries and certificates carry it."""
    return f"{share:.9f}"
