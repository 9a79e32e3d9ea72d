"""Looks for faces in two steps: the whole picture made small, then closely at a few places, all of them in one small canvas.

Most of a picture holds no face, and a face that is found needs more pixels only while a view of it is to be compared. So the
whole picture is searched at half its size or less, which finds every face the quality gate could let through, and around those
that are to be embedded the detector looks once more at the camera's own pixels: five landmarks from there align the crop better than
landmarks guessed from a face of fifteen pixels. Costs are in docs/performance.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lfr_engine.detect.detector import Detector
from lfr_engine.image import resize
from lfr_engine.values import Face, Floats, Image


@dataclass(frozen=True, slots=True)
class LookSettings:
    """`tile_px`: side of the square that one place gets in the canvas; `face_px`: larger faces are shrunk to this there, which leaves
    more than half a face of background on each side; `columns`: tiles side by side. `astray`: a face found further than this from where it
    was expected, in its own sizes, is somebody else's; `largest_growth`: and so is one that differs more in size."""

    tile_px: int = 128
    face_px: float = 56.0
    columns: int = 4
    astray: float = 0.4
    largest_growth: float = 1.7


def look_closely(image_bgr: Image, faces: Sequence[Face], detector: Detector, settings: LookSettings) -> list[Face | None]:
    """Each face once more, from the picture's own pixels; None where it is not found again. The score stays the higher of both."""
    if not faces:
        return []
    tile, columns = settings.tile_px, min(settings.columns, len(faces))
    rows = -(-len(faces) // columns)
    canvas = np.zeros((rows * tile, columns * tile, 3), np.uint8)
    places = []
    for number, face in enumerate(faces):
        left, top = tile * (number % columns), tile * (number // columns)
        places.append((left, top, *_lay(canvas[top : top + tile, left : left + tile], image_bgr, face, settings)))
    found = detector.detect(canvas, max(canvas.shape))
    centres = np.array([_centre(face) for face in found]).reshape(-1, 2)
    again: list[Face | None] = []
    for face, (left, top, scale, x_px, y_px) in zip(faces, places, strict=True):
        near = np.nonzero((np.floor(centres / tile) == (left // tile, top // tile)).all(axis=1))[0]
        moved = [_moved(found[place], 1 / scale, x_px - left / scale, y_px - top / scale) for place in near]
        again.append(_same(face, moved, settings))
    canvas.fill(0)
    return again


def _lay(tile: Image, image: Image, face: Face, settings: LookSettings) -> tuple[float, float, float]:
    """Draw the face's surroundings into the tile; pixels of the tile per pixel of the picture, and the picture's x, y at its corner."""
    scale = min(1.0, settings.face_px / max(face.size_px, 1.0))
    reach = settings.tile_px / scale
    x, y = _centre(face)
    height, width = image.shape[:2]
    x0, y0 = round(x - reach / 2), round(y - reach / 2)
    x1, y1 = min(round(x0 + reach), width), min(round(y0 + reach), height)
    seen = image[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    if seen.size:
        wide, high = (max(1, round(side * scale)) for side in (seen.shape[1], seen.shape[0]))
        drawn = seen if scale == 1.0 else resize(seen, wide, high)
        across, down = round((max(x0, 0) - x0) * scale), round((max(y0, 0) - y0) * scale)
        fits = tile[down : down + high, across : across + wide]
        fits[:] = drawn[: fits.shape[0], : fits.shape[1]]
    return scale, float(x0), float(y0)


def _same(face: Face, found: list[Face], settings: LookSettings) -> Face | None:
    """The one of the faces found that can be the one looked for, the nearest."""
    size = max(face.size_px, 1.0)
    near = [
        (distance, place)
        for place, one in enumerate(found)
        if (distance := float(np.linalg.norm(_centre(one) - _centre(face))) / size) <= settings.astray
        and 1 / settings.largest_growth <= max(one.size_px, 1.0) / size <= settings.largest_growth
    ]
    if not near:
        return None
    best = found[min(near)[1]]
    return replace(best, score=max(best.score, face.score))


def _centre(face: Face) -> Floats:
    return np.asarray((face.bbox_xyxy_px[:2] + face.bbox_xyxy_px[2:]) / 2, np.float32)


def _moved(face: Face, scale: float, x_px: float, y_px: float) -> Face:
    """The face in another picture's pixels: scaled, then shifted."""
    shift = np.array([x_px, y_px], np.float32)
    box = face.bbox_xyxy_px * np.float32(scale) + np.tile(shift, 2)
    return Face(box.astype(np.float32), (face.landmarks_xy_px * np.float32(scale) + shift).astype(np.float32), face.score)
