"""Samples of people drawn with replacement, for trials that share people.

A person drawn twice counts twice in every trial they take part in. A comparison of two people weighs the product of their two
weights (the pigeonhole bootstrap of Owen 2007), a comparison of somebody with themselves their weight once. That is
conservative where comparisons share people, and never optimistic where they do not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
Weights = NDArray[np.float64]  # [draws, people or trials]


def person_weights(people: int, *, seed: int, draws: int = DRAWS) -> Weights:
    """float64[draws, people]: how often each person is drawn, summing to `people` in every draw. Follows the seed."""
    if not people:
        return np.ones((draws, 0))
    return np.random.default_rng((seed, 17)).multinomial(people, np.full(people, 1 / people), size=draws).astype(np.float64)


def pair_weights(weights: Weights, first: NDArray[np.int64], second: NDArray[np.int64]) -> Weights:
    """float64[draws, pairs] for comparisons between the people `first` and `second` (places in the columns of `weights`)."""
    return np.where(first == second, weights[:, first], weights[:, first] * weights[:, second])


def weighted_share(weights: Weights, events: NDArray[np.bool_]) -> NDArray[np.float64]:
    """float64[draws]: the share of the trials that are events; nan where a draw holds no trial."""
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(total > 0, weights[:, events].sum(axis=1) / total, np.nan), np.float64)


def numbered(names: Sequence[str]) -> tuple[NDArray[np.int64], int]:
    """A number for every name, equal for equal names, and how many there are."""
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([places[name] for name in names], np.int64), len(places)
