"""Whether a camera still looks where it looked: the lasting edges of two views, laid over each other at every shift. Pure.

People come and go; walls, kerbs and posts stay. What lasts is the median of pictures some seconds apart, and its edges,
measured against their surroundings, outlive a change of light. Cross-correlation by Fourier transform (Lewis 1995, "Fast
normalized cross-correlation", without its local normalisation: both views are whole pictures of one size).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.image import soften
from lfr_engine.values import Floats, Image

SHIFT = 0.02
"""Of the picture's width: a pole in the wind sways less, a knock moves a camera by more."""
GAIN = 0.12
"""How much better the shifted view must fit than the one in place, so that noise in a flat peak is no movement."""
ANOTHER_VIEW = 0.35
"""Below it hardly an edge lies where it lay. A street in a crowd clip stays at 0.98, at two fifths of the light at 0.88, zoomed by
5 % at 0.73; turned by 2 % of the width it is at 0.22, and two test cards share 0.23."""
SWAY_PX = 1.5
"""Edges are as wide as this, so that they still meet when the camera sways by less than a pixel of the small picture."""
_FARTHEST = 0.3
_LEAST_EDGES = 1.0  # grey levels a pixel: fog, night or a wall give nothing to go by


@dataclass(frozen=True, slots=True)
class View:
    """The lasting edges of one view, float32 of zero mean and unit length, or None where there are too few to go by."""

    edges: Floats | None


def lasting(pictures: Sequence[Image]) -> Image:
    """What most of these equal-sized grey pictures show at each place."""
    return np.asarray(np.median(np.stack(pictures), axis=0), np.uint8)


def view_of(grey: Image) -> View:
    """The edges of a lasting picture, uint8 height x width."""
    light = soften(grey, SWAY_PX, SWAY_PX).astype(np.float32)
    down, across = np.gradient(light)
    edges = np.hypot(down, across)
    if edges.mean() < _LEAST_EDGES:
        return View(None)
    edges = np.sqrt(edges)  # one bright sign must not outweigh a street
    edges -= edges.mean()
    return View((edges / np.linalg.norm(edges)).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Fit:
    """How well two views fit in place and at their best shift (-1 to 1), and that shift as shares of width and height."""

    in_place: float
    best: float
    right: float
    down: float

    @property
    def moved(self) -> bool:
        """Whether the camera looks elsewhere now."""
        elsewhere = max(abs(self.right), abs(self.down)) >= SHIFT and self.best - self.in_place >= GAIN
        return elsewhere or self.in_place < ANOTHER_VIEW


def fit(reference: View, now: View) -> Fit | None:
    """None where one of them has nothing to go by."""
    if reference.edges is None or now.edges is None:
        return None
    height, width = reference.edges.shape
    at_shift = _correlation(reference.edges, now.edges)
    rows, columns = int(_FARTHEST * height), int(_FARTHEST * width)
    near = np.roll(at_shift, (rows, columns), axis=(0, 1))[: 2 * rows + 1, : 2 * columns + 1]
    row, column = np.unravel_index(int(near.argmax()), near.shape)
    return Fit(float(at_shift[0, 0]), float(near.max()), (int(column) - columns) / width, (int(row) - rows) / height)


def _correlation(one: Floats, other: Floats) -> NDArray[np.float64]:
    """The inner product at every shift of `other` against `one`, zeros outside; [0, 0] is in place."""
    shape = (2 * one.shape[0], 2 * one.shape[1])
    spectrum = np.conj(np.fft.rfft2(one, shape)) * np.fft.rfft2(other, shape)
    return np.asarray(np.fft.irfft2(spectrum, shape), np.float64)
