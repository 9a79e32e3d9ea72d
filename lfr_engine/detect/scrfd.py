"""SCRFD from insightface's model zoo, over overlapping square tiles where the network's input size is fixed.

The published file takes 640 x 640 and nothing else. A 1280 x 720 picture shrunk into that loses faces under 20 px, so a
picture clearly wider or taller than the input is cut into tiles at up to `longest_side_px`, and doubles are removed.
"""

from pathlib import Path

import numpy as np

from lfr_engine.detect.boxes import keep_best
from lfr_engine.image import resize
from lfr_engine.inference import Network
from lfr_engine.insightface_models import ScrfdModel
from lfr_engine.packs.manifest import DetectorFacts
from lfr_engine.values import Face, Image

OVERLAP = 0.4  # insightface's own setting
DEFAULT_SIDE_PX = 640
SMALLEST_SHARE = 0.1  # tiles overlap by at least this share of their side


class Scrfd:
    """Takes BGR; insightface converts to RGB and normalises."""

    def __init__(self, network: Network, facts: DetectorFacts, path: Path) -> None:
        self._model = ScrfdModel(network, path, score=facts.score, overlap=OVERLAP)
        self._side = (self._model.width_px or DEFAULT_SIDE_PX, self._model.height_px or DEFAULT_SIDE_PX)
        self._longest_side_px = facts.longest_side_px

    def detect(self, image_bgr: Image) -> list[Face]:
        height, width = image_bgr.shape[:2]
        scale = min(1.0, self._longest_side_px / max(height, width))
        canvas = resize(image_bgr, round(width * scale), round(height * scale)) if scale < 1.0 else image_bgr
        boxes, landmarks = [], []
        for top in _starts(canvas.shape[0], self._side[1]):
            for left in _starts(canvas.shape[1], self._side[0]):
                tile = np.ascontiguousarray(canvas[top : top + self._side[1], left : left + self._side[0]])
                found, points = self._model.detect(tile, *self._side)
                boxes.append(found + np.array([left, top, left, top, 0], np.float32))
                landmarks.append(points + np.array([left, top], np.float32))
        rows, points = np.concatenate(boxes), np.concatenate(landmarks)
        if not len(rows):
            return []
        kept = keep_best(rows[:, :4], rows[:, 4], OVERLAP)
        return [Face(rows[i, :4] / np.float32(scale), points[i] / np.float32(scale), float(rows[i, 4])) for i in kept]


def _starts(length: int, side: int) -> list[int]:
    """Where tiles of `side` begin along `length`: one where it fits, else evenly spread with an overlap."""
    if length <= side:
        return [0]
    count = -(-(length - int(side * SMALLEST_SHARE)) // (side - int(side * SMALLEST_SHARE)))
    return [round(i * (length - side) / (count - 1)) for i in range(count)]
