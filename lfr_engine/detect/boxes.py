"""Boxes as arrays: overlap, suppression of doubles, and the canvas that a detector sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_engine.detect.decoding import Places
from lfr_engine.image import resize
from lfr_engine.values import Face, Floats, Image

GRID_PX = 32  # the deepest stride of the detectors used here: canvas sides are multiples of it


def overlaps(a_xyxy: Floats, b_xyxy: Floats) -> NDArray[np.float64]:
    """Intersection over union of every box of a [n, 4] with every box of b [m, 4], as [n, m] in 0-1."""
    a, b = a_xyxy.astype(np.float64)[:, None, :], b_xyxy.astype(np.float64)[None, :, :]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(np.clip(sides, 0, None), axis=-1)
    area_a, area_b = (np.prod(np.clip(box[..., 2:] - box[..., :2], 0, None), axis=-1) for box in (a, b))
    return np.asarray(shared / np.maximum(area_a + area_b - shared, 1e-9), np.float64)


def keep_best(boxes_xyxy: Floats, scores: Floats, overlap: float) -> list[int]:
    """Greedy non-maximum suppression: indices of the kept boxes, best first; equal scores keep the earlier box."""
    order = np.argsort(-scores, kind="stable")
    shared = overlaps(boxes_xyxy[order], boxes_xyxy[order])
    kept: list[int] = []
    for place in range(len(order)):
        if not kept or shared[place, kept].max() <= overlap:
            kept.append(place)
    return [int(order[place]) for place in kept]


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A picture brought to size, placed top left on black whose sides 32 divides; `scale` is canvas pixels per source pixel."""

    image_bgr: Image
    scale: float

    @classmethod
    def of(cls, image: Image, longest_side_px: int, least_side_px: int = 0) -> "Canvas":
        """Shrunk where its longer side is over `longest_side_px`, enlarged where it is under `least_side_px`."""
        height, width = image.shape[:2]
        side = max(height, width)
        scale = min(max(side, least_side_px), longest_side_px) / side
        if scale != 1.0:
            image = resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
        rows, columns = (-(-side // GRID_PX) * GRID_PX for side in image.shape[:2])
        if image.shape[:2] == (rows, columns):
            return cls(image, scale)
        canvas = np.zeros((rows, columns, 3), np.uint8)
        canvas[: image.shape[0], : image.shape[1]] = image
        return cls(canvas, scale)

    def faces(self, places: Places, overlap: float) -> list[Face]:
        """Faces in source pixels from places in canvas pixels, doubles removed."""
        boxes, landmarks, scores = places
        if not len(scores):
            return []
        return [
            Face((boxes[i] / self.scale).astype(np.float32), (landmarks[i] / self.scale).astype(np.float32), float(scores[i]))
            for i in keep_best(boxes, scores, overlap)
        ]
