"""YuNet (Wu et al. 2023): three grids of strides 8, 16 and 32; per cell a class and an objectness score, a box, five points."""

import numpy as np

from lfr_engine.detect.boxes import Canvas
from lfr_engine.errors import LfrError
from lfr_engine.image import blob
from lfr_engine.inference import Network
from lfr_engine.packs.manifest import DetectorFacts
from lfr_engine.values import Face, Floats, Image

STRIDES_PX = (8, 16, 32)
OVERLAP = 0.3
LARGEST_LOG_SIZE = 6.0


class YuNet:
    """Takes BGR 0-255; a score is the geometric mean of class and objectness."""

    def __init__(self, network: Network, facts: DetectorFacts) -> None:
        wanted = {f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in STRIDES_PX}
        if set(network.output_names) != wanted:
            raise LfrError("a YuNet network has class, objectness, box and point outputs at strides 8, 16, 32")
        self._network = network
        self._facts = facts

    def detect(self, image_bgr: Image) -> list[Face]:
        canvas = Canvas.of(image_bgr, self._facts.longest_side_px)
        outputs = dict(
            zip(self._network.output_names, self._network.run(blob([canvas.image_bgr], 1.0, (0.0, 0.0, 0.0), rgb=False)), strict=True)
        )
        columns = canvas.image_bgr.shape[1]
        found = [self._at(stride, columns // stride, {part: outputs[f"{part}_{stride}"][0] for part in ("cls", "obj", "bbox", "kps")})
                 for stride in STRIDES_PX]  # fmt: skip
        boxes, landmarks, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        return canvas.faces(boxes, landmarks, scores, OVERLAP)

    def _at(self, stride: int, columns: int, parts: dict[str, Floats]) -> tuple[Floats, Floats, Floats]:
        """Boxes, landmarks and scores of one grid, in canvas pixels."""
        scores = np.sqrt(np.clip(parts["cls"][:, 0], 0, 1) * np.clip(parts["obj"][:, 0], 0, 1))
        cells = np.nonzero(scores > self._facts.score)[0]
        corner = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
        box = parts["bbox"][cells]
        centre = (corner + box[:, :2]) * stride
        half = np.exp(np.minimum(box[:, 2:], LARGEST_LOG_SIZE)) * stride / 2
        points = (parts["kps"][cells].reshape(-1, 5, 2) + corner[:, None, :]) * stride
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        return boxes.astype(np.float32), points.astype(np.float32), scores[cells].astype(np.float32)
