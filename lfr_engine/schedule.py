"""When a camera's picture is searched for faces: by time, by motion and by load. Frames between searches cost their decoding alone.

Nothing is looked at more often than the pack's interval: faces move less than their own width in that time, which is what the
tracker needs. A picture in which nothing moves and nobody was found of late is looked at once a second, in case somebody stood
there already. Where frames were dropped because the machine is behind, the interval grows, so that all cameras go on with fewer looks
instead of one of them falling silent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.values import Frame, Image


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """`early_s`: stream times carry rounding, a frame this much before its turn is taken. `idle_s`: longest time without a look.
    Motion is judged on every `grid_px`-th pixel of every `grid_px`-th row: the picture moves where the part `moved` of these changed
    by more than `step` of 255: sensor noise of 6 steps does that to one in 40,000, a face of 20 pixels that moved to six of 14,400.
    `longest`: the interval grows to so many times its length under load."""

    early_s: float = 0.004
    idle_s: float = 1.0
    grid_px: int = 8
    step: int = 36
    moved: float = 0.0004
    longest: float = 2.0


class Schedule:
    """The clock of one camera's looks. It knows frames and how many faces a look found, nothing of who is followed: so frames can be
    searched by a thread that runs ahead of the one that follows and compares, with the same outcome."""

    def __init__(self, interval_s: float, settings: ScheduleSettings) -> None:
        self._interval_s, self._settings = interval_s, settings
        self._looked_s = self._peopled_s = float("-inf")
        self._index = -1
        self._dropped = self._shown = 0
        self._before: NDArray[np.int16] | None = None

    def due(self, frame: Frame) -> bool:
        """Whether to search this frame. Frames must come in order."""
        settings = self._settings
        self._dropped += max(0, frame.index - self._index - 1) if self._index >= 0 else 0
        self._shown += 1
        self._index = frame.index
        waited_s = frame.stream_s - self._looked_s
        if waited_s < self._stretched_s - settings.early_s:
            return False
        moves = self._moves(frame)
        peopled = frame.stream_s - self._peopled_s < settings.idle_s
        if not (moves or peopled) and waited_s < settings.idle_s - settings.early_s:
            return False
        self._looked_s = frame.stream_s
        self._dropped = self._shown = 0
        return True

    def found(self, faces: int) -> None:
        """How many faces the frame just searched held."""
        if faces:
            self._peopled_s = self._looked_s

    @property
    def _stretched_s(self) -> float:
        """The interval, longer by the share of frames that were dropped since the last look."""
        return self._interval_s * min(self._settings.longest, 1 + self._dropped / max(self._shown, 1))

    def _moves(self, frame: Frame) -> bool:
        """Whether the picture changed since it was last judged; the first one always did."""
        grid = self._settings.grid_px
        # A frame that is BGR already need not be turned into luma: green carries most of it.
        plane: Image = frame.image_bgr[..., 1] if frame.looked_at else frame.luma
        now = plane[::grid, ::grid].astype(np.int16)
        before, self._before = self._before, now
        if before is None or before.shape != now.shape:
            return True
        changed = np.count_nonzero(np.abs(now - before) > self._settings.step)
        return bool(changed >= self._settings.moved * now.size)
