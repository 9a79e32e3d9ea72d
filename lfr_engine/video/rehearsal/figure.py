"""A walking figure from a labelled photo: the real head, cut out softly, on a drawn neck and body.

The figure is kept as premultiplied BGRA in three sizes, so that a frame needs one warp of a picture not
much larger than what is drawn.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lfr_engine.errors import BadInput
from lfr_engine.image import resize, soften, warp
from lfr_engine.values import Image
from lfr_engine.video.rehearsal.walk import Pose

Plane = NDArray[np.float32]

# The face height, in pixels, at which figures are kept: that of a 250 x 250 portrait of the usual collections.
FACE_PX = 120
# Everything below is in units of the face height: the figure reaches from above the hair to the waist.
_WIDTH, _ABOVE, _BELOW = 2.9, 0.92, 3.3
_HEAD_HALF_WIDTH, _HEAD_HALF_HEIGHT, _HEAD_RISE = 0.62, 0.74, 0.10
_FACE_HALF_WIDTH = 0.40
WAIST = _BELOW - 0.1
# Where a portrait without a box has its face: the median of a detector over photos centred on the eyes.
_PORTRAIT_BOX = (0.32, 0.265, 0.69, 0.755)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A figure as it lands in the frame, cut at the frame's edges: left, top, and a BGRA layer (premultiplied)."""

    left: int
    top: int
    layer_bgra: Image


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """Levels of premultiplied BGRA, each half the size of the one before; the face's centre lies at
    (width / 2, _ABOVE face heights below the top). `legs` is the colour below the waist."""

    levels: tuple[Image, ...]
    legs: tuple[int, int, int]

    def drawn(self, pose: Pose, frame_size_px: tuple[int, int]) -> Drawn | None:
        """The figure with its face at the pose's place; None where nothing of it is in the frame."""
        scale = pose.face_px / FACE_PX
        level = min(len(self.levels) - 1, math.floor(-math.log2(scale))) if scale < 1 else 0
        layer = self.levels[level]
        scale *= 2**level
        turn = math.radians(pose.tilt_deg)
        rotation = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        height, width = layer.shape[:2]
        pivot = np.array([width / 2, height * _ABOVE / (_ABOVE + _BELOW)])
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64) - pivot
        around = corners @ rotation.T + (pose.x_px, pose.y_px)
        left, top = np.maximum(np.floor(around.min(axis=0)), 0).astype(int)
        right, bottom = np.minimum(np.ceil(around.max(axis=0)), frame_size_px).astype(int)
        if right <= left or bottom <= top:
            return None
        shift = np.array([pose.x_px, pose.y_px]) - rotation @ pivot - (left, top)
        matrix: NDArray[np.float64] = np.hstack([rotation, shift[:, None]])
        return Drawn(int(left), int(top), warp(layer, matrix, int(right - left), int(bottom - top)))


def face_box(pose: Pose) -> tuple[float, float, float, float]:
    """The face of a placed figure, as ground truth states it: forehead to chin, cheek to cheek, in frame pixels."""
    wide, high = _FACE_HALF_WIDTH * pose.face_px, 0.5 * pose.face_px
    return (round(pose.x_px - wide, 1), round(pose.y_px - high, 1), round(pose.x_px + wide, 1), round(pose.y_px + high, 1))


def make_figure(photo: Image, box: tuple[float, float, float, float] | None, rng: np.random.Generator, *, mirror: bool) -> Figure:
    """A figure from a photo (uint8 BGR) and the face in it; clothes, light, and blur come from `rng`.

    Raises BadInput where the box is no part of the photo.
    """
    height, width = photo.shape[:2]
    x0, y0, x1, y1 = box if box is not None else tuple(part * side for part, side in zip(_PORTRAIT_BOX, (width, height) * 2, strict=True))
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height and y1 - y0 >= 16):
        raise BadInput(f"the face box {box} does not lie in the photo of {width} x {height} pixels")
    scale = FACE_PX / (y1 - y0)
    canvas_w, canvas_h = round(_WIDTH * FACE_PX), round((_ABOVE + _BELOW) * FACE_PX)
    flip = -1.0 if mirror else 1.0
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    matrix = np.array(
        [[flip * scale, 0.0, canvas_w / 2 - flip * scale * centre_x], [0.0, scale, _ABOVE * FACE_PX - scale * centre_y]], np.float64
    )
    if scale < 0.6:  # bilinear warping of a large photo would skip pixels
        photo = resize(photo, max(1, round(width * scale)), max(1, round(height * scale)))
        matrix[:, :2] *= 1 / scale
    head = warp(photo, matrix, canvas_w, canvas_h)
    inside = warp(np.full(photo.shape[:2], 255, np.uint8), matrix, canvas_w, canvas_h)
    figure = _with_body(_lit(head, rng), inside, rng)
    sigma = float(rng.uniform(0.0, 1.1))
    levels = [soften(figure, sigma + float(rng.uniform(0.0, 0.9)), sigma)]
    for _ in range(2):
        levels.append(resize(levels[-1], levels[-1].shape[1] // 2, levels[-1].shape[0] // 2))
    dark, _, blue = (int(tone) for tone in rng.uniform(20, 70, 3))
    return Figure(tuple(levels), (dark + blue, dark, dark))


def _lit(head: Image, rng: np.random.Generator) -> Image:
    """The head in this walker's light: brightness, contrast, warmth, and a lamp from one side."""
    gain = float(rng.uniform(0.72, 1.18))
    warmth = np.array([1 - 0.06, 1.0, 1 + 0.06]) ** float(rng.uniform(-1.0, 1.0))
    side = 1 + float(rng.uniform(-0.22, 0.22)) * np.linspace(-1, 1, head.shape[1])[None, :, None]
    gamma = float(rng.uniform(0.85, 1.2))
    curve = np.asarray(np.rint(255 * (np.arange(256) / 255) ** gamma), np.uint8)
    return np.asarray(curve[np.clip(head * (gain * warmth * side), 0, 255).astype(np.uint8)], np.uint8)


@lru_cache(maxsize=1)
def _shapes() -> tuple[Plane, Plane, Plane, Plane]:
    """Body, neck and face as opacity 0-1, and how far across each pixel lies, in face heights from the middle."""
    height, width = round((_ABOVE + _BELOW) * FACE_PX), round(_WIDTH * FACE_PX)
    y, x = (axis.astype(np.float32) / FACE_PX for axis in np.mgrid[0:height, 0:width])
    across, down = np.abs(x - width / FACE_PX / 2), y - _ABOVE
    # Shoulders fall away from the neck.
    shoulder = 0.60 + 0.75 * np.clip(across / 1.3, 0, 1) ** 3
    body = _edge(down - shoulder) * _edge(1.32 - across)
    neck = _edge(0.30 - across) * _edge(down - 0.2) * _edge(0.85 - down)
    face = np.clip((1 - np.hypot(across / _HEAD_HALF_WIDTH, (down + _HEAD_RISE) / _HEAD_HALF_HEIGHT)) / 0.07, 0, 1)
    return body, neck, face, across


def _with_body(head: Image, inside: Image, rng: np.random.Generator) -> Image:
    """Head (where `inside` says that the photo reaches) over neck over clothes: premultiplied BGRA."""
    body, neck, face, across = _shapes()
    middle = head.shape[1] // 2
    cheek = head[round((_ABOVE + 0.18) * FACE_PX) : round((_ABOVE + 0.30) * FACE_PX), middle - 25 : middle + 25]
    skin = np.asarray(0.85 * np.median(cheek.reshape(-1, 3), axis=0), np.float32)
    cloth = np.asarray(rng.uniform(25, 205, 3), np.float32) * (1.0 - 0.25 * across[..., None] / 1.4)
    cloth += 8 * np.sin(np.arange(len(head), dtype=np.float32) / FACE_PX * float(rng.uniform(2, 9)))[:, None, None]
    colour = np.zeros(head.shape, np.float32)
    opacity = np.zeros(head.shape[:2], np.float32)
    for paint, mask in ((cloth, body), (skin, neck), (head, face * (inside / np.float32(255)))):
        colour += (paint - colour) * mask[..., None]
        opacity += (1 - opacity) * mask
    opaque = 255 * opacity[..., None]
    layers = np.concatenate([np.minimum(colour, opaque), opaque], axis=2)  # premultiplied: never brighter than opaque
    return np.asarray(np.clip(np.rint(layers), 0, 255), np.uint8)


def _edge(inside: Plane) -> Plane:
    """1 inside, 0 outside, a soft edge of a few pixels between; `inside` in face heights."""
    return np.asarray(np.clip(inside * FACE_PX / 3 + 0.5, 0, 1), np.float32)
