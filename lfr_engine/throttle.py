"""Holds alerts back where more of them would tell an operator nothing: one person twice, or pictures held up to the camera.

A passage can break behind somebody's back and go on as another. So for a while after an alert the same entry is raised again
only by a passage that is clearly more alike: then the first was more likely the mistake, and the person comes now. An entry
that goes on being raised is held back for longer; and when alerts of whatever entries come faster than listed people can
walk, the camera says that it is flooded. A list of entries and times is all that is remembered, none of it about anybody else.
"""

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ThrottleSettings:
    """`cool_down_s`: how long one alert for an entry stands alone: about as long as a rehearsal's walker is in the picture, so that
    whatever breaks a passage, its parts fall into it. `clearly`: cosine by which a later passage must be more alike within that time.
    `burst` alerts for one entry within `window_s` are the last until it was quiet for `window_s`. `flood` alerts in all within
    `flood_s` make a flood: the crowd clip, where every fourth passer is listed, comes to 11 at most."""

    cool_down_s: float = 6.0
    clearly: float = 0.05
    burst: int = 3
    window_s: float = 60.0
    flood: int = 16
    flood_s: float = 10.0


@dataclass(slots=True)
class Throttle:
    """One camera's. Times are stream seconds and must not go back."""

    settings: ThrottleSettings
    _raised: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _asked_s: dict[str, float] = field(default_factory=dict)
    _bursting: set[str] = field(default_factory=set)
    _all_s: deque[float] = field(default_factory=deque)
    _held_s: float = float("-inf")

    def admits(self, entry_id: str, similarity: float, stream_s: float, *, again: bool = False) -> bool:
        """Whether an alert for an entry goes out now; an answer of yes is remembered as one that did. `again`: a passage that was
        held back asks once more, which is no further alert towards a flood."""
        settings = self.settings
        if not again:
            self._all_s.append(stream_s)
        quiet_s = stream_s - self._asked_s.get(entry_id, float("-inf"))
        self._asked_s[entry_id] = stream_s
        earlier = self._raised.setdefault(entry_id, [])
        earlier[:] = [(at_s, score) for at_s, score in earlier if stream_s - at_s <= settings.window_s]
        if quiet_s > settings.window_s:
            self._bursting.discard(entry_id)
        recent = [score for at_s, score in earlier if stream_s - at_s < settings.cool_down_s]
        if recent and similarity < max(recent) + settings.clearly:
            return False
        if entry_id in self._bursting or len(earlier) >= settings.burst:
            self._bursting.add(entry_id)
            self._held_s = stream_s
            return False
        earlier.append((stream_s, similarity))
        return True

    def flooded(self, stream_s: float) -> bool:
        """Whether an entry was held back as a burst, or alerts came as a flood, within the last `flood_s` seconds."""
        while self._all_s and stream_s - self._all_s[0] > self.settings.flood_s:
            self._all_s.popleft()
        return len(self._all_s) >= self.settings.flood or stream_s - self._held_s <= self.settings.flood_s
