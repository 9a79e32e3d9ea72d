"""Two systems on the same trials: McNemar's exact test. Trials on which both agree say nothing about which is better."""

from collections.abc import Sequence
from dataclasses import dataclass

from lfr_engine.evaluation.interval import clopper_pearson

METHOD = "McNemar, exact (binomial over the trials on which the two differ)"


@dataclass(frozen=True, slots=True)
class McNemar:
    """`only_ours` and `only_other` count the trials on which one side alone succeeded.

    `p_two_sided`: how often a difference at least as large comes by chance where the two are equally good. `p_worse`: how often
    ours would fall behind this far by chance where it is no worse. `share` bounds (95 %, Clopper-Pearson) ours' share of the
    trials that differ: below 0.5 throughout means worse, above it better.
    """

    only_ours: int
    only_other: int
    p_two_sided: float
    p_worse: float
    share_low: float
    share_high: float

    @property
    def worse(self) -> bool:
        """Ours is worse at the one-sided level of 5 %."""
        return self.p_worse < 0.05

    def as_json(self) -> dict[str, object]:
        return {
            "only_ours": self.only_ours,
            "only_other": self.only_other,
            "p_two_sided": self.p_two_sided,
            "p_worse": self.p_worse,
            "share_of_differing_ci": [self.share_low, self.share_high],
            "method": METHOD,
        }


def mcnemar(only_ours: int, only_other: int) -> McNemar:
    """The exact test from the two counts of differing trials, each 0 or more."""
    if only_ours < 0 or only_other < 0:
        raise ValueError(f"{only_ours} and {only_other} are no counts")
    from scipy.stats import binom

    differing = only_ours + only_other
    smaller = min(only_ours, only_other)
    two_sided = min(1.0, 2 * float(binom.cdf(smaller, differing, 0.5))) if differing else 1.0
    worse = float(binom.cdf(only_ours, differing, 0.5)) if differing else 1.0
    low, high = clopper_pearson(only_ours, differing)
    return McNemar(only_ours, only_other, two_sided, worse, low, high)


def mcnemar_of(ours: Sequence[bool], other: Sequence[bool]) -> McNemar:
    """The exact test from both sides' successes on the same trials, in the same order."""
    if len(ours) != len(other):
        raise ValueError(f"{len(ours)} and {len(other)} trials are not the same trials")
    pairs = list(zip(ours, other, strict=True))
    return mcnemar(sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs))
