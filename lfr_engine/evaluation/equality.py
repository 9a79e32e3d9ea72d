"""Rates by group, compared (R76; ISO/IEC 19795-10, NISTIR 8429): misses among the people who should be found, false events
among strangers, each with its ratio to the best group and to the geometric mean, an exact test, and what that test could not have
seen.

A group with a rate of fewer than five people is shown without counts; so is the next smallest where only one would be hidden,
since the rest would give it away. Nothing here can say that there is no difference: it says which would have been noticed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lfr_engine.evaluation.bootstrap import numbered, person_weights, weighted_share
from lfr_engine.evaluation.fisher import fisher, holm, smallest_ratio_noticed
from lfr_engine.evaluation.groups import Groups
from lfr_engine.evaluation.interval import Measured, by_person, exactly

SMALL = 5  # domain.md 11N, small_count_suppress: ours, not traced to a source
UNSTATED = "not stated"


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of one person: `event` is a miss, or a false event."""

    person: str
    event: bool


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One kind of event in one group. Ratios are None where a group without any event makes them meaningless."""

    rate: Measured
    ratio_to_best: float | None
    ratio_to_geometric_mean: float | None
    p_value: float
    p_adjusted: float
    smallest_ratio_noticed: float | None


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group of one attribute. `hidden`: one of its rates is of too few people; counts and comparisons are not shown."""

    attribute: str
    group: str
    people: int
    hidden: bool
    missed: GroupRate
    false: GroupRate


def compare(groups: Groups, misses: Sequence[Trial], falses: Sequence[Trial], *, seed: int) -> tuple[GroupFigures, ...]:
    """Every group of every attribute. People the table does not name form a group of their own, so that all are counted."""
    figures: list[GroupFigures] = []
    kinds = [people for people in ({trial.person for trial in trials} for trials in (misses, falses)) if people]
    tried = set().union(*kinds)
    for attribute, members in groups.people.items():
        unstated = groups.unstated[attribute] & tried
        sets = members | ({UNSTATED: frozenset(unstated)} if unstated else {})
        hidden = too_small([_smallest(people, kinds) for people in sets.values()])
        missed = _rates([[trial for trial in misses if trial.person in people] for people in sets.values()], hidden, seed)
        false = _rates([[trial for trial in falses if trial.person in people] for people in sets.values()], hidden, seed)
        figures += [
            GroupFigures(attribute, group, len(people & tried), hide, miss, wrong)
            for (group, people), hide, miss, wrong in zip(sets.items(), hidden, missed, false, strict=True)
        ]
    return tuple(figures)


def _smallest(people: frozenset[str], kinds: Sequence[set[str]]) -> int:
    """Of how many people the smaller of a group's rates is made, kinds of trials that nobody made left aside."""
    return min((len(people & kind) for kind in kinds), default=0)


def too_small(sizes: Sequence[int]) -> list[bool]:
    """Which groups are shown without counts: those under five, and one more where a single hidden one could be worked out."""
    hidden = [size < SMALL for size in sizes]
    if sum(hidden) == 1 and len(sizes) > 1:
        others = [place for place, hide in enumerate(hidden) if not hide]
        hidden[min(others, key=lambda place: sizes[place])] = True
    return hidden


def _rates(trials: list[list[Trial]], hidden: list[bool], seed: int) -> list[GroupRate]:
    """Each group's rate, compared with everybody else; ratios are among the groups that are shown."""
    rates = [rate_of(one, seed) for one in trials]
    total_k, total_n = sum(rate.k for rate in rates), sum(rate.n for rate in rates)
    p_values = [fisher(rate.k, rate.n, total_k - rate.k, total_n - rate.n) for rate in rates]
    shares = [rate.value for rate, hide in zip(rates, hidden, strict=True) if rate.value is not None and not hide]
    best = min(shares, default=0.0)
    mean = math.exp(sum(math.log(share) for share in shares) / len(shares)) if best > 0 else 0.0
    return [
        GroupRate(
            rate=rate,
            ratio_to_best=rate.value / best if best > 0 and rate.value is not None else None,
            ratio_to_geometric_mean=rate.value / mean if mean > 0 and rate.value is not None else None,
            p_value=p_value,
            p_adjusted=adjusted,
            smallest_ratio_noticed=smallest_ratio_noticed(rate.n, total_k - rate.k, total_n - rate.n),
        )
        for rate, p_value, adjusted in zip(rates, p_values, holm(p_values), strict=True)
    ]


def rate_of(trials: Sequence[Trial], seed: int) -> Measured:
    """The rate of some trials: exact where nobody was tried twice, else by person."""
    k = sum(trial.event for trial in trials)
    places, people = numbered([trial.person for trial in trials])
    if people == len(trials):
        return exactly(k, len(trials))
    weights = person_weights(people, seed=seed)[:, places]
    return by_person(k, len(trials), drawn=weighted_share(weights, np.array([trial.event for trial in trials])), people=people)
