"""Makes a picture that shows nobody but those whom an alert was raised about.

Boxes are padded, because a face is more than its box and a track lags a little; what is drawn over is replaced, not blurred.
"""

from collections.abc import Sequence

from lfr_engine.image import pixelate
from lfr_engine.values import Image, Region

PADDING = 0.35  # of the box's longer side, on every side
EDGE = 0.05  # of the picture's width: a head that the left or right edge cuts is not found, so the edges themselves are drawn over


def padded(bbox_xyxy_px: tuple[int, int, int, int], share: float) -> tuple[int, int, int, int]:
    """The box grown on every side by `share` of its longer side; may reach outside the picture."""
    x0, y0, x1, y1 = bbox_xyxy_px
    margin = round(share * max(x1 - x0, y1 - y0))
    return x0 - margin, y0 - margin, x1 + margin, y1 + margin


def redact(image_bgr: Image, regions: Sequence[Region], *, clear_track: int | None = None) -> Image:
    """A copy with every region pixelated, except those that raised an alert, or except `clear_track` alone where it is given.

    Where a clear face meets another person's region or the picture's edge, these win: nobody is shown by accident.
    """
    shown = image_bgr.copy()
    height, width = shown.shape[:2]
    band = round(EDGE * width)
    for x0, x1 in ((0, band), (width - band, width)):
        pixelate(shown, (x0, 0, x1, height))
    for region in regions:
        clear = region.track == clear_track if clear_track is not None else region.alerted
        if not clear:
            pixelate(shown, padded(region.bbox_xyxy_px, PADDING))
    return shown


def crop_of(image_bgr: Image, regions: Sequence[Region], track: int, share: float = 0.5) -> Image:
    """The padded region of one track as its own picture, everybody else in it pixelated. Empty where it lies outside."""
    height, width = image_bgr.shape[:2]
    own = next(region for region in regions if region.track == track)
    x0, y0, x1, y1 = padded(own.bbox_xyxy_px, share)
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    part = image_bgr[y0 : max(y1, y0), x0 : max(x1, x0)].copy()
    for region in regions:
        if region.track != track:
            a, b, c, d = padded(region.bbox_xyxy_px, PADDING)
            pixelate(part, (a - x0, b - y0, c - x0, d - y0))
    return part
