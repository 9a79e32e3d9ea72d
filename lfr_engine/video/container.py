"""Video files, read and written: the one place that calls PyAV (ffmpeg)."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.error import FFmpegError

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.values import Frame, Image

_PIXELS_LIMIT = 8192 * 4320
# A playlist may name addresses: a file is only ever read as a file.
_OPEN_OPTIONS = {"protocol_whitelist": "file"}


class VideoReader:
    """Frames of one video file, once. After the last one `complete` says whether the file held all that it announced, and
    `why` what was missing."""

    def __init__(self, path: Path) -> None:
        """Raises BadInput where the file is missing or no video."""
        self._path = path
        self.complete = True
        self.why = ""
        if not path.is_file():
            raise BadInput(f"the video {path} is not a file", next_step="give the path of a video file")
        try:
            self._container = av.open(str(path), options=_OPEN_OPTIONS)
        except (FFmpegError, OSError) as error:
            raise BadInput(
                f"{path} is not a video that can be read ({error.strerror})", next_step="use a format that ffmpeg plays"
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise BadInput(f"{path} holds no video", next_step="give a file with a picture track")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.fps = float(self._stream.average_rate or self._stream.guessed_rate or 25)
        self.announced: int = self._stream.frames

    def __iter__(self) -> Iterator[Frame]:
        """Every frame, 0-based, stream_s counted from the first. Raises BadInput where not one can be decoded, or a frame
        is larger than 8K; a later break ends the iteration and is told in `complete` and `why`."""
        index = 0
        began_s: float | None = None
        try:
            for picture in self._container.decode(self._stream):
                if picture.width * picture.height > _PIXELS_LIMIT:
                    raise BadInput(f"{self._path} has frames of {picture.width} x {picture.height} pixels, more than 8K")
                at_s = picture.time if picture.time is not None else index / self.fps
                began_s = at_s if began_s is None else began_s
                yield Frame(index, max(0.0, at_s - began_s), np.asarray(picture.to_ndarray(format="bgr24"), np.uint8))
                index += 1
        except (FFmpegError, OSError) as error:
            self.complete, self.why = False, f"the video breaks off after {index} frames ({error.strerror})"
        finally:
            self._container.close()
        if index == 0:
            raise BadInput(f"{self._path} holds no frame that can be decoded", next_step="record or export it again")
        if self.complete and self.announced > index:
            self.complete, self.why = False, f"the video ends after {index} of {self.announced} frames"


def read_video(path: Path) -> VideoReader:
    """The frames of a video file. Raises BadInput."""
    return VideoReader(path)


class ClipWriter:
    """An H.264 clip of uint8 BGR frames, good enough that compression does not decide whether a face is recognised."""

    def __init__(self, path: Path, *, size_px: tuple[int, int], fps: float) -> None:
        """Raises LfrError where the file cannot be made."""
        try:
            self._container = av.open(str(path), "w", format="mp4")
        except (FFmpegError, OSError) as error:
            raise LfrError(f"the clip {path} cannot be written: {error.strerror}", next_step="check the folder and the disk") from error
        self._stream = self._container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": "23", "preset": "superfast"}

    def write(self, image: Image) -> None:
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))

    def close(self) -> None:
        """Finish the file: until then no player opens it."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
