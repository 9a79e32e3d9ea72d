"""Puts a face upright into the crop its network expects: the similarity transform that brings five landmarks nearest to a template."""

import numpy as np
from numpy.typing import NDArray

from lfr_engine.image import warp
from lfr_engine.values import Floats, Image


def similarity(source_xy: Floats, target_xy: Floats) -> NDArray[np.float64]:
    """The 2x3 matrix of the rotation, one scale and shift that moves source [n, 2] onto target [n, 2] with least squares (Umeyama 1991).

    Never mirrors. Points that all coincide give a pure shift.
    """
    # Five points: plain numbers are ten times faster than arrays of them, and this runs for every face looked at.
    source = [complex(x, y) for x, y in source_xy.tolist()]
    target = [complex(x, y) for x, y in target_xy.tolist()]
    from_centre, to_centre = sum(source) / len(source), sum(target) / len(target)
    spread = sum(abs(point - from_centre) ** 2 for point in source)
    # In the plane the best rotation and scale have a closed form: the complex regression of target on source.
    both = sum((to - to_centre) * (point - from_centre).conjugate() for point, to in zip(source, target, strict=True))
    turn = both / spread if spread else 1 + 0j
    shift = to_centre - turn * from_centre
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def aligned_crop(image_bgr: Image, landmarks_xy_px: Floats, template_px: Floats, side_px: int) -> Image:
    """The face as uint8 BGR side x side, its landmarks as near to the template's as turning, scaling and shifting bring them."""
    return warp(image_bgr, similarity(landmarks_xy_px, template_px), side_px, side_px)
