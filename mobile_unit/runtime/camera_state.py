"""What a camera is doing, in words an operator can act on: what, why, and what to do. Pure."""

from dataclasses import dataclass

from lfr_engine.errors import BadInput
from lfr_engine.wire import Message

STATES = {
    "opening": ("not open yet", ""),
    "open": ("matching", ""),
    "reconnecting": ("no picture, nothing is matched here", "check its power and cable; it is tried again by itself"),
    "lost": ("lost, nothing is matched here", "put it right, then add it again"),
    "ended": ("ended", ""),
    "standby": ("not used yet", "add it when it stands"),
    "removed": ("taken out, nothing is matched here", "add it again when it stands"),
    "moved": (
        "moved: it no longer shows the place that was checked, so nothing is matched here",
        "turn it back, or check place and signs again, pause and resume",
    ),
}
REASONS = {
    "frozen": ("the picture stands still", "restart the camera"),
    "dark": ("too dark for faces", "turn on a light, or the camera's night setting"),
    "blurred": ("out of focus or dirty", "clean the lens, then focus"),
    "moved": ("not where it was confirmed to look", ""),
    "clock": ("its clock runs away", "restart the camera: alerts may come late"),
    "stalled": ("it has stopped sending", "restart the camera"),
    "damaged": ("parts of its pictures are lost on the way", "check cable and radio link"),
    "flooded": ("more alerts than people can cause: somebody may be holding pictures up", "look at the street"),
}


@dataclass(frozen=True, slots=True)
class CameraState:
    """As the engine told it: `state` is a key of STATES, `health` are keys of REASONS, `why` the engine's own words."""

    state: str = "opening"
    why: str = ""
    health: tuple[str, ...] = ()

    @classmethod
    def of(cls, message: Message) -> "CameraState":
        """From an engine's message. Raises BadInput on a state or reason that is none of ours."""
        state, health = message.header.get("state"), message.header.get("health", [])
        if state not in STATES or not isinstance(health, list) or not all(one in REASONS for one in health):
            raise BadInput("the engine tells of a camera what cannot be read", next_step="stop, and report it")
        return cls(str(state), str(message.header.get("why", ""))[:400], tuple(health))

    @property
    def well(self) -> bool:
        return self.state in ("open", "opening", "ended", "standby") and not self.health

    @property
    def used(self) -> bool:
        """Whether the engine has it open or tries to."""
        return self.state not in ("lost", "ended", "standby", "removed")

    @property
    def words(self) -> str:
        """One line: what, why, what to do."""
        what, to_do = STATES[self.state]
        parts = [what + (f" ({self.why})" if self.why else "")]
        parts += [f"{REASONS[one][0]}: {REASONS[one][1]}" for one in self.health if one != "moved"]
        return "; ".join(part for part in (*parts, to_do) if part)
