"""Makes a picture that shows nobody but those whom an alert was raised about (R42).

Boxes are padded, because a face is more than its box and a track lags a little; what is drawn over is replaced, not blurred.
A clear face keeps what is nearer to its own middle than to another's: a neighbour's padding does not cover it, and of somebody
who stands in front of it nothing is shown but what lies inside the clear face's own box.
"""

from collections.abc import Sequence

import numpy as np

from lfr_engine.image import pixelate
from lfr_engine.values import Image, Region

PADDING = 0.35  # of the box's longer side, on every side
EDGE = 0.05  # of the picture's width: a head that the left or right edge cuts is not found, so the edges themselves are drawn over

Box = tuple[int, int, int, int]


def padded(bbox_xyxy_px: Box, share: float) -> Box:
    """The box grown on every side by `share` of its longer side; may reach outside the picture."""
    x0, y0, x1, y1 = bbox_xyxy_px
    margin = round(share * max(x1 - x0, y1 - y0))
    return x0 - margin, y0 - margin, x1 + margin, y1 + margin


def redact(image_bgr: Image, regions: Sequence[Region], *, clear_track: int | None = None) -> Image:
    """A copy with every region pixelated, except those that raised an alert, or except `clear_track` alone where it is given.

    The picture's left and right edges are drawn over whoever is there: somebody may be cut in half by them and not be found.
    """
    shown = image_bgr.copy()
    height, width = shown.shape[:2]
    clear = [region for region in regions if (region.track == clear_track if clear_track is not None else region.alerted)]
    _hide(shown, image_bgr, [region for region in regions if region not in clear], clear)
    for x0, x1 in _edges(width):
        pixelate(shown, (x0, 0, x1, height))
    return shown


def crop_of(image_bgr: Image, regions: Sequence[Region], track: int, share: float = 0.5) -> Image:
    """The padded region of one track as its own picture, everybody else in it pixelated, and the picture's left and right edges but
    for the face's own box. Empty where it lies outside."""
    height, width = image_bgr.shape[:2]
    own = next(region for region in regions if region.track == track)
    x0, y0, x1, y1 = padded(own.bbox_xyxy_px, share)
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    part = image_bgr[y0 : max(y1, y0), x0 : max(x1, x0)]
    shown = part.copy()
    for left, right in _edges(width):
        pixelate(shown, (left - x0, 0, right - x0, shown.shape[0]))
    face_x0, face_y0, face_x1, face_y1 = _inside(_shifted(own, x0, y0).bbox_xyxy_px, shown.shape[1], shown.shape[0])
    shown[face_y0:face_y1, face_x0:face_x1] = part[face_y0:face_y1, face_x0:face_x1]
    others = [_shifted(region, x0, y0) for region in regions if region.track != track]
    _hide(shown, part, others, [_shifted(own, x0, y0)])
    return shown


def _edges(width: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Left and right of the bands along the picture's edges."""
    band = round(EDGE * width)
    return (0, band), (width - band, width)


def _hide(shown: Image, original: Image, hidden: Sequence[Region], clear: Sequence[Region]) -> None:
    """Pixelate the hidden regions in place, then give each clear face back what is its own."""
    for region in hidden:
        pixelate(shown, padded(region.bbox_xyxy_px, PADDING))
    height, width = shown.shape[:2]
    for face in clear:
        x0, y0, x1, y1 = _inside(face.bbox_xyxy_px, width, height)
        near = [region for region in hidden if _touch(padded(region.bbox_xyxy_px, PADDING), (x0, y0, x1, y1))]
        if not near or x1 <= x0 or y1 <= y0:
            continue
        own = _away(face.bbox_xyxy_px, (x0, y0, x1, y1))
        kept = np.logical_and.reduce([own < _away(region.bbox_xyxy_px, (x0, y0, x1, y1)) for region in near])
        shown[y0:y1, x0:x1][kept] = original[y0:y1, x0:x1][kept]


def _away(bbox_xyxy_px: Box, part: Box) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """For every pixel of a part of the picture, the distance from the box's middle in half widths and heights of the box."""
    x0, y0, x1, y1 = bbox_xyxy_px
    across = (np.arange(part[0], part[2]) + 0.5 - (x0 + x1) / 2) / max((x1 - x0) / 2, 1.0)
    down = (np.arange(part[1], part[3]) + 0.5 - (y0 + y1) / 2) / max((y1 - y0) / 2, 1.0)
    return np.asarray(np.hypot(across[None, :], down[:, None]))


def _inside(box: Box, width: int, height: int) -> Box:
    return max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _shifted(region: Region, x_px: int, y_px: int) -> Region:
    x0, y0, x1, y1 = region.bbox_xyxy_px
    return Region(region.track, (x0 - x_px, y0 - y_px, x1 - x_px, y1 - y_px), region.alerted)
