"""Passers-by as numbers: the engine counts from its start, the ledger takes what came since the last entry (R44, R45, R57). Pure."""

from dataclasses import dataclass, field, fields
from datetime import datetime

from lfr_engine.clock import format_utc
from mobile_unit.journal import asking


@dataclass(frozen=True, slots=True)
class Counters:
    """Cumulative since the engine started."""

    frames: int = 0
    dropped: int = 0
    passages: int = 0
    faces: int = 0
    too_small: int = 0
    low_quality: int = 0
    alerts: int = 0

    @classmethod
    def of(cls, header: dict[str, object]) -> "Counters":
        """From an engine message; what is missing or no count is 0."""
        given = {each.name: header.get(each.name) for each in fields(cls)}
        return cls(**{name: value for name, value in given.items() if isinstance(value, int) and value >= 0})

    def as_json(self) -> dict[str, int]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


_LOGGED = ("frames", "dropped", "passages", "faces", "too_small", "low_quality")


@dataclass(slots=True)
class Tally:
    """What the ledger was told already, and since when it counts."""

    since: datetime
    told: Counters = field(default_factory=Counters)

    def next_entry(self, counted: Counters, now: datetime, deployment_id: str) -> asking.CountPassers | None:
        """The entry for the time since the last one, or None when nothing was counted. Counters never run backwards."""
        deltas = {name: max(0, getattr(counted, name) - getattr(self.told, name)) for name in _LOGGED}
        minute, self.since, self.told = self.since.replace(second=0, microsecond=0), now, counted
        if not any(deltas.values()):
            return None
        return asking.CountPassers(deployment_id=deployment_id, minute=format_utc(minute), **deltas)
