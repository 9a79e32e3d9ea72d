"""Two ways to do the same work, timed in turns, so that whatever else the machine does falls on both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paired:
    """Seconds of each round on both sides, in the order run."""

    ours_s: tuple[float, ...]
    other_s: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times as long the other took, round by round."""
        return tuple(other / ours for ours, other in zip(self.ours_s, self.other_s, strict=True))

    @property
    def ratio(self) -> float:
        """The median over the rounds; above 1 ours is faster."""
        return statistics.median(self.ratios)

    @property
    def low(self) -> float:
        return min(self.ratios)

    @property
    def high(self) -> float:
        return max(self.ratios)


def paired(ours: Callable[[], object], other: Callable[[], object], *, rounds: int, warm_up: int = 1) -> Paired:
    """Run both `rounds` times in turns, who begins changing each round, after `warm_up` rounds that are not counted."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(warm_up + rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        for side in order:
            seconds = seconds_of((ours, other)[side])
            if number >= warm_up:
                taken[side].append(seconds)
    return Paired(tuple(taken[0]), tuple(taken[1]))


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call, never 0."""
    started = time.perf_counter()
    work()
    return max(time.perf_counter() - started, 1e-9)
