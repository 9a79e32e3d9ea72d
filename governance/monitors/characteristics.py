"""How the monitor of false alerts behaves, simulated: how often it stops a healthy pipeline, how soon a bad one. Pure, by seed.

The table of docs/monitors.md comes from here (`lfr models monitors`), so that it can be made again after any change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.monitors.false_alerts import ALPHA, LIMIT
from governance.monitors.sequence import evidence_above

RATES = (0.0001, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.03)
POINT_AFTER = 1_000
"""R54's other rule, the bare point estimate after 1,000 faces: simulated beside it to show what it would do."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Of `runs` pipelines with this true rate watched over `passages`: how many were ever stopped, after how many passages at
    the median of those stopped, and how many the bare point estimate would have stopped."""

    rate: float
    passages: int
    runs: int
    stopped: int
    median_passages: int | None
    stopped_by_point: int


def simulate(rate: float, *, passages: int, runs: int, every: int = 50, seed: int = 1) -> Behaviour:
    """Independent passages at a constant rate, looked at after every `every` passages."""
    rng = np.random.default_rng((seed, int(rate * 1e9)))
    looks = np.arange(every, passages + 1, every)
    ceiling = _fewest_that_stop(looks)
    first: list[int] = []
    by_point = 0
    for _ in range(runs):
        seen = np.cumsum(rng.binomial(every, rate, size=len(looks)))
        over = np.flatnonzero(seen >= ceiling)
        if len(over):
            first.append(int(looks[over[0]]))
        by_point += bool(np.any((seen > float(LIMIT) * looks) & (looks >= POINT_AFTER)))
    return Behaviour(rate, passages, runs, len(first), int(np.median(first)) if first else None, by_point)


def _fewest_that_stop(looks: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each look the fewest false alerts that stop the pipeline; it never falls as passages go by."""
    wanted = float(np.log(1 / ALPHA))
    fewest, k = [], 1
    for n in looks:
        while k <= n and evidence_above(k, int(n), float(LIMIT)) < wanted:
            k += 1
        fewest.append(k)
    return np.array(fewest, np.int64)


def table(*, passages: int = 100_000, runs: int = 2_000) -> str:
    """The operating characteristics as Markdown."""
    lines = [
        "| true rate of false alerts | ever stopped | median passages until then | the point estimate alone would stop |",
        "|---|---|---|---|",
    ]
    for rate in RATES:
        one = simulate(rate, passages=passages, runs=runs)
        when = f"{one.median_passages:,}" if one.median_passages is not None else "-"
        lines.append(f"| {rate * 1000:g} in 1,000 | {one.stopped:,} of {one.runs:,} | {when} | {one.stopped_by_point:,} of {one.runs:,} |")
    return "\n".join(lines)
