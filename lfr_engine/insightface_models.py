"""insightface's own model classes over sessions that this program made: the only import of insightface.

Its SCRFD knows anchors and decoding of every published variant, its ArcFaceONNX reads the input normalisation out of the
graph. Both are given a ready session, so that neither chooses a provider by itself, and a local file, so that neither
fetches one.
"""

from pathlib import Path
from typing import Any

import numpy as np
from insightface.model_zoo import SCRFD, ArcFaceONNX

from lfr_engine.errors import LfrError
from lfr_engine.inference import Network
from lfr_engine.values import Floats, Image


class ScrfdModel:
    """SCRFD (Guo et al. 2022) at one canvas size."""

    def __init__(self, network: Network, path: Path, *, score: float, overlap: float) -> None:
        self._model: Any = SCRFD(model_file=str(path), session=network.session)
        if not self._model.use_kps:
            raise LfrError(f"{path.name} is an SCRFD without landmarks; this program needs the five points")
        self._model.det_thresh, self._model.nms_thresh = score, overlap
        fixed: tuple[int, int] = self._model.static_input_size or (0, 0)  # zeros where the graph takes any size
        self.width_px, self.height_px = fixed

    def detect(self, image_bgr: Image, width_px: int, height_px: int) -> tuple[Floats, Floats]:
        """Boxes with scores float32[n, 5] and landmarks float32[n, 5, 2] in pixels of the picture."""
        boxes, landmarks = self._model.detect(image_bgr, input_size=(width_px, height_px))
        return np.asarray(boxes, np.float32), np.asarray(landmarks, np.float32)


class ArcFaceModel:
    """A network of the ArcFace family (Deng et al. 2019)."""

    def __init__(self, network: Network, path: Path) -> None:
        self._model: Any = ArcFaceONNX(model_file=str(path), session=network.session)
        self.mean, self.scale = float(self._model.input_mean), 1.0 / float(self._model.input_std)

    def features(self, crops_bgr: list[Image]) -> Floats:
        """One row per aligned crop, not yet of unit length."""
        return np.asarray(self._model.get_feat(crops_bgr), np.float32)
