"""From faces to unit vectors: align, normalise as the manifest says, run the network, bring to length one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from lfr_engine.align import aligned_crop
from lfr_engine.errors import LfrError
from lfr_engine.image import blob, resize
from lfr_engine.inference import Network
from lfr_engine.packs.manifest import EmbedderFacts
from lfr_engine.values import Face, Floats, Image

LARGEST_BATCH = 16  # bounds the memory of one run; the networks gain nothing beyond it


class Embedder(Protocol):
    """Turns faces of one picture into templates."""

    def embed(self, image_bgr: Image, faces: Sequence[Face]) -> Floats:
        """Unit rows float32[n, dimension], one per face, in the order given."""


class AlignedEmbedder:
    """Any network that takes an aligned square crop and returns one row per crop."""

    def __init__(self, facts: EmbedderFacts, features: Callable[[list[Image]], Floats]) -> None:
        self._facts = facts
        self._features = features
        self._template = np.array(facts.template_px, np.float32)

    def embed(self, image_bgr: Image, faces: Sequence[Face]) -> Floats:
        """Raises LfrError where the network returns another dimension than the manifest says, or no direction at all."""
        if not faces:
            return np.empty((0, self._facts.dimension), np.float32)
        crops = [self._crop(image_bgr, face) for face in faces]
        rows = self._unit(crops)
        if self._facts.mirrored:
            mirrored = self._unit([np.ascontiguousarray(crop[:, ::-1]) for crop in crops])
            rows = _to_unit(rows + mirrored)
        return rows

    def _crop(self, image_bgr: Image, face: Face) -> Image:
        crop = aligned_crop(image_bgr, face.landmarks_xy_px, self._template, self._facts.aligned_px)
        side = self._facts.input_px
        return crop if side == self._facts.aligned_px else resize(crop, side, side)

    def _unit(self, crops: list[Image]) -> Floats:
        rows = np.concatenate([self._features(crops[at : at + LARGEST_BATCH]) for at in range(0, len(crops), LARGEST_BATCH)])
        if rows.shape != (len(crops), self._facts.dimension):
            raise LfrError(f"the face network returned {rows.shape}, not {(len(crops), self._facts.dimension)}")
        return _to_unit(rows)


def _to_unit(rows: Floats) -> Floats:
    """Rows brought to length one, in float64 so that the float32 result is as near to it as it can be."""
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise LfrError("the face network returned a vector without a direction")
    return np.asarray(rows / lengths, np.float32)


def load_embedder(facts: EmbedderFacts, data: bytes, path: Path) -> Embedder:
    """The embedder over checked file contents; ArcFace networks go through insightface's class."""
    network = Network(data, name=path.name)
    if facts.family == "arcface":
        from lfr_engine.insightface_models import ArcFaceModel  # over a second to import: only packs that use it pay

        model = ArcFaceModel(network, path)
        if (model.mean, model.scale) != (facts.mean[0], facts.scale):
            raise LfrError(f"{path.name} wants mean {model.mean} and scale {model.scale}, its manifest says otherwise")
        return AlignedEmbedder(facts, model.features)
    return AlignedEmbedder(facts, lambda crops: network.run(blob(crops, facts.scale, facts.mean, rgb=facts.channels == "rgb"))[0])
