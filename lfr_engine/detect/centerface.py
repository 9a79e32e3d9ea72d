"""CenterFace (Xu et al. 2019): a heat map of face centres at a quarter of the size, with box sizes and landmarks beside it."""

from collections.abc import Sequence

import numpy as np

from lfr_engine.detect.decoding import Places
from lfr_engine.errors import LfrError
from lfr_engine.inference import Network, Pixels
from lfr_engine.values import Floats

PIXELS = Pixels(mean=(0.0, 0.0, 0.0), scale=1.0, rgb=True)
OVERLAP = 0.3  # as in the authors' code
STRIDE_PX = 4
LARGEST_LOG_SIZE = 8.0  # exp(8) * 4 px is beyond any picture; keeps a broken network's numbers finite


def check(network: Network) -> None:
    """Raises LfrError where the network is another."""
    if len(network.output_names) != 4:
        raise LfrError("a CenterFace network has four outputs", next_step="rebuild the model pack")


def decode(outputs: Sequence[Floats], height_px: int, width_px: int, least_score: float) -> Places:
    """Every cell of the heat map over the least score; neighbours of one face are doubles of each other."""
    heat, size, offset, marks = outputs
    rows, columns = np.nonzero(heat[0] > least_score)
    scores = heat[0, rows, columns]
    tall, wide = np.exp(np.minimum(size[:, rows, columns], LARGEST_LOG_SIZE)) * STRIDE_PX
    left = (columns + offset[1, rows, columns] + 0.5) * STRIDE_PX - wide / 2
    top = (rows + offset[0, rows, columns] + 0.5) * STRIDE_PX - tall / 2
    boxes = np.stack([left, top, left + wide, top + tall], axis=1).astype(np.float32)
    inside = marks[:, rows, columns].reshape(5, 2, -1)  # per landmark: y, then x, as parts of the box
    landmarks = np.stack([inside[:, 1] * wide + left, inside[:, 0] * tall + top], axis=-1).transpose(1, 0, 2)
    return Places(boxes, landmarks.astype(np.float32), scores)
