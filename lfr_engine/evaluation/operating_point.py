"""The lowest threshold that keeps false events to a target, and how many of the right ones then still come through.

The false events are false matches (FMR, ISO/IEC 19795-1) or non-mated searches that return anybody (FPIR, NIST FRTE 1:N); the
right ones are the share of mated comparisons or searches at or above the threshold. Thresholds have four places, as the ones
that packs and certificates carry, and every rate is that of the threshold as it is written.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.evaluation.bootstrap import Weights
from lfr_engine.evaluation.interval import CONFIDENCE, Measured, by_person, design_effect

Scores = NDArray[np.float64]
STEP = 10_000  # thresholds per unit of similarity
SHARED = 1 - (1 - CONFIDENCE) / 2  # the confidence of each of two steps that together keep to CONFIDENCE (Bonferroni)
CHOSEN = "Clopper-Pearson by person at both ends of a distribution-free interval of the threshold, 97.5 % each"
NEVER = -2.0  # the score of a trial for which there was no template: below every similarity


@dataclass(frozen=True, slots=True)
class Sampled:
    """The scores of some trials, the bootstrap weight of each trial float64[draws, trials], and how many people took part."""

    scores: Scores
    weights: Weights
    people: int


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """At `threshold`: false events (`false.k` of `false.n` is at most `target`), and mated trials at or above it.

    `accepted` allows for the threshold having been chosen from these very people; `accepted_fixed` takes it as given."""

    target: float
    threshold: str
    false: Measured
    accepted: Measured
    accepted_fixed: Measured


def written(threshold: float) -> str:
    """A threshold as it is written everywhere: four places."""
    return f"{threshold:.4f}"


def threshold_above(score: float) -> float:
    """The lowest written threshold that this score does not reach."""
    at = math.floor(score * STEP + 1e-9) + 1
    return at / STEP


def threshold_for(nonmated: Scores, target: float) -> float:
    """The lowest threshold at which at most `target` of the non-mated trials reach it."""
    allowed = math.floor(target * len(nonmated) + 1e-9)
    if allowed >= len(nonmated):
        return -1.0
    return max(-1.0, threshold_above(float(np.sort(nonmated)[::-1][allowed])))


def operating_point(mated: Sampled, nonmated: Sampled, target: float) -> OperatingPoint | None:
    """The point for one target; None where fewer than 1/target non-mated trials were made, which cannot show such a rate."""
    if not len(mated.scores) or len(nonmated.scores) * target < 1:
        return None
    threshold = threshold_for(nonmated.scores, target)
    reached = nonmated.scores >= threshold
    drawn = _share(nonmated.weights, reached)
    false = by_person(int(reached.sum()), len(reached), drawn=drawn, people=nonmated.people)
    effect = design_effect(false.k, false.n, drawn=drawn, people=nonmated.people)
    highest, lowest = thresholds_around(nonmated.scores, target, effect)
    accepted = mated.scores >= threshold
    return OperatingPoint(
        target=target,
        threshold=written(threshold),
        false=false,
        accepted=Measured(
            int(accepted.sum()),
            len(accepted),
            _accepted(mated, mated.scores >= highest, SHARED).low,
            _accepted(mated, mated.scores > lowest, SHARED).high,
            CHOSEN,
        ),
        accepted_fixed=_accepted(mated, accepted, CONFIDENCE),
    )


def thresholds_around(nonmated: Scores, target: float, effect: float) -> tuple[float, float]:
    """(highest, lowest) between which the threshold lies that truly gives the target: distribution-free, at the confidence SHARED.

    As many non-mated scores lie above it as a binomial count of the effective number of trials allows. Infinite where that count may
    be nothing, or everything: then these trials do not bound it on that side.
    """
    from scipy.stats import binom

    falling = np.sort(nonmated)[::-1]
    effective = max(1, round(len(falling) / effect))
    fewest, most = (float(binom.ppf(tail, effective, target)) * effect for tail in ((1 - SHARED) / 2, (1 + SHARED) / 2))
    above, below = math.floor(fewest), math.ceil(most)
    return (float(falling[above - 1]) if above else math.inf), (float(falling[below]) if below < len(falling) else -math.inf)


def _accepted(mated: Sampled, events: NDArray[np.bool_], confidence: float) -> Measured:
    drawn = _share(mated.weights, events)
    return by_person(int(events.sum()), len(events), drawn=drawn, people=mated.people, confidence=confidence)


def _share(weights: Weights, events: NDArray[np.bool_]) -> NDArray[np.float64]:
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(total > 0, weights @ events.astype(np.float64) / total, np.nan), np.float64)
