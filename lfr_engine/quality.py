"""Decides which views of a face may be compared, and which of them is best; every refusal has a name.

The gate is about pixels only: size, sharpness, exposure, and pose as the five landmarks tell it. Limits are few and low:
what they let through still has to reach the threshold, and a face refused here is a person nobody can be told about.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lfr_engine.align import similarity
from lfr_engine.image import edge_variance, grey, mean_luma, warp
from lfr_engine.values import Face, Image

CROP_PX = 64
_CORE = (slice(12, 58), slice(12, 52))  # brows to chin, ear to ear
# Where the five landmarks of an upright frontal face lie in the crop that is judged.
_UPRIGHT = np.array([[20, 24], [44, 24], [32, 38], [23, 50], [41, 50]], np.float32)


class Rejection(StrEnum):
    """Why a view cannot be compared."""

    TOO_SMALL = "too small"
    TURNED = "turned away"
    BLURRED = "blurred"
    TOO_DARK = "too dark"
    TOO_BRIGHT = "too bright"
    CUT_OFF = "cut off by the edge of the picture"


@dataclass(frozen=True, slots=True)
class QualityGate:
    """The limits, in the units of `Quality`; part of the pipeline digest."""

    smallest_eye_distance_px: float = 12.0
    largest_turn: float = 0.5
    least_sharpness: float = 12.0
    darkest: float = 18.0
    brightest: float = 240.0
    least_inside: float = 0.80


@dataclass(frozen=True, slots=True)
class Quality:
    """One view, measured: eye distance in source pixels (or eyes to mouth, where that is longer), turn as the nose's distance
    from the midline in eye distances (0 frontal, about 0.5 at half profile), variance of the Laplacian and mean luma of the
    upright crop, share of the box inside the picture, and one score 0-1 that orders the views of a track."""

    eye_distance_px: float
    turn: float
    sharpness: float
    luma: float
    inside: float
    score: float

    def as_json(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 4) for name in ("eye_distance_px", "turn", "sharpness", "luma", "inside", "score")}


def first_look(face: Face, size_px: tuple[int, int], gate: QualityGate) -> Rejection | None:
    """What can be refused without looking at a pixel of a picture of `size_px` (width, height): size, cut-off, pose."""
    return _refused_unseen(_geometry(face, size_px), gate)


def measure(image_bgr: Image, face: Face) -> Quality:
    """The quality of a face in the picture it was found in."""
    place = _geometry(face, (image_bgr.shape[1], image_bgr.shape[0]))
    core = upright_luma(image_bgr, face)[_CORE]
    sharpness, luma = edge_variance(core), mean_luma(core)
    score = min(1.0, place.eyes_px / 40) * (1 - min(1.0, place.turn)) * min(1.0, 0.4 + sharpness / 400)
    return Quality(place.eyes_px, place.turn, sharpness, luma, place.inside, score * face.score * min(1.0, place.inside))


def upright_luma(image_bgr: Image, face: Face) -> Image:
    """The face upright, as uint8 luma 64 x 64, its landmarks where `_UPRIGHT` says.

    Only the part of the picture around the face is turned to luma before it is warped: one channel instead of three.
    """
    matrix = similarity(face.landmarks_xy_px, _UPRIGHT)
    along, across = float(matrix[0, 0]), float(matrix[1, 0])
    size = along * along + across * across
    # The crop's corners in the picture, by the inverse of rotation, scale and shift.
    xs, ys = [], []
    for u, v in ((0, 0), (CROP_PX, 0), (0, CROP_PX), (CROP_PX, CROP_PX)):
        du, dv = u - float(matrix[0, 2]), v - float(matrix[1, 2])
        xs.append((along * du + across * dv) / max(size, 1e-12))
        ys.append((along * dv - across * du) / max(size, 1e-12))
    height, width = image_bgr.shape[:2]
    x0, x1 = _span(min(xs), max(xs), width)
    y0, y1 = _span(min(ys), max(ys), height)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((CROP_PX, CROP_PX), np.uint8)
    matrix[0, 2] += along * x0 - across * y0
    matrix[1, 2] += across * x0 + along * y0
    return warp(grey(image_bgr[y0:y1, x0:x1]), matrix, CROP_PX, CROP_PX)


def judge(quality: Quality, gate: QualityGate) -> Rejection | None:
    """None where the view may be compared, else the first limit that it misses."""
    unseen = _refused_unseen(_Geometry(quality.eye_distance_px, quality.turn, quality.inside), gate)
    if unseen is not None:
        return unseen
    checks = (
        (quality.luma < gate.darkest, Rejection.TOO_DARK),
        (quality.luma > gate.brightest, Rejection.TOO_BRIGHT),
        (quality.sharpness < gate.least_sharpness, Rejection.BLURRED),
    )
    return next((why for missed, why in checks if missed), None)


@dataclass(frozen=True, slots=True)
class _Geometry:
    """What box and landmarks alone say."""

    eyes_px: float
    turn: float
    inside: float


def _geometry(face: Face, size_px: tuple[int, int]) -> _Geometry:
    (lx, ly), (rx, ry), (nx, ny), (ax, ay), (bx, by) = face.landmarks_xy_px.tolist()
    mx, my = (ax + bx) / 2, (ay + by) / 2
    ex, ey = (lx + rx) / 2, (ly + ry) / 2
    between = math.hypot(rx - lx, ry - ly)
    # Turning a head shortens the eye line and shifts the nose off the face's midline; turning up or down shortens the other.
    eyes_px = max(between, math.hypot(mx - ex, my - ey))
    across = (nx - (ex + mx) / 2) * (rx - lx) + (ny - (ey + my) / 2) * (ry - ly)
    turn = abs(across) / max(between, 1e-6) ** 2
    x0, y0, x1, y1 = face.bbox_xyxy_px.tolist()
    width, height = size_px
    seen = max(0.0, min(x1, width) - max(x0, 0.0)) * max(0.0, min(y1, height) - max(y0, 0.0))
    return _Geometry(eyes_px, turn, seen / max((x1 - x0) * (y1 - y0), 1e-6))


def _refused_unseen(place: _Geometry, gate: QualityGate) -> Rejection | None:
    checks = (
        (place.eyes_px < gate.smallest_eye_distance_px, Rejection.TOO_SMALL),
        (place.inside < gate.least_inside, Rejection.CUT_OFF),
        (place.turn > gate.largest_turn, Rejection.TURNED),
    )
    return next((why for missed, why in checks if missed), None)


def _span(low: float, high: float, limit: int) -> tuple[int, int]:
    """Whole pixels around an interval, one more on each side for the interpolation, inside the picture."""
    return max(0, min(limit, math.floor(low) - 1)), max(0, min(limit, math.ceil(high) + 2))
