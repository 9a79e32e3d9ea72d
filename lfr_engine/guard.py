"""Listens to the engine, or to a matcher in its place, and believes it only as far as the protocol goes. A pure state machine.

In order: `ready` first, with the digests that were ordered and the list complete; then cameras that were named and nobody else's;
counters that never fall; candidates that are on the list now and reach the threshold that was ordered; no alert in a pause or
after a stop; nothing after `ended`. What breaks a rule raises BrokenProtocol, and nothing of that message may be used.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from lfr_engine.errors import BrokenProtocol
from lfr_engine.messages import Alert, Camera, Counters, Ended, Picture, Ready, Said, said
from lfr_engine.wire import Message

IN_FLIGHT_S = 5.0
"""What was on its way when a command was given may still arrive this long, since whoever hears it waits for the ledger between
two messages; later it was said in spite of the command. The unit takes no alert after a stop, whenever it was said."""

SILENT_S = 20.0
"""Counters come about once a second. A machine under load may be late; one that is silent for so long hangs."""

_CUMULATIVE = ("frames", "dropped", "passages", "faces", "too_small", "low_quality", "alerts")
_ROUNDING = 1e-6  # a similarity may be computed and printed in single precision


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the start command asked for."""

    pack_digest: str
    pipeline_digest: str
    threshold: str
    cameras: frozenset[str]
    entries: frozenset[str]


class Guard:
    """`hear` every message after `sealed`, `told` every command given; `now_s` is monotonic seconds, always the caller's."""

    def __init__(self, ordered: Ordered, now_s: float) -> None:
        self._ordered = ordered
        self._heard_s = now_s
        self._ready = False
        self._over = False
        self._removed: dict[str, float] = {}
        self._silenced_s: float | None = None  # since a pause or a stop
        self._counted: Counters | None = None
        self._alerts = 0

    def told(self, command: str, now_s: float, entry_ids: Iterable[str] = ()) -> None:
        if command in ("pause", "stop"):
            self._silenced_s = now_s
        elif command == "resume":
            self._silenced_s = None
        elif command == "remove":
            self._removed.update(dict.fromkeys(entry_ids, now_s))

    def hear(self, message: Message, now_s: float) -> Said:
        """The message, if it may be believed. Raises BrokenProtocol."""
        one = said(message)
        self._heard_s = now_s
        if self._over:
            raise BrokenProtocol(f"a message of type {one.type!r} after the end")
        if one.type == "refused":
            self._over = True
            return one
        if isinstance(one, Ready) == self._ready:
            raise BrokenProtocol("it is ready twice" if self._ready else f"a message of type {one.type!r} before it was ready")
        match one:
            case Ready():
                self._check_ready(one)
            case Camera() | Picture():
                self._check_camera(one.camera_id)
            case Counters():
                self._check_counters(one)
            case Alert():
                self._check_alert(one, now_s)
            case Ended():
                self._over = True
        return one

    def silent(self, now_s: float) -> None:
        """Raises BrokenProtocol when nothing has come for longer than a working matcher is silent."""
        if self._ready and not self._over and now_s - self._heard_s > SILENT_S:
            raise BrokenProtocol(f"nothing was heard of it for {now_s - self._heard_s:.0f} seconds")

    def _check_ready(self, ready: Ready) -> None:
        wanted = self._ordered
        if (ready.pack_digest, ready.pipeline_digest) != (wanted.pack_digest, wanted.pipeline_digest):
            raise BrokenProtocol("it measures another pack or pipeline than was ordered")
        if ready.enrolled != len(wanted.entries):
            raise BrokenProtocol(f"it enrolled {ready.enrolled} entries of {len(wanted.entries)}")
        self._ready = True

    def _check_camera(self, camera_id: str) -> None:
        if camera_id not in self._ordered.cameras:
            raise BrokenProtocol(f"it speaks of a camera {camera_id[:40]!r} that was not named")

    def _check_counters(self, counters: Counters) -> None:
        for camera in counters.cameras:
            self._check_camera(camera.camera_id)
        before = self._counted
        fallen = [name for name in _CUMULATIVE if before is not None and getattr(counters, name) < getattr(before, name)]
        if fallen:
            raise BrokenProtocol(f"its counter {fallen[0]} fell")
        if counters.alerts != self._alerts:
            raise BrokenProtocol(f"it counts {counters.alerts} alerts and raised {self._alerts}")
        self._counted = counters

    def _check_alert(self, alert: Alert, now_s: float) -> None:
        self._check_camera(alert.camera_id)
        self._alerts += 1
        if alert.seq != self._alerts:
            raise BrokenProtocol(f"alert {alert.seq} comes where alert {self._alerts} must")
        if alert.first_frame > alert.frame:
            raise BrokenProtocol("an alert's passage begins after its deciding frame")
        if Decimal(alert.threshold or "0") != Decimal(self._ordered.threshold):
            raise BrokenProtocol(f"an alert rests on the threshold {alert.threshold[:20]}, {self._ordered.threshold} was ordered")
        for candidate in alert.candidates:
            if candidate.entry_id not in self._ordered.entries:
                raise BrokenProtocol("an alert names an entry that is not on the list")
            if now_s - self._removed.get(candidate.entry_id, now_s) > IN_FLIGHT_S:
                raise BrokenProtocol("an alert names an entry that was taken off the list")
            if candidate.similarity < float(self._ordered.threshold) - _ROUNDING:
                raise BrokenProtocol(f"a candidate of similarity {candidate.similarity:.4f} lies below the threshold")
        if self._silenced_s is not None and now_s - self._silenced_s > IN_FLIGHT_S:
            raise BrokenProtocol("an alert was raised during a pause or after a stop")
