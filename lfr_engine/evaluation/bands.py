"""One line of a certificate per list band: the threshold, the false alerts and the misses to expect with it, as counts.

The counts are whole effective trials, so that anybody can recompute the interval with Clopper and Pearson alone; rounding is
always towards more false alerts and more misses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lfr_engine.evaluation.calibration import NonMated, PredictedFpir, expected_misses, predicted_fpir, threshold_for
from lfr_engine.evaluation.clustered import ClusteredRate
from lfr_engine.evaluation.expectation import expected_count
from lfr_engine.evaluation.interval import clopper_pearson

NOTHING_MEASURED = "not measured: nobody searched was on the list"


@dataclass(frozen=True, slots=True)
class CalibratedBand:
    """For lists of up to `max_entries` people at `threshold`. `target` is what was asked of the upper bound of FPIR, None where
    the threshold was given; `kept` says whether the measurement shows it."""

    max_entries: int
    threshold: float
    false_alerts: PredictedFpir
    misses: ClusteredRate
    target: float | None
    kept: bool
    needed_searches: int

    def as_json(self) -> dict[str, Any]:
        """`false_alerts` and `misses` are per passage (or search): whole k and n, the rate, and its 95 % interval from k and n."""
        return {
            "max_entries": self.max_entries,
            "threshold": f"{self.threshold:.4f}".rstrip("0").rstrip("."),
            "false_alerts": {
                **_counted(self.false_alerts.rate),
                "method": self.false_alerts.method,
                "extrapolated": self.false_alerts.extrapolated,
            },
            "misses": {
                **_counted(self.misses),
                "method": self.misses.method if self.misses.trials else NOTHING_MEASURED,
                "extrapolated": False,
            },
            "target": self.target,
            "kept": self.kept,
            "needed_searches": self.needed_searches,
        }

    def words(self, people: int) -> str:
        """What an officer reads for so many passers-by: false alerts and misses side by side."""
        false = expected_count(*self.false_alerts.rate.whole(), people).words("false alerts")
        beyond = "; for a longer list than was measured" if self.false_alerts.extrapolated else ""
        if not self.misses.trials:
            return f"{false}{beyond}; how many listed people would be missed is not measured"
        return f"{false}{beyond}; {expected_count(*self.misses.whole(), 100).words('missed', 'listed people who pass')}"


def calibrated_bands(
    non_mated: NonMated,
    mated: Sequence[float],
    mated_people: Sequence[str],
    sizes: Sequence[int],
    *,
    target: float,
    threshold: float | None = None,
) -> tuple[CalibratedBand, ...]:
    """For each list size: at the given threshold, or at the lowest whose upper bound keeps the target.

    Where the measurement is too small to show the target, the band stands where the estimate keeps it, and says `kept` False.
    """
    bands = []
    for size in sorted(sizes):
        chosen = threshold_for(non_mated, size, target)
        at = chosen.threshold if threshold is None else threshold
        predicted = predicted_fpir(non_mated, at, size)
        bands.append(
            CalibratedBand(
                max_entries=size,
                threshold=at,
                false_alerts=predicted,
                misses=expected_misses(mated, mated_people, at),
                target=target,
                kept=predicted.rate.high <= target,
                needed_searches=chosen.needed_searches,
            )
        )
    return tuple(bands)


def _counted(rate: ClusteredRate) -> dict[str, Any]:
    k, n = rate.whole()
    low, high = clopper_pearson(k, n)
    return {"k": k, "n": n, "expected": rate.rate, "low": low, "high": high}
