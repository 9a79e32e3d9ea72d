"""Puts a face upright into the crop its network expects: the similarity transform that brings five landmarks nearest to a template."""

import numpy as np
from numpy.typing import NDArray

from lfr_engine.image import warp
from lfr_engine.values import Floats, Image


def similarity(source_xy: Floats, target_xy: Floats) -> NDArray[np.float64]:
    """The 2x3 matrix of the rotation, one scale and shift that moves source [n, 2] onto target [n, 2] with least squares (Umeyama 1991).

    Never mirrors. Points that all coincide give a pure shift.
    """
    source, target = source_xy.astype(np.float64), target_xy.astype(np.float64)
    from_centre, to_centre = source.mean(axis=0), target.mean(axis=0)
    a, b = source - from_centre, target - to_centre
    spread = float((a**2).sum())
    # In the plane the best rotation and scale have a closed form: the complex regression of b on a.
    along = float((a * b).sum()) / spread if spread else 1.0
    across = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread if spread else 0.0
    turn = np.array([[along, -across], [across, along]])
    return np.column_stack([turn, to_centre - turn @ from_centre])


def aligned_crop(image_bgr: Image, landmarks_xy_px: Floats, template_px: Floats, side_px: int) -> Image:
    """The face as uint8 BGR side x side, its landmarks as near to the template's as turning, scaling and shifting bring them."""
    return warp(image_bgr, similarity(landmarks_xy_px, template_px), side_px, side_px)
