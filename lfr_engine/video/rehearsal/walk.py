"""How people move before the rehearsal camera: straight walks on flat ground, seen by a camera above head height.

One number places a person: the height of their face in the picture. By the geometry of a level camera over flat ground it
falls as one over the distance, and heads sink below the horizon in proportion to it; so a near person is large and low,
a far one small and high, and who is nearer hides who is farther.
"""

import math
from dataclasses import dataclass

import numpy as np

from lfr_engine.video.rehearsal.spec import RehearsalSpec

# The horizon, as a part of the picture's height, and how far a head hangs below it in units of its own face height:
# about 1 m above the heads, as a camera on a van's mast.
_HORIZON = 0.10
_DROP_FACES = 4.2
_APPROACHING_SHARE = 0.55
_CROSSING_S = (4.2, 6.5)
_APPROACHING_S = (5.5, 8.0)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a face is in one frame: centre and face height in pixels, tilt in degrees, and the light on it."""

    x_px: float
    y_px: float
    face_px: float
    tilt_deg: float
    gain: float


@dataclass(frozen=True, slots=True)
class Walk:
    """One passage's motion. Inverse face heights (proportional to distance) and ground positions move evenly in time."""

    start_s: float
    end_s: float
    far_inverse: tuple[float, float]
    lateral_faces: tuple[float, float]
    height_faces: float
    tilt_deg: float
    sway_hz: float
    phase: float
    shade: float
    size_px: tuple[int, int]

    def pose(self, at_s: float) -> Pose:
        """The pose at a time of the stream, between start_s and end_s."""
        part = (at_s - self.start_s) / (self.end_s - self.start_s)
        face_px = 1.0 / _between(self.far_inverse, part)
        # Ground position, in face heights at the distance of the start, turns into pixels by the present face height.
        x_px = self.size_px[0] / 2 + _between(self.lateral_faces, part) * face_px
        step = math.sin(2 * math.pi * self.sway_hz * at_s + self.phase)
        y_px = _HORIZON * self.size_px[1] + (_DROP_FACES + self.height_faces + 0.04 * step) * face_px
        sway = math.sin(math.pi * self.sway_hz * at_s + self.phase)
        return Pose(x_px, y_px, face_px, self.tilt_deg + 2.0 * sway, 1.0 + self.shade * math.sin(3.0 * part + self.phase))


def plan_walks(spec: RehearsalSpec) -> tuple[Walk, ...]:
    """One walk per walker of the specification, in its order. Each draws from its own random stream, so that one walker
    more or less changes nobody else's gait."""
    gap_s = (sum(_CROSSING_S) + sum(_APPROACHING_S)) / 4 / spec.at_once
    return tuple(_plan(spec, np.random.default_rng((spec.seed, 1, index)), index * gap_s) for index in range(len(spec.walkers)))


def _plan(spec: RehearsalSpec, rng: np.random.Generator, slot_s: float) -> Walk:
    width, height = spec.size
    near_px, far_px = spec.face_px[1], spec.face_px[0]
    height_faces = float(rng.uniform(-0.45, 0.45))
    start_s = slot_s + 0.5 + float(rng.uniform(0.0, 0.8))
    if rng.random() < _APPROACHING_SHARE:
        last_px = near_px * 1.35
        first_px = far_px * 0.5
        # Comes from anywhere far away and leaves below or beside the picture.
        lateral_end = float(rng.uniform(-0.42, 0.42)) * width / last_px
        lateral_start = lateral_end + float(rng.uniform(-2.0, 2.0))
        last_px = max(last_px, (1 - _HORIZON) * height / (_DROP_FACES + height_faces - 0.5))
        lasts_s = float(rng.uniform(*_APPROACHING_S))
        inverse = (1 / first_px, 1 / last_px)
    else:
        face_px = float(rng.uniform(far_px, near_px))
        edge = (width / 2 + 1.2 * face_px) / face_px
        side = 1.0 if rng.random() < 0.5 else -1.0
        lateral_start, lateral_end = -side * edge, side * edge
        lasts_s = float(rng.uniform(*_CROSSING_S))
        inverse = (1 / face_px, 1 / (face_px * float(rng.uniform(0.85, 1.18))))
    return Walk(
        start_s=start_s,
        end_s=start_s + lasts_s,
        far_inverse=inverse,
        lateral_faces=(lateral_start, lateral_end),
        height_faces=height_faces,
        tilt_deg=float(rng.normal(0.0, 5.0)),
        sway_hz=float(rng.uniform(1.6, 2.1)),
        phase=float(rng.uniform(0.0, 2 * math.pi)),
        shade=float(rng.uniform(0.0, 0.22)),
        size_px=spec.size,
    )


def _between(ends: tuple[float, float], part: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * part
