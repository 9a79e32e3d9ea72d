"""CenterFace (Xu et al. 2019): a heat map of face centres at a quarter of the size, with box sizes and landmarks beside it."""

import numpy as np

from lfr_engine.detect.boxes import Canvas
from lfr_engine.errors import LfrError
from lfr_engine.image import blob
from lfr_engine.inference import Network
from lfr_engine.packs.manifest import DetectorFacts
from lfr_engine.values import Face, Image

STRIDE_PX = 4
OVERLAP = 0.3  # of two boxes over this intersection over union one goes, as in the authors' code
LARGEST_LOG_SIZE = 8.0  # exp(8) * 4 px is beyond any picture; keeps a broken network's numbers finite


class CenterFace:
    """Takes BGR 0-255."""

    def __init__(self, network: Network, facts: DetectorFacts) -> None:
        if len(network.output_names) != 4:
            raise LfrError("a CenterFace network has four outputs", next_step="rebuild the model pack")
        self._network = network
        self._facts = facts

    def detect(self, image_bgr: Image) -> list[Face]:
        canvas = Canvas.of(image_bgr, self._facts.longest_side_px)
        heat, size, offset, marks = (output[0] for output in self._network.run(blob([canvas.image_bgr], 1.0, (0.0, 0.0, 0.0), rgb=True)))
        rows, columns = np.nonzero(heat[0] > self._facts.score)
        scores = heat[0, rows, columns]
        tall, wide = np.exp(np.minimum(size[:, rows, columns], LARGEST_LOG_SIZE)) * STRIDE_PX
        left = (columns + offset[1, rows, columns] + 0.5) * STRIDE_PX - wide / 2
        top = (rows + offset[0, rows, columns] + 0.5) * STRIDE_PX - tall / 2
        boxes = np.stack([left, top, left + wide, top + tall], axis=1).astype(np.float32)
        inside = marks[:, rows, columns].reshape(5, 2, -1)  # per landmark: y, then x, as parts of the box
        landmarks = np.stack([inside[:, 1] * wide + left, inside[:, 0] * tall + top], axis=-1).transpose(1, 0, 2)
        return canvas.faces(boxes, landmarks.astype(np.float32), scores, OVERLAP)
