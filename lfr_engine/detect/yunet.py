"""YuNet (Wu et al. 2023): three grids of strides 8, 16 and 32; per cell a class and an objectness score, a box, five points."""

from collections.abc import Sequence

import numpy as np

from lfr_engine.detect.decoding import Decode, Places
from lfr_engine.errors import LfrError
from lfr_engine.inference import Network, Pixels
from lfr_engine.values import Floats

PIXELS = Pixels(mean=(0.0, 0.0, 0.0), scale=1.0, rgb=False)
OVERLAP = 0.3
STRIDES_PX = (8, 16, 32)
LARGEST_LOG_SIZE = 6.0
_PARTS = ("cls", "obj", "bbox", "kps")


def decoder(network: Network) -> Decode:
    """Finds the outputs by name. Raises LfrError where the network is another."""
    names = network.output_names
    if set(names) != {f"{part}_{stride}" for part in _PARTS for stride in STRIDES_PX}:
        raise LfrError("a YuNet network has class, objectness, box and point outputs at strides 8, 16, 32")
    grids = [(stride, [names.index(f"{part}_{stride}") for part in _PARTS]) for stride in STRIDES_PX]

    def decode(outputs: Sequence[Floats], height_px: int, width_px: int, least_score: float) -> Places:
        found = [_at(stride, width_px // stride, [outputs[at] for at in places], least_score) for stride, places in grids]
        boxes, landmarks, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        return Places(boxes, landmarks, scores)

    return decode


def _at(stride: int, columns: int, parts: list[Floats], least_score: float) -> Places:
    """The faces of one grid; a score is the geometric mean of class and objectness."""
    classes, objectness, bbox, kps = parts
    scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objectness[:, 0], 0, 1))
    cells = np.nonzero(scores > least_score)[0]
    corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
    box = bbox[cells]
    centre = (corner + box[:, :2]) * stride
    half = np.exp(np.minimum(box[:, 2:], LARGEST_LOG_SIZE)) * stride / 2
    points = (kps[cells].reshape(-1, 5, 2) + corner[:, None, :]) * stride
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return Places(boxes.astype(np.float32), points.astype(np.float32), scores[cells].astype(np.float32))
