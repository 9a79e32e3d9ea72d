"""Is FPIR beyond the measured list right? Back-tested on people held out: predict a long list from a short one, then measure it.

The people, searchers and entries alike, are divided in two at random. On the first half only a part of the entries counts as
measured, and FPIR of a list as long as the second half is predicted from it; on the second half it is then counted. Nobody is
on both sides. A prediction holds when the count lies inside the limits that an officer would have been told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.calibration import NonMated, predicted_fpir
from lfr_engine.evaluation.expectation import Expected, expected_count


@dataclass(frozen=True, slots=True)
class BackTest:
    """One division: the list grew by `factor`; `expected` false alerts were foretold for `searches`, `counted` came."""

    factor: float
    list_size: int
    searches: int
    expected: Expected
    counted: int

    @property
    def holds(self) -> bool:
        return self.expected.low <= self.counted <= self.expected.high

    def as_json(self) -> dict[str, Any]:
        return {
            "factor": self.factor,
            "list_size": self.list_size,
            "searches": self.searches,
            "foretold": self.expected.about,
            "low": self.expected.low,
            "high": self.expected.high,
            "counted": self.counted,
            "holds": self.holds,
        }


def back_tests(
    measured: NonMated,
    entry_people: Sequence[str],
    threshold: float,
    *,
    factors: Sequence[float] = (2, 5, 10),
    repeats: int = 20,
    seed: int = 1,
) -> tuple[BackTest, ...]:
    """`repeats` random divisions for each factor. Raises BadInput where there are too few people to divide."""
    if len(entry_people) != measured.entries:
        raise BadInput(f"{len(entry_people)} names do not fit {measured.entries} entries")
    rng = np.random.default_rng((seed, 27))
    names = sorted({*measured.people, *entry_people})
    tests = []
    for factor in factors:
        for _ in range(repeats):
            first = {names[place] for place in rng.permutation(len(names))[: len(names) // 2]}
            tests.append(_one(measured, entry_people, threshold, float(factor), first, rng))
    return tuple(tests)


def _one(
    measured: NonMated, entry_people: Sequence[str], threshold: float, factor: float, first: set[str], rng: np.random.Generator
) -> BackTest:
    searches = np.array([name in first for name in measured.people])
    entries = np.array([name in first for name in entry_people])
    held_out = int((~entries).sum())
    wanted = round(held_out / factor)
    known = np.flatnonzero(entries)
    if not 1 <= wanted <= len(known) or not searches.any() or searches.all():
        raise BadInput(
            f"{len(entry_people)} entries and {len(measured.people)} searches are too few to hold half of the people out",
            next_step="measure on more people, or back-test a smaller factor",
        )
    short = NonMated(
        np.ascontiguousarray(measured.scores[np.ix_(np.flatnonzero(searches), rng.permutation(known)[:wanted])]),
        tuple(name for name in measured.people if name in first),
    )
    foretold = predicted_fpir(short, threshold, held_out).rate
    others = np.flatnonzero(~searches)
    reached = measured.scores[np.ix_(others, np.flatnonzero(~entries))].max(axis=1) >= threshold
    expected = expected_count(foretold.rate * foretold.effective, foretold.effective, len(others))
    return BackTest(factor, held_out, len(others), expected, int(np.count_nonzero(reached)))
