"""What is wrong with a photo, in words: quality components after ISO/IEC 29794-5, each with its value, limit and reason.

The pipeline's gate (`lfr_engine.quality`) asks few and cheap questions of every view. A reference photo is looked at once and
by people, so here everything is measured that the five landmarks and 64 x 64 pixels can tell, and each component says what to
do about it. They are measures of the picture, not of the person, and none is an opinion about age, sex or skin: exposure is
judged by the spread of luma and by clipping, never by how light a face is. Component names are the standard's; the measures
are our own simple ones and are not OFIQ's.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.image import edge_variance
from lfr_engine.quality import Quality, measure, upright_luma
from lfr_engine.values import Face, Image

# In the 64 x 64 upright crop: brows to chin and ear to ear; the halves left and right of the nose; around eyes and mouth.
_FACE = (slice(12, 58), slice(12, 52))
_LEFT, _RIGHT = (slice(16, 54), slice(14, 32)), (slice(16, 54), slice(32, 50))
_EYES, _MOUTH = (slice(18, 30), slice(14, 50)), (slice(42, 58), slice(18, 46))
_BINS = 32


@dataclass(frozen=True, slots=True)
class Component:
    """One measure: `good` when it keeps its limit, and in words what is wrong and what to do when it does not."""

    name: str
    value: float
    limit: float
    good: bool
    reason: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """A component's limit: the value must be at least (or at most) this."""

    name: str
    limit: float
    at_least: bool
    reason: str
    what_to_do: str


_RULES = (
    _Rule("inter-eye distance", 20.0, True, "the face is small in this photo", "use a larger photo of the face"),
    _Rule("head size in the picture", 0.8, True, "the face is cut off by the edge of the picture", "use a photo that shows the whole face"),
    _Rule("pose: yaw", 0.30, False, "the head is turned to one side", "use a photo from the front"),
    _Rule("pose: pitch", 0.18, False, "the head is raised or bowed", "use a photo from the front, eyes level with the camera"),
    _Rule("pose: roll", 25.0, False, "the head is tilted", "use a photo with the head upright"),
    _Rule("sharpness", 30.0, True, "the photo is blurred, or enlarged from a small one", "use the original, in focus"),
    _Rule("dynamic range", 60.0, True, "the face has too little contrast", "use a photo in even, brighter light"),
    _Rule("under-exposure", 0.35, False, "part of the face is black", "use a photo in better light"),
    _Rule("over-exposure", 0.25, False, "part of the face is white", "use a photo without a flash or the sun on the face"),
    _Rule("illumination uniformity", 0.35, True, "one side of the face is in the shade", "use a photo in even light"),
    _Rule("occlusion of the eyes", 0.20, True, "something may cover the eyes, such as dark glasses", "use a photo without glasses"),
    _Rule("occlusion of the mouth", 0.12, True, "something may cover the mouth, such as a mask", "use a photo with the face uncovered"),
)


def components(image_bgr: Image, face: Face) -> tuple[Component, ...]:
    """Every component of a face in the picture it was found in, the failed ones first."""
    values = _values(measure(image_bgr, face), face, upright_luma(image_bgr, face))
    found = [_judged(rule, values[rule.name]) for rule in _RULES]
    return tuple(sorted(found, key=lambda one: one.good))


def hints_of(found: tuple[Component, ...]) -> tuple[str, ...]:
    """What is wrong and what to do, one sentence for each failed component."""
    return tuple(f"{one.reason[:1].upper()}{one.reason[1:]} ({one.name}): {one.what_to_do}." for one in found if not one.good)


def _judged(rule: _Rule, value: float) -> Component:
    good = value >= rule.limit if rule.at_least else value <= rule.limit
    return Component(rule.name, round(value, 3), rule.limit, good, "" if good else rule.reason, "" if good else rule.what_to_do)


def _values(quality: Quality, face: Face, luma: Image) -> dict[str, float]:
    skin = luma[_FACE]
    low, high = np.percentile(skin, (5, 95))
    return {
        "inter-eye distance": quality.eye_distance_px,
        "head size in the picture": quality.inside,
        "pose: yaw": quality.turn,
        "pose: pitch": _pitch(face),
        "pose: roll": _roll_deg(face),
        "sharpness": quality.sharpness,
        "dynamic range": float(high - low),
        "under-exposure": float((skin <= 16).mean()),
        "over-exposure": float((skin >= 247).mean()),
        "illumination uniformity": _shared(luma[_LEFT], luma[_RIGHT]),
        "occlusion of the eyes": _texture(luma, _EYES, skin),
        "occlusion of the mouth": _texture(luma, _MOUTH, skin),
    }


def _roll_deg(face: Face) -> float:
    """How far the line of the eyes is from level."""
    (lx, ly), (rx, ry) = face.landmarks_xy_px[:2].tolist()
    return abs(math.degrees(math.atan2(ry - ly, rx - lx)))


def _pitch(face: Face) -> float:
    """How far the nose's height between eyes and mouth is from where a level face has it (0.55 of the way), as a part of it."""
    points = face.landmarks_xy_px.astype(np.float64)
    eyes, nose, mouth = points[:2].mean(axis=0), points[2], points[3:].mean(axis=0)
    down = mouth - eyes
    length = float(down @ down)
    return abs(float((nose - eyes) @ down) / length - 0.55) if length > 0 else 1.0


def _shared(one: Image, other: Image) -> float:
    """Histogram intersection of two halves, 0 to 1 (ISO/IEC 29794-5: illumination uniformity)."""
    left, right = (_histogram(half) for half in (one, other))
    return float(np.minimum(left, right).sum())


def _histogram(luma: Image) -> NDArray[np.float64]:
    counts = np.bincount((luma >> 3).ravel(), minlength=_BINS).astype(np.float64)
    return np.asarray(counts / counts.sum(), np.float64)


def _texture(luma: Image, where: tuple[slice, slice], skin: Image) -> float:
    """Edges around a feature compared with those of the whole face: covered eyes or a covered mouth have few."""
    whole = edge_variance(np.ascontiguousarray(skin))
    return edge_variance(np.ascontiguousarray(luma[where])) / whole if whole > 0 else 0.0


MEASURES: tuple[str, ...] = tuple(rule.name for rule in _RULES)
LIMITS: dict[str, float] = {rule.name: rule.limit for rule in _RULES}
