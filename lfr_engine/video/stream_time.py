"""Turns the times a stream carries into seconds that only ever grow, also over a reconnect or a jump of its clock. Pure."""

from dataclasses import dataclass

JUMP_S = 3.0
"""A stream's step may differ this much from the time that passed: a network holds packets back and lets them go together.
More is no network but a new clock."""
LEAST_STEP_S = 1e-3
SLOW_DRIFT_S = 5.0
"""How far a stream's clock may run from ours in all before it is told: a camera that is minutes late alerts minutes late."""


@dataclass(slots=True)
class StreamTime:
    """One camera's time. `usual_step_s` stands in where a frame carries no time."""

    usual_step_s: float
    jumps: int = 0
    _last_s: float | None = None
    _offset_s: float = 0.0
    _arrived_s: float = 0.0
    _ahead_s: float = 0.0
    _anew: bool = False

    def of(self, pts_s: float | None, arrived_s: float | None = None) -> float:
        """Seconds since the first frame, each more than the last.

        `pts_s` is what the frame carries, `arrived_s` our boot time when it came; None where a recording is read as fast as it goes.
        """
        if self._last_s is None:
            self._last_s, self._offset_s = 0.0, -(pts_s or 0.0)
            self._arrived_s = arrived_s or 0.0
            return 0.0
        passed_s = self.usual_step_s if arrived_s is None else max(0.0, arrived_s - self._arrived_s)
        step_s = self.usual_step_s if pts_s is None else pts_s + self._offset_s - self._last_s
        jumped = step_s <= 0 or (arrived_s is not None and abs(step_s - passed_s) > JUMP_S)
        if self._anew or jumped:
            self.jumps += not self._anew
            step_s = max(passed_s, LEAST_STEP_S)
            self._anew, self._ahead_s = False, 0.0
        elif arrived_s is not None:
            self._ahead_s += step_s - passed_s
        if pts_s is not None:
            self._offset_s = self._last_s + step_s - pts_s
        self._last_s += step_s
        self._arrived_s = arrived_s if arrived_s is not None else self._arrived_s
        return self._last_s

    def reconnected(self) -> None:
        """A new connection counts its own time; what passes until its first frame passes here too."""
        self._anew = True

    @property
    def drifted(self) -> bool:
        """Whether the stream's clock has run away from ours, slowly, since it was last taken anew."""
        return abs(self._ahead_s) > SLOW_DRIFT_S
