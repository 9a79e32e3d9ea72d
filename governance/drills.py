"""Drills: consenting staff walk past the cameras at times nobody chose, so that recognition can be measured live (R30, R78).

The schedule is drawn from the digest of the authority: it is fixed the moment the officer's assertion is logged, nobody can
draw again until they like it, and anybody can draw it again to check. A walk counts once its walker has tapped their own
token; it counts whether or not they were recognised. Pure.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lfr_engine.clock import format_utc, parse_utc

LABEL = b"lawful-lfr/drill/v1\n"
MOST_WALKERS, MOST_WALKS = 50, 500
EARLY = timedelta(seconds=5)
"""A recognition may come this much before the tap: the camera can be quicker than a hand."""
WITHIN = timedelta(seconds=120)
"""After this much a recognition no longer belongs to the walk (ours; a zone of recognition is crossed in seconds)."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk of the schedule, numbered in order of time."""

    number: int
    walker_id: str
    due_at: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one walk: tapped or not, and then recognised or missed."""

    walker_id: str
    walked: bool
    recognised: bool


def draw(decision: str, walkers: Sequence[str], walks: int, start: datetime, end: datetime) -> tuple[Walk, ...]:
    """`walks` walks between start and end, each walker as often as any other (give or take one), drawn from the digest."""
    order = sorted(walkers, key=lambda walker: _number(decision, f"walker {walker}"))
    span_ms = round((end - start).total_seconds() * 1000)
    times = [
        (start + timedelta(milliseconds=_number(decision, f"time {place}") % span_ms), place, order[place % len(order)])
        for place in range(walks)
    ]
    return tuple(Walk(number, walker, format_utc(at)) for number, (at, _, walker) in enumerate(sorted(times), start=1))


def schedule_digest(walks: Sequence[Walk]) -> str:
    """SHA-256 over one line per walk, `number walker due_at`: what the ledger names before matching starts."""
    lines = "".join(f"{walk.number} {walk.walker_id} {walk.due_at}\n" for walk in walks)
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


def tap_bytes(deployment_id: str, walk: int) -> bytes:
    """What a walker's token signs."""
    return b"lawful-lfr/drill-tap/v1\n" + f"{deployment_id}\n{walk}\n".encode()


def outcomes(walks: Sequence[Walk], taps: Mapping[int, str], recognitions: Sequence[tuple[str, str]]) -> tuple[tuple[Outcome, ...], int]:
    """(one outcome per walk, recognitions that belong to no walk). `taps`: walk number -> when; `recognitions`: (walker, when).

    A recognition belongs to the walker's latest tap before it (or up to `EARLY` after it), if it came within `WITHIN`.
    """
    tapped = sorted((parse_utc(taps[walk.number]), walk.number, walk.walker_id) for walk in walks if walk.number in taps)
    recognised: set[int] = set()
    outside = 0
    for walker_id, at in recognitions:
        seen_at = parse_utc(at)
        before = [(when, number) for when, number, who in tapped if who == walker_id and when - EARLY <= seen_at]
        if before and seen_at <= before[-1][0] + WITHIN:
            recognised.add(before[-1][1])
        else:
            outside += 1
    found = tuple(Outcome(walk.walker_id, walk.number in taps, walk.number in recognised) for walk in walks)
    return found, outside


def _number(decision: str, what: str) -> int:
    return int.from_bytes(hashlib.sha256(LABEL + f"{decision}\n{what}".encode()).digest()[:8], "big")
