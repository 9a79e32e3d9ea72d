"""When matching must end by itself: at the end of the window, and whenever the clock cannot be trusted (R8, R20). Pure.

The window is also held as a budget of boot-time seconds, fixed at the start: setting the wall clock back gains nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from lfr_engine.clock import Clock

LEAD = timedelta(seconds=0.5)
"""Matching ends this much before the window does, so that the frame in work is finished inside it."""

BACKWARD_TOLERANCE = timedelta(seconds=1)
"""A time service may step a healthy clock by less; anything more is a clock turned back."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Fixed at the start. `budget_s` counts boot-time seconds from `started_boot_s`; `floor` is the newest trusted time."""

    window_end: datetime
    floor: datetime
    started_boot_s: float
    budget_s: float

    @classmethod
    def from_now(cls, clock: Clock, *, window_end: datetime, floor: datetime) -> "Ending":
        left = window_end - LEAD - clock.now_utc()
        rate = clock.sim_rate if clock.simulated else 1.0
        return cls(window_end, floor, clock.boot_s(), left.total_seconds() / rate)

    def due(self, now: datetime, boot_s: float, newest_seen: datetime) -> Literal["end_time", "clock"] | None:
        """Why matching must end now, or None. `newest_seen` is the latest time this run has seen so far."""
        if boot_s - self.started_boot_s >= self.budget_s or now >= self.window_end - LEAD:
            return "end_time"
        if now < self.floor or now < newest_seen - BACKWARD_TOLERANCE:
            return "clock"
        return None

    def left_s(self, boot_s: float) -> float:
        """Seconds of boot time until the end, not below 0."""
        return max(0.0, self.budget_s - (boot_s - self.started_boot_s))
