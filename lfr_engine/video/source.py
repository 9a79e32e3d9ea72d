"""Where a camera's frames come from, and the thread that fetches them while the engine works.

A source is an iterator of frames. `pipe:<fd>` is a camera process of ours (rehearsal), `file:<path>` a video file. There is
one slot per camera: `every_frame` keeps the camera waiting until the slot is free, otherwise the newest frame replaces the
one nobody has taken, and that drop is counted.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.values import Frame
from lfr_engine.video.container import read_video
from lfr_engine.video.raw_frames import read_frames


def open_source(name: str, *, real_time: bool) -> Iterator[Frame]:
    """The frames of `pipe:<fd>` or `file:<path>`; a file comes at its own pace where `real_time`, else as fast as asked.

    Raises BadInput for another kind, a descriptor that is not open, and a file that is no video.
    """
    kind, _, rest = name.partition(":")
    if kind == "pipe" and rest.isdecimal() and int(rest) > 2:  # 0 to 2 carry commands, answers and messages
        try:
            return read_frames(os.fdopen(int(rest), "rb", buffering=0))
        except OSError as error:
            raise BadInput(f"the camera's pipe {rest} is not open: {error.strerror}") from error
    if kind == "file" and rest:
        video = read_video(Path(rest))
        return _at_its_pace(iter(video)) if real_time else iter(video)
    raise BadInput(f"{name!r} is no source", next_step="give pipe:<fd> or file:<path>")


def _at_its_pace(frames: Iterator[Frame]) -> Iterator[Frame]:
    began_s = time.monotonic()
    for frame in frames:
        time.sleep(max(0.0, began_s + frame.stream_s - time.monotonic()))
        yield frame


class Feed:
    """One camera's thread and slot. `changed` is shared by all cameras of a process and notified on every event."""

    def __init__(self, camera_id: str, frames: Iterator[Frame], changed: threading.Condition, *, every_frame: bool) -> None:
        self.camera_id = camera_id
        self.dropped = 0
        self.state = "open"
        self.why = ""
        self._frames = frames
        self._changed = changed
        self._every_frame = every_frame
        self._slot: Frame | None = None
        self._thread = threading.Thread(target=self._fetch, name=f"camera {camera_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def fail(self, why: str) -> None:
        """The camera could not be opened; told before `start`, which then ends it at once."""
        self.state, self.why = "lost", why

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

    def _fetch(self) -> None:
        state, why = ("ended", "") if self.state == "open" else (self.state, self.why)
        try:
            for frame in self._frames:
                self._put(frame)
        except LfrError as error:
            state, why = "lost", error.message
        except OSError as error:
            state, why = "lost", str(error)
        with self._changed:
            self.state, self.why = state, why
            self._changed.notify_all()

    def _put(self, frame: Frame) -> None:
        with self._changed:
            while self._every_frame and self._slot is not None:
                self._changed.wait()
            if self._slot is not None:
                self.dropped += 1
                self._slot.image_bgr.fill(0)
            self._slot = frame
            self._changed.notify_all()
