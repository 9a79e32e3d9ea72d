"""One camera's thread and its slot: the newest frame there is, for an engine that may be slower than the camera.

`every_frame` keeps the source waiting until the slot is free. Otherwise the newest frame takes the place of the one nobody
has taken, and that drop is counted. Opening happens in the thread too: a camera that does not answer holds nobody up.
"""

import threading
import time
from collections.abc import Callable, Iterator

from lfr_engine.errors import LfrError
from lfr_engine.values import Frame
from lfr_engine.video.reconnect import Watch

DAMAGE_SHOWN_S = 3.0
"""One lost packet is nothing to look at; a camera that loses some every few seconds is."""

Open = Callable[[Watch], Iterator[Frame]]


class Feed:
    """`changed` is shared by all cameras of a process and notified on every event. `state` is one of

    opening        nothing has come yet
    open           frames come
    reconnecting   it broke off, or never answered, and is tried again
    ended          it is over, as a recording is
    lost           it is over, though it should not be; `why` says more
    """

    def __init__(self, camera_id: str, open_frames: Open, changed: threading.Condition, *, every_frame: bool) -> None:
        self.camera_id = camera_id
        self.dropped = 0
        self.damaged_packets = 0
        self.drifts = False
        self.state, self.why = "opening", ""
        self.came_s = time.monotonic()
        self._open, self._changed, self._every_frame = open_frames, changed, every_frame
        self._slot: Frame | None = None
        self._damaged_s = float("-inf")
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._fetch, name=f"camera {camera_id}", daemon=True)

    @property
    def over(self) -> bool:
        """Whether no further frame will come."""
        return self.state in ("ended", "lost")

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """The camera is no longer wanted: what waits in the slot is wiped, and its thread ends at its next frame or time limit."""
        self._left.set()
        with self._changed:
            if self._slot is not None:
                self._slot.wipe()
                self._slot = None
            self._changed.notify_all()

    def take(self) -> Frame | None:
        """The frame in the slot, which is then free. Call with `changed` held."""
        frame, self._slot = self._slot, None
        if frame is not None:
            self._changed.notify_all()
        return frame

    @property
    def waiting(self) -> bool:
        """Whether there is a frame to take. Call with `changed` held."""
        return self._slot is not None

    def told(self, state: str, why: str) -> None:
        if (state, why) != (self.state, self.why):
            with self._changed:
                self.state, self.why = state, why
                self._changed.notify_all()

    def damaged(self, count: int) -> None:
        self.damaged_packets += count
        self._damaged_s = time.monotonic()

    @property
    def damaging(self) -> bool:
        """Whether part of what came just now had to be thrown away."""
        return time.monotonic() - self._damaged_s < DAMAGE_SHOWN_S

    def clock_drifts(self, drifts: bool) -> None:
        self.drifts = drifts

    def enough(self, wait_s: float = 0.0) -> bool:
        return self._left.wait(wait_s) if wait_s else self._left.is_set()

    def _fetch(self) -> None:
        state, why = "lost", "it ended without a single picture"
        try:
            for frame in self._open(self):
                state, why = "ended", ""
                self.told("open", "")
                if not self._put(frame):
                    break
        except LfrError as error:
            state, why = "lost", error.message
        except OSError as error:
            state, why = "lost", str(error)
        except Exception as error:  # whatever a decoder does to a hostile stream, it is this camera's end and no other's
            state, why = "lost", f"its frames cannot be read: {type(error).__name__}: {error}"
        self.told(state, why)

    def _put(self, frame: Frame) -> bool:
        """Into the slot; False where nobody wants it any more."""
        self.came_s = time.monotonic()
        with self._changed:
            while self._every_frame and self._slot is not None and not self._left.is_set():
                self._changed.wait()
            if self._left.is_set():
                frame.wipe()
                return False
            if self._slot is not None:
                self.dropped += 1
                self._slot.wipe()
            self._slot = frame
            self._changed.notify_all()
        return True
