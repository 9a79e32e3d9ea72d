"""One line of `lfr doctor`."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, whether it is well, and what to do if not. `must`: without it the machine is not ready; otherwise a note."""

    what: str
    well: bool
    found: str
    next: str = ""
    must: bool = True
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def line(self) -> str:
        mark = "ok  " if self.well else "NOT " if self.must else "note"
        return f"{mark} {self.what}: {self.found}" + (f"\n     next: {self.next}" if self.next and not self.well else "")
