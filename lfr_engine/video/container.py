"""Video files, read and written. PyAV (ffmpeg) is called here, and in `live` for cameras."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.error import FFmpegError

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.values import Frame, Image
from lfr_engine.video.picture import PIXELS_LIMIT, DecodedPicture
from lfr_engine.video.stream_time import StreamTime

# A playlist names further files and addresses: nothing is opened but the file that was named, and only formats that hold pictures.
_RECORDINGS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,mxf,h264,hevc,obu,ivf,m4v,mjpeg,mpjpeg,yuv4mpegpipe,dv,gif"
_OPEN_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _RECORDINGS, "max_pixels": str(PIXELS_LIMIT)}


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
        width, height = self._stream.width, self._stream.height
        if width * height > PIXELS_LIMIT:
            self._container.close()
            raise BadInput(f"{path} has frames of {width} x {height} pixels, more than 8K")
        self._stream.thread_type = "AUTO"
        self.fps = float(self._stream.average_rate or self._stream.guessed_rate or 25)
        self.announced: int = self._stream.frames

    def __iter__(self) -> Iterator[Frame]:
        """Every frame, 0-based, stream_s counted from the first. Raises BadInput where not one can be decoded, or a frame
        is larger than 8K; a later break ends the iteration and is told in `complete` and `why`."""
        index = 0
        time_of = StreamTime(1 / self.fps)
        try:
            for picture in self._container.decode(self._stream):
                yield Frame(index, time_of.of(picture.time), decoded=DecodedPicture(picture))
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
