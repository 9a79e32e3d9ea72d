"""What is going on right now, in memory only: newest redacted picture per camera, counters, state. Shared between threads."""

import threading
import time
from dataclasses import dataclass
from typing import Literal

from mobile_unit.runtime.camera_state import CameraState
from mobile_unit.runtime.counting import Counters

Going = Literal["matching", "paused", "stopped", "purged"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG in which the engine has pixelated everybody, and the frame it shows."""

    jpeg: bytes
    frame: int


@dataclass(frozen=True, slots=True)
class Now:
    """One consistent view."""

    going: Going
    ended_because: str | None
    counters: Counters
    cameras: dict[str, CameraState]


class Live:
    """Written by the runtime, read by the console."""

    def __init__(self, camera_ids: tuple[str, ...]) -> None:
        self._changed = threading.Condition()
        self._going: Going = "matching"
        self._ended_because: str | None = None
        self._counters = Counters()
        self._cameras = dict.fromkeys(camera_ids, CameraState())
        self._pictures: dict[str, Picture] = {}
        self._shown: dict[str, int] = {}  # when each came, counted over all cameras
        self._position = 0

    def now(self) -> Now:
        with self._changed:
            return Now(self._going, self._ended_because, self._counters, dict(self._cameras))

    def went(self, going: Going, because: str | None = None) -> None:
        with self._changed:
            self._going, self._ended_because = going, because or self._ended_because
            if going in ("stopped", "purged"):
                self._pictures.clear()  # nobody passing by stays on a screen once matching has ended
            self._changed.notify_all()

    def counted(self, counters: Counters) -> None:
        with self._changed:
            self._counters = counters

    def camera(self, camera_id: str, state: CameraState) -> None:
        with self._changed:
            self._cameras[camera_id] = state
            if state.state != "open":
                self._pictures.pop(camera_id, None)  # what it showed last is not what is there now
            self._changed.notify_all()

    def show(self, camera_id: str, picture: Picture) -> None:
        with self._changed:
            if self._going == "matching":
                self._pictures[camera_id] = picture
                self._position += 1
                self._shown[camera_id] = self._position
                self._changed.notify_all()

    def happened(self) -> None:
        """Something was written to the ledger."""
        with self._changed:
            self._changed.notify_all()

    def picture(self, camera_id: str) -> Picture | None:
        with self._changed:
            return self._pictures.get(camera_id)

    def wait_picture(self, camera_id: str, *, after_frame: int, timeout_s: float) -> Picture | None:
        """The first picture of another frame, or None when none came in time. A camera that was added again counts from 0."""
        give_up = time.monotonic() + timeout_s
        with self._changed:
            while (picture := self._pictures.get(camera_id)) is None or picture.frame == after_frame:
                left = give_up - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return None
            return picture

    def wait_pictures(self, *, after: int, timeout_s: float) -> tuple[int, dict[str, Picture]]:
        """A position, and the newest picture of each camera that has shown one since `after`; none where none came in time."""
        give_up = time.monotonic() + timeout_s
        with self._changed:
            while True:
                newer = {camera_id: self._pictures[camera_id] for camera_id in self._pictures if self._shown[camera_id] > after}
                left = give_up - time.monotonic()
                if newer or left <= 0:
                    return self._position, newer
                self._changed.wait(left)

    def wait(self, timeout_s: float) -> None:
        """Until something changes, at most this long."""
        with self._changed:
            self._changed.wait(timeout_s)
