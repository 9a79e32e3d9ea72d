"""From a source's address to its frames: a camera process's pipe, a recording at its own pace or as fast as asked, a camera."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from lfr_engine.errors import BadInput
from lfr_engine.values import Frame
from lfr_engine.video.address import Address
from lfr_engine.video.container import read_video
from lfr_engine.video.raw_frames import read_frames
from lfr_engine.video.reconnect import Watch, live_frames


def open_source(address: Address, watch: Watch, *, real_time: bool) -> Iterator[Frame]:
    """The frames there. A file comes at its own pace where `real_time`; a camera has its own, and goes on until `watch` has enough.

    Raises BadInput for a descriptor that is not open and a file that is no video.
    """
    if address.kind == "pipe":
        try:
            return read_frames(os.fdopen(int(address.target), "rb", buffering=0))
        except OSError as error:
            raise BadInput(f"the camera's pipe {address.target} is not open: {error.strerror}") from error
    if address.kind == "file":
        video = read_video(Path(address.target))
        return at_its_pace(iter(video), watch) if real_time else iter(video)
    return live_frames(address, watch)


def at_its_pace(frames: Iterator[Frame], watch: Watch) -> Iterator[Frame]:
    """Each frame not before its time."""
    began_s = time.monotonic()
    for frame in frames:
        if watch.enough(max(0.0, began_s + frame.stream_s - time.monotonic())):
            return
        yield frame
