"""Pictures on a pipe between a camera process and the engine: a 20-byte header and the raw BGR pixels.

4 bytes   "LFRF"
4 bytes   index of the frame, big-endian
8 bytes   seconds since the stream's start, IEEE double, big-endian
2 + 2     width and height
"""

import struct
from collections.abc import Iterator
from typing import IO

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.values import Frame

_HEADER = struct.Struct(">4sIdHH")
_MAGIC = b"LFRF"
# An 8K picture is 100 MB; a header that asks for more is broken or hostile.
_SIDE_LIMIT_PX = 8192
_PIXELS_LIMIT = 8192 * 4320


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    """Write one frame to an unbuffered stream; waits while the reader is slower (back-pressure)."""
    height, width = frame.image_bgr.shape[:2]
    _write(stream, memoryview(_HEADER.pack(_MAGIC, frame.index, frame.stream_s, width, height)))
    _write(stream, np.ascontiguousarray(frame.image_bgr).data.cast("B"))


def _write(stream: IO[bytes], rest: memoryview) -> None:
    while rest:  # an unbuffered pipe takes what fits
        rest = rest[stream.write(rest) :]


def read_frames(stream: IO[bytes]) -> Iterator[Frame]:
    """Frames until the pipe ends. Raises BadInput for what is no frame, for an end inside one, and for one out of order: whoever
    follows people counts on times that grow."""
    last = -1, -1.0
    while header := _read(stream, bytearray(_HEADER.size)):
        magic, index, stream_s, width, height = _HEADER.unpack(header)
        if magic != _MAGIC or not 0 <= stream_s < 1e9:
            raise BadInput("the camera's pipe carries something that is no frame")
        if not (index > last[0] and stream_s > last[1]):
            raise BadInput("the camera's pipe carries frames out of order")
        last = index, stream_s
        if not (0 < width <= _SIDE_LIMIT_PX and 0 < height <= _SIDE_LIMIT_PX and width * height <= _PIXELS_LIMIT):
            raise BadInput(f"the camera's pipe announces a frame of {width} x {height} pixels")
        pixels = _read(stream, bytearray(width * height * 3))
        if not pixels:
            raise BadInput("the camera's pipe ended before the pixels of a frame")
        yield Frame(index, stream_s, np.frombuffer(pixels, np.uint8).reshape(height, width, 3))


def _read(stream: IO[bytes], buffer: bytearray) -> bytearray:
    """The buffer, filled; empty where the stream ended before its first byte."""
    view, got = memoryview(buffer), 0
    while got < len(buffer):
        count = stream.readinto(view[got:])  # type: ignore[attr-defined]  # every binary file of the io module has it
        if not count:
            if got == 0:
                return bytearray()
            raise BadInput("the camera's pipe ended inside a frame")
        got += count
    return buffer
