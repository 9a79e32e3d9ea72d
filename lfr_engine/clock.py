"""Time as the parts see it: wall time and a boot-time counter that no clock setting moves.

`LFR_CLOCK=sim:<start>:<rate>` replaces the wall clock in rehearsals and tests. It is refused in operational mode (the
gate and the office check `Clock.simulated`) and recorded in the ledger.
"""

import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lfr_engine.errors import BadInput

_SIM = re.compile(r"^sim:(?P<start>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z):(?P<rate>\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class Clock:
    """`now_utc()` is aware UTC; `boot_s()` counts seconds since boot, suspend included where the system can tell."""

    sim_start: datetime | None = None
    sim_rate: float = 1.0
    anchor_boot_s: float = 0.0

    @property
    def simulated(self) -> bool:
        return self.sim_start is not None

    def now_utc(self) -> datetime:
        if self.sim_start is None:
            return datetime.now(UTC)
        return self.sim_start + timedelta(seconds=(self.boot_s() - self.anchor_boot_s) * self.sim_rate)

    def boot_s(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def clock_from_environment(environ: dict[str, str] | None = None) -> Clock:
    """The system clock, or the simulated one that LFR_CLOCK asks for. Raises BadInput on a malformed value."""
    setting = (os.environ if environ is None else environ).get("LFR_CLOCK", "")
    if not setting:
        return Clock()
    found = _SIM.match(setting)
    if found is None:
        raise BadInput(
            f"LFR_CLOCK is {setting!r}, which is not sim:<start>:<rate>",
            next_step="unset LFR_CLOCK, or write e.g. sim:2026-12-05T10:00:00Z:1",
        )
    rate = float(found["rate"])
    if not 0 < rate <= 3600:
        raise BadInput("the rate in LFR_CLOCK must lie above 0 and at most at 3600")
    return Clock(parse_utc(found["start"]), rate, Clock().boot_s())


def format_utc(at: datetime) -> str:
    """Wire time, `YYYY-MM-DDTHH:MM:SS.mmmZ`; `at` must be aware."""
    if at.tzinfo is None:
        raise ValueError("a wire time needs a time zone")
    at = at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def parse_utc(text: str) -> datetime:
    """Aware UTC from wire time. Raises BadInput on anything else, a missing or other zone included."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a time of the form 2026-12-05T10:00:00.000Z") from error
    if not text.endswith("Z"):
        raise BadInput(f"{text!r} must end in Z: times on the wire are UTC")
    return at
