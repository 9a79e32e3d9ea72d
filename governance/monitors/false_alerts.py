"""R54: one monitor of false alerts for each pipeline, cumulative over its deployments. Pure.

Two counts go in: alerts found false, and those nobody could decide (lost, indeterminate, still open), which the worst bound
takes for false. A limit that the worst bound passes is passed: leaving alerts undecided helps nobody.
"""

from dataclasses import dataclass
from decimal import Decimal

from governance.messages.model import Cumulative
from governance.monitors.sequence import evidence_above, lower_bound

LIMIT = Decimal("0.001")
"""R54: more than 1 false alert in 1,000 passages, the ceiling of every profile."""

ALPHA = 0.025
"""A healthy pipeline is ever stopped with at most this probability between two reviews: the lower half of a 95 % interval. Ours."""

_WANTED = 3.6888794541139363  # ln(1 / ALPHA)


@dataclass(frozen=True, slots=True)
class Monitored:
    """`lower`: what the rate of false alerts exceeds (anytime-valid), `lower_worst` with undecided alerts taken for false."""

    cumulative: Cumulative
    lower: float
    lower_worst: float
    breached: bool

    @property
    def wording(self) -> str:
        """One sentence, in counts; never "safe", never a percentage of sureness (R76)."""
        counted = self.cumulative
        told = f"{counted.false_alerts:,} false and {counted.undecided:,} undecided alerts in {counted.passages:,} passages"
        if self.breached:
            return f"{told}: more than 1 in 1,000 is false, if those undecided are"
        return f"{told}: it cannot be ruled out that fewer than 1 in 1,000 are false"


def look(cumulative: Cumulative) -> Monitored:
    """The verdict on everything so far. May be asked as often as one likes."""
    n = cumulative.passages
    false = min(cumulative.false_alerts, n)
    worst = min(cumulative.false_alerts + cumulative.undecided, n)
    return Monitored(
        cumulative,
        lower=lower_bound(false, n, ALPHA),
        lower_worst=lower_bound(worst, n, ALPHA),
        breached=evidence_above(worst, n, float(LIMIT)) >= _WANTED,
    )


def added(before: Cumulative, *, passages: int, false_alerts: int, undecided: int) -> Cumulative:
    """What was before, and one deployment more."""
    return Cumulative(
        reviews=before.reviews,
        passages=before.passages + passages,
        false_alerts=before.false_alerts + false_alerts,
        undecided=before.undecided + undecided,
    )
