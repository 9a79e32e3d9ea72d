"""Where the engine's frames come from: the rehearsal camera's process, a video file, or a camera in the street.

In a demonstration the first two only: `mobile_unit.starting` refuses the third (R37).
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from governance.messages.certificate import CameraClass
from lfr_engine.errors import BadInput
from lfr_engine.video.address import Address, parse_source

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


@dataclass(frozen=True, slots=True)
class LiveCamera:
    """A network or USB camera. The engine itself opens it, and opens it again."""

    address: Address


Source = Rehearsal | VideoFile | LiveCamera


@dataclass(frozen=True, slots=True)
class OpenSource:
    """How the engine is told (a source as `lfr_engine.video.address` names it), and the descriptor to pass on."""

    name: str
    pass_fds: tuple[int, ...]
    every_frame: bool


def source_named(text: str) -> Source:
    """`rehearsal:SPEC.json` (its truth is written beside it, as SPEC.truth.json), or a source as the engine names it. Raises BadInput."""
    kind, _, rest = text.partition(":")
    if kind == "rehearsal" and rest:
        spec = Path(rest).resolve()
        return Rehearsal(spec, spec.with_suffix(".truth.json"))
    address = parse_source(text)
    if address.kind == "pipe":
        raise BadInput("a pipe is no source of a unit", next_step="name rehearsal:SPEC.json, file:PATH, device:/dev/videoN or an address")
    return VideoFile(Path(address.target)) if address.kind == "file" else LiveCamera(address)


def camera_class(sources: Mapping[str, Source]) -> CameraClass:
    """What kind of camera this deployment needs a certificate for: one live camera makes it a live deployment."""
    if any(isinstance(source, LiveCamera) for source in sources.values()):
        return CameraClass.LIVE
    return CameraClass.VIDEO_FILE if any(isinstance(source, VideoFile) for source in sources.values()) else CameraClass.REHEARSAL


@contextmanager
def all_opened(sources: Mapping[str, Source]) -> Iterator[dict[str, OpenSource]]:
    """Every source, open until the block ends. Raises BadInput on a file that is not there."""
    with ExitStack() as stack:
        yield {camera_id: stack.enter_context(opened(source)) for camera_id, source in sources.items()}


@contextmanager
def opened(source: Source) -> Iterator[OpenSource]:
    """The source, open until the block ends; the camera process ends with it. Raises BadInput on a file that is not there."""
    if isinstance(source, LiveCamera):
        yield OpenSource(source.address.named, (), every_frame=False)
        return
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
