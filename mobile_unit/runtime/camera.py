"""Where the engine's frames come from: the rehearsal camera's process, or a video file. Nothing else can be opened yet.

In a demonstration only these two exist; a live camera needs a certified pipeline and is opened by nothing in here.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lfr_engine.errors import BadInput

_STOP_S = 3.0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The rehearsal camera: its specification, and the file for the truth, which the engine never sees."""

    spec: Path
    truth: Path


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A recording, matched in order and completely."""

    path: Path


Source = Rehearsal | VideoFile


@dataclass(frozen=True, slots=True)
class OpenSource:
    """How the engine is told (`pipe:<fd>` or `file:<path>`), and the descriptor to pass on."""

    name: str
    pass_fds: tuple[int, ...]
    every_frame: bool


@contextmanager
def opened(source: Source) -> Iterator[OpenSource]:
    """The source, open until the block ends; the camera process ends with it. Raises BadInput on a file that is not there."""
    if isinstance(source, VideoFile):
        if not source.path.is_file():
            raise BadInput(f"there is no video {source.path}")
        yield OpenSource(f"file:{source.path.resolve()}", (), every_frame=True)
        return
    if not source.spec.is_file():
        raise BadInput(f"there is no rehearsal {source.spec}")
    reading, writing = os.pipe()
    try:
        command = [sys.executable, "-m", "lfr_engine.video.rehearsal_camera", "--spec", str(source.spec), "--truth", str(source.truth)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writing, start_new_session=True)
        os.close(writing)
        try:
            yield OpenSource(f"pipe:{reading}", (reading,), every_frame=False)
        finally:
            _stop(process)
    finally:
        os.close(reading)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
