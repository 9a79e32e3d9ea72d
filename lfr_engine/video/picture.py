"""A decoded picture while it is still the decoder's: converted only when somebody looks."""

from typing import Any

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.values import Image

PIXELS_LIMIT = 8192 * 4320
"""8K. A stream that grows beyond it is refused before its pixels are converted."""
_LUMA_APART = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12"})


class DecodedPicture:
    """The `values.Decoded` of one PyAV video frame. Its planes belong to the decoder, which may still predict from them: they are
    let go, not overwritten, and the decoder's next pictures take their place."""

    __slots__ = ("_bgr", "_grey", "_picture", "size_px")

    def __init__(self, picture: Any) -> None:
        """Raises BadInput above 8K. What is not planar 8-bit with whole rows one after the other is converted at once: where that
        fails, it is the camera's thread that learns of it, and no other camera ends with it."""
        self.size_px: tuple[int, int] = (picture.width, picture.height)
        if picture.width * picture.height > PIXELS_LIMIT:
            raise BadInput(
                f"a frame of {picture.width} x {picture.height} pixels is more than 8K", next_step="set the camera to 8K or less"
            )
        self._picture = picture
        self._bgr: Image | None = None
        self._grey: Image | None = None
        if picture.format.name not in _LUMA_APART or not _rows_in_order(picture):
            self._bgr = self.bgr()
            self._grey = np.ascontiguousarray(self._bgr[..., 1])  # green weighs most in luma

    def bgr(self) -> Image:
        if self._bgr is not None:
            return self._bgr
        return np.asarray(self._picture.to_ndarray(format="bgr24"), np.uint8)

    def luma(self) -> Image:
        """The Y plane itself where there is one."""
        if self._grey is not None:
            return self._grey
        plane = self._picture.planes[0]
        width, height = self.size_px
        return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:height, :width]

    def wipe(self) -> None:
        for ours in (self._bgr, self._grey):
            if ours is not None:
                ours.fill(0)
        self._picture = self._bgr = self._grey = None


def _rows_in_order(picture: Any) -> bool:
    """Whether the plane of luma can be read in place; a decoder may also lay its rows upside down."""
    plane = picture.planes[0]
    return bool(plane.line_size >= picture.width and plane.buffer_size >= plane.line_size * picture.height)
