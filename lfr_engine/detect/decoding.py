"""What the file of each family of detectors gives: how its outputs become places of faces."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lfr_engine.values import Floats


class Places(NamedTuple):
    """Possible faces of one canvas, in its pixels, doubles among them: boxes [n, 4], landmarks [n, 5, 2], scores [n] in 0-1."""

    boxes_xyxy_px: Floats
    landmarks_xy_px: Floats
    scores: Floats


# Outputs of one canvas without their first axis, the canvas's height and width in pixels, the least score.
Decode = Callable[[Sequence[Floats], int, int, float], Places]


@dataclass(frozen=True, slots=True)
class Family:
    """`overlap`: of two boxes over this intersection over union the weaker goes."""

    overlap: float
    decode: Decode
