"""Decides which views of a face may be compared, and which of them is best; every refusal has a name.

The gate is about pixels only: size, sharpness, exposure, and pose as the five landmarks tell it. Limits are few and low:
what they let through still has to reach the threshold, and a face refused here is a person nobody can be told about.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lfr_engine.align import aligned_crop
from lfr_engine.image import edge_variance, grey
from lfr_engine.values import Face, Image

CROP_PX = 64
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


def measure(image_bgr: Image, face: Face) -> Quality:
    """The quality of a face in the picture it was found in."""
    left_eye, right_eye, nose = (face.landmarks_xy_px[i].astype(np.float64) for i in range(3))
    mouth = face.landmarks_xy_px[3:].astype(np.float64).mean(axis=0)
    between = right_eye - left_eye
    middle = (left_eye + right_eye) / 2
    down = mouth - middle
    # Turning a head shortens the eye line and shifts the nose off the face's midline; turning up or down shortens the other.
    eyes_px = float(max(np.linalg.norm(between), np.linalg.norm(down)))
    axis = between / max(float(np.linalg.norm(between)), 1e-6)
    turn = abs(float((nose - (middle + mouth) / 2) @ axis)) / max(float(np.linalg.norm(between)), 1e-6)
    luma = grey(aligned_crop(image_bgr, face.landmarks_xy_px, _UPRIGHT, CROP_PX))
    core = luma[12:58, 12:52]
    x0, y0, x1, y1 = (float(edge) for edge in face.bbox_xyxy_px)
    height, width = image_bgr.shape[:2]
    seen = max(0.0, min(x1, width) - max(x0, 0.0)) * max(0.0, min(y1, height) - max(y0, 0.0))
    inside = seen / max((x1 - x0) * (y1 - y0), 1e-6)
    sharpness = edge_variance(core)
    score = min(1.0, eyes_px / 40) * (1 - min(1.0, turn)) * min(1.0, 0.4 + sharpness / 400) * face.score * min(1.0, inside)
    return Quality(eyes_px, turn, sharpness, float(core.mean()), inside, score)


def judge(quality: Quality, gate: QualityGate) -> Rejection | None:
    """None where the view may be compared, else the first limit that it misses."""
    checks = (
        (quality.eye_distance_px < gate.smallest_eye_distance_px, Rejection.TOO_SMALL),
        (quality.inside < gate.least_inside, Rejection.CUT_OFF),
        (quality.turn > gate.largest_turn, Rejection.TURNED),
        (quality.luma < gate.darkest, Rejection.TOO_DARK),
        (quality.luma > gate.brightest, Rejection.TOO_BRIGHT),
        (quality.sharpness < gate.least_sharpness, Rejection.BLURRED),
    )
    return next((why for missed, why in checks if missed), None)
