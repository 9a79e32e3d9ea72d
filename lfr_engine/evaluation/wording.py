"""Rates in words (R76, R77): always with the count, the interval and how sure the interval is; never as a certainty."""

import re

from lfr_engine.evaluation.equality import GroupFigures, GroupRate
from lfr_engine.evaluation.interval import Measured

# What no text of ours may say, whatever the figures are.
FORBIDDEN = re.compile(
    r"\b(no|zero|without|free (?:of|from)|not any) bias\b|\bunbiased\b|\bbias[- ]free\b"
    r"|\b100(?:\.0+)? ?(?:%|per ?cent) (?:accura\w+|sure|certain)|\bperfectly accurate\b|\bnever wrong\b(?! about)"
    r"|\bno (?:demographic )?differen\w+ (?:exists?|between)",
    re.IGNORECASE,
)


def percent(share: float) -> str:
    """A share with one decimal or more: two significant digits of its distance to nothing and to everything."""
    if share in (0.0, 1.0):
        return f"{100 * share:g} %"
    digits = max(1, 1 - _exponent(min(share, 1 - share) * 100))
    return f"{100 * share:.{min(digits, 9)}f} %"


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def in_words(rate: Measured, what: str, of: str) -> str:
    """One sentence: "12 of 1,200 searches returned somebody: 1.0 % (95 %: 0.52 to 1.74 %)"."""
    if not rate.n:
        return f"no {of}: nothing can be said about {what}"
    if rate.k == 0:
        return f"{what}: 0 of {rate.n:,} {of}; the true rate could be up to {percent(rate.high)} (95 %)"
    if rate.k == rate.n:
        return f"{what}: {rate.n:,} of {rate.n:,} {of}; the true rate could be as low as {percent(rate.low)} (95 %)"
    return f"{what}: {rate.k:,} of {rate.n:,} {of} = {percent(rate.k / rate.n)} ({between(rate)})"


def between(rate: Measured) -> str:
    """The interval alone, both ends with as many decimals as its width deserves: three significant digits of it."""
    digits = max(1, min(9, 2 - _exponent(max(100 * (rate.high - rate.low), 1e-9))))
    return f"95 %: {100 * rate.low:.{digits}f} to {100 * rate.high:.{digits}f} %"


def outward(rate: Measured) -> tuple[float, float]:
    """The interval widened to tenths: all that is shown of a group so small that its counts are hidden."""
    low, high = int(rate.low * 10) / 10, -int(-(rate.high * 10) // 1) / 10
    return max(0.0, low), min(1.0, high)


def widened(rate: Measured) -> str:
    """The interval of such a group in words."""
    low, high = outward(rate)
    return f"{100 * low:g} to {100 * high:g} %"


def power_note(rate: GroupRate) -> str:
    """What the comparison with everybody else could not have seen."""
    if not rate.rate.n:
        return "not tried: nothing can be said"
    if rate.smallest_ratio_noticed is None:
        return "too few trials or events to say which ratio would be noticed 4 times of 5"
    return f"could not reliably detect a ratio below {rate.smallest_ratio_noticed:g} (power 0.8 at the 5 % level)"


def verdict(figures: tuple[GroupFigures, ...]) -> str:
    """The comparison as a whole, in words that claim no more than it shows."""
    different = [
        f"{one.attribute} {one.group} ({kind})"
        for one in figures
        if not one.hidden
        for kind, rate in (("misses", one.missed), ("false events", one.false))
        if rate.p_adjusted < 0.05
    ]
    if different:
        return "Rates differ from everybody else's at the 5 % level, adjusted for the number of groups: " + "; ".join(different) + "."
    return (
        "No comparison reached the 5 % level. That does not show that the groups fare alike: the last column says how large a "
        "difference these numbers could have missed."
    )
