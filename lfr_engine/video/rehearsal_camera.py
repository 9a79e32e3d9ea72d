"""The rehearsal camera as a process of its own: films a scene of labelled photos into a pipe or a clip.

    python -m lfr_engine.video.rehearsal_camera --spec FILE.json --truth FILE.json [--out pipe|CLIP.mp4]

It stands where a camera stands: the engine gets pixels and nothing else, the truth goes to a file of the caller. Into a
pipe it films on, empty, after the last walker, as a street does, until the reader goes or SIGTERM comes.
"""

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.image import decode_photo
from lfr_engine.values import Frame, Image
from lfr_engine.video.raw_frames import write_frame
from lfr_engine.video.rehearsal.scene import Scene
from lfr_engine.video.rehearsal.spec import RehearsalSpec, read_spec
from lfr_engine.video.rehearsal.truth import TruthFile

_TRUTH_EVERY_S = 1.0


class _Stopped(Exception):
    """SIGTERM or SIGINT came: the ordinary end of a camera."""


def film(spec: RehearsalSpec, truth: TruthFile, take: Callable[[Frame], None], *, frames: int | None) -> None:
    """Render frames into `take`, keeping the truth file current, until `frames` are filmed or `take` or a signal stops it."""
    scene = Scene(spec, load_photo)
    written_s = -_TRUTH_EVERY_S
    try:
        for index in _paced(spec, frames):
            frame, sightings = scene.render(index)
            truth.add(index, sightings)
            if time.monotonic() - written_s > _TRUTH_EVERY_S:
                truth.write()
                written_s = time.monotonic()
            take(frame)
    finally:
        truth.write()


def load_photo(path: str) -> Image:
    """The photo of a walker. Raises BadInput where it is missing or no photo."""
    try:
        return decode_photo(Path(path).read_bytes())
    except OSError as error:
        raise BadInput(f"the photo {path} of a walker cannot be read: {error.strerror}") from error


def _paced(spec: RehearsalSpec, frames: int | None) -> Iterator[int]:
    """Frame numbers, each not before its time. A reader that is slow delays what follows; nothing is made up for later."""
    next_s = time.monotonic()
    index = 0
    while frames is None or index < frames:
        if spec.pace == "real":
            time.sleep(max(0.0, next_s - time.monotonic()))
            next_s = max(next_s, time.monotonic()) + 1 / spec.fps
        yield index
        index += 1


def _into_pipe(spec: RehearsalSpec, truth: TruthFile) -> None:
    # A reader that went away is how a camera ends; with a file as output it is a fault like any other.
    with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0) as pipe:
        film(spec, truth, lambda frame: write_frame(pipe, frame), frames=spec.frames)


def _into_clip(spec: RehearsalSpec, truth: TruthFile, clip: Path) -> None:
    from lfr_engine.video.container import ClipWriter  # a live camera needs no encoder

    fast = spec.model_copy(update={"pace": "fast"})
    frames = spec.frames or Scene(spec, load_photo).frames_with_walkers
    with ClipWriter(clip, size_px=spec.size, fps=spec.fps) as writer:
        film(fast, truth, lambda frame: writer.write(frame.image_bgr), frames=frames)


def _stop(*_: object) -> NoReturn:
    raise _Stopped


def main(arguments: list[str] | None = None) -> int:
    """Run the camera; 0 at an ordinary end, the error's exit code otherwise."""
    parser = argparse.ArgumentParser(prog="rehearsal_camera", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--spec", type=Path, required=True, help="the rehearsal, JSON")
    parser.add_argument("--truth", type=Path, required=True, help="where the ground truth is written")
    parser.add_argument("--out", default="pipe", help="`pipe` (standard output), or a clip to write")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        spec = read_spec(options.spec)
        truth = TruthFile(options.truth, spec)
        if options.out == "pipe":
            _into_pipe(spec, truth)
        else:
            _into_clip(spec, truth, Path(options.out))
    except _Stopped:
        return 0
    except LfrError as error:
        print(f"rehearsal camera: {error.message}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"rehearsal camera: {error}", file=sys.stderr)
        return LfrError.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
