"""SCRFD (Guo et al. 2022): per anchor a score, distances to the four sides of the box, and five points, all in strides.

The published file names 640 x 640 as its input, and insightface lays every picture on such a square. The network itself is made of
convolutions and takes any size its strides divide, so a picture is searched as it is: at 640 x 360 that is two fifths less to
compute, and at 1280 x 720 faces under 20 px are found without cutting it into tiles. Decoding touches only anchors over the least score.
"""

from collections.abc import Sequence

import numpy as np

from lfr_engine.detect.decoding import Decode, Places
from lfr_engine.errors import LfrError
from lfr_engine.inference import Network, Pixels
from lfr_engine.insightface_models import scrfd_layout
from lfr_engine.values import Floats

PIXELS = Pixels(mean=(127.5, 127.5, 127.5), scale=1 / 128, rgb=True)
OVERLAP = 0.4  # insightface's own setting


def decoder(network: Network) -> Decode:
    """Raises LfrError where the network has no landmarks or is no SCRFD."""
    layout = scrfd_layout(network)
    grids = len(layout.strides_px)
    if len(network.output_names) != 3 * grids:
        raise LfrError(f"{network.name} has {len(network.output_names)} outputs, not the {3 * grids} of its SCRFD variant")

    def decode(outputs: Sequence[Floats], height_px: int, width_px: int, least_score: float) -> Places:
        found = [
            _at(stride, width_px // stride, layout.anchors, outputs[at : 3 * grids : grids], least_score)
            for at, stride in enumerate(layout.strides_px)
        ]
        boxes, landmarks, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        return Places(boxes, landmarks, scores)

    return decode


def _at(stride: int, columns: int, anchors: int, parts: Sequence[Floats], least_score: float) -> Places:
    """The faces of one grid, whose points lie in rows with their anchors beside each other."""
    scores, sides, points = parts
    places = np.nonzero(scores[:, 0] >= least_score)[0]
    cells = places // anchors
    at = (np.stack([cells % columns, cells // columns], axis=1) * stride).astype(np.float32)
    reach = sides[places] * np.float32(stride)
    landmarks = points[places].reshape(-1, 5, 2) * np.float32(stride) + at[:, None, :]
    return Places(np.concatenate([at - reach[:, :2], at + reach[:, 2:]], axis=1), landmarks, scores[places, 0])
