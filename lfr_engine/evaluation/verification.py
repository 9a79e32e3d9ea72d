"""1:1 comparison of still photos: FMR and FNMR (ISO/IEC 19795-1), TAR at FAR, ten-fold accuracy.

A smoke test, and its report says so: it shows whether networks and alignment are right. It says little about a camera in the
street, where one passer is compared with a whole list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.evaluation.bootstrap import numbered, pair_weights, person_weights, weighted_share
from lfr_engine.evaluation.interval import Measured, by_person, exactly
from lfr_engine.evaluation.operating_point import NEVER, OperatingPoint, Sampled, Scores, operating_point
from lfr_engine.evaluation.pairs import Pair, Pairs
from lfr_engine.evaluation.template_store import Kept

FOLDS = 10
FAR_TARGETS = (0.1, 0.01, 0.001, 0.0001)
ROC_POINTS = 200


@dataclass(frozen=True, slots=True)
class RocPoint:
    """False match rate and true accept rate at one threshold."""

    threshold: float
    far: float
    tar: float


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """`accuracy` over all pairs, each judged at the threshold that the other nine folds give; `failures`: photos without template
    among the photos. A pair with such a photo is wrong in `accuracy` and not accepted in every TAR."""

    pairs: tuple[Pair, ...]
    scores: Scores
    accuracy: Measured
    fold_thresholds: tuple[float, ...]
    points: tuple[OperatingPoint, ...]
    roc: tuple[RocPoint, ...]
    failures: Measured
    people: int
    people_from: str


def verify(material: Pairs, templates: Mapping[str, Kept], *, seed: int) -> Verification:
    """Judge every pair. `templates` by photo name."""
    pairs = material.pairs
    scores = np.array([_score(templates[pair.a.name], templates[pair.b.name]) for pair in pairs])
    same = np.array([pair.same for pair in pairs])
    places, people = numbered([photo.person for pair in pairs for photo in (pair.a, pair.b)])
    first, second = places[0::2], places[1::2]
    weights = pair_weights(person_weights(people, seed=seed), first, second)
    right, thresholds = ten_folds(scores, same)
    mated, nonmated = (Sampled(scores[kind], weights[:, kind], _independent(first[kind], second[kind])) for kind in (same, ~same))
    points = (operating_point(mated, nonmated, target) for target in FAR_TARGETS)
    missing = sum(templates[photo.name].vector is None for photo in material.photos)
    return Verification(
        pairs=pairs,
        scores=scores,
        accuracy=by_person(int(right.sum()), len(pairs), drawn=weighted_share(weights, right), people=_independent(first, second)),
        fold_thresholds=thresholds,
        points=tuple(point for point in points if point is not None),
        roc=roc_of(mated.scores, nonmated.scores),
        failures=exactly(missing, len(material.photos)),
        people=people,
        people_from=material.people_from,
    )


def _score(a: Kept, b: Kept) -> float:
    if a.vector is None or b.vector is None:
        return NEVER
    return float(a.vector.astype(np.float64) @ b.vector.astype(np.float64))


def _independent(first: NDArray[np.int64], second: NDArray[np.int64]) -> int:
    """A number of comparisons that surely share nobody: half the people, or all of them where each is compared with themselves."""
    people = len(np.union1d(first, second))
    return people if bool((first == second).all()) else max(1, people // 2)


def ten_folds(scores: Scores, same: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], tuple[float, ...]]:
    """Which pairs are judged rightly, each at the best threshold of the other nine folds, and the ten thresholds.

    The folds take turns within each kind of pair, so that all are alike; a person may be in several of them.
    """
    fold = np.empty(len(scores), np.int64)
    for kind in (same, ~same):
        fold[kind] = np.arange(int(kind.sum())) % FOLDS
    right = np.zeros(len(scores), bool)
    thresholds = []
    for number in range(FOLDS):
        inside = fold == number
        threshold = best_threshold(scores[~inside], same[~inside])
        right[inside] = (scores[inside] >= threshold) == same[inside]
        thresholds.append(threshold)
    return right & (scores > NEVER), tuple(thresholds)


def best_threshold(scores: Scores, same: NDArray[np.bool_]) -> float:
    """The threshold that judges most pairs rightly; the middle of the widest such gap, the lowest of several."""
    order = np.argsort(scores, kind="stable")
    rising, kinds = scores[order], same[order]
    below_right = np.concatenate([[0], (~kinds).cumsum()])
    above_right = np.concatenate([[0], kinds[::-1].cumsum()])[::-1]
    edges = np.concatenate([[rising[0] - 1e-6], rising, [rising[-1] + 1e-6]])
    right = below_right + above_right
    right[1:-1][rising[1:] == rising[:-1]] = -1  # a threshold cannot part equal scores
    best = np.flatnonzero(right == right.max())
    widest = best[int(np.argmax(edges[best + 1] - edges[best]))]
    return float((edges[widest] + edges[widest + 1]) / 2)


def roc_of(mated: Scores, nonmated: Scores) -> tuple[RocPoint, ...]:
    """The curve, at most `ROC_POINTS` points spread over the scores of both kinds, from the strictest threshold down."""
    every = np.unique(np.concatenate([mated, nonmated]))[::-1]
    every = every[every > NEVER]
    chosen: Sequence[float] = every[np.unique(np.linspace(0, len(every) - 1, ROC_POINTS).astype(int))].tolist() if len(every) else []
    return tuple(RocPoint(at, float((nonmated >= at).mean()), float((mated >= at).mean())) for at in chosen)
