"""From faces to unit vectors: align, normalise as the manifest says, run the network, bring to length one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lfr_engine.align import aligned_crop
from lfr_engine.errors import LfrError
from lfr_engine.image import resize
from lfr_engine.inference import Network, Pixels, Runtime, load_network
from lfr_engine.packs.manifest import EmbedderFacts
from lfr_engine.values import Face, Floats, Image


class Embedder:
    """Any network that takes an aligned square crop and returns one row per crop, in two steps: crops of one picture at a time,
    templates of crops from any pictures. May be used from several threads at once."""

    def __init__(self, facts: EmbedderFacts, network: Network) -> None:
        self.network = network
        self._facts = facts
        self._template = np.array(facts.template_px, np.float32)

    def embed(self, image_bgr: Image, faces: Sequence[Face]) -> Floats:
        """Both steps for the faces of one picture: unit rows float32[n, dimension] in their order."""
        return self.features(self.crops(image_bgr, faces))

    def crops(self, image_bgr: Image, faces: Sequence[Face]) -> list[Image]:
        """Every face upright, as the network takes it."""
        return [self._crop(image_bgr, face) for face in faces]

    def features(self, crops: list[Image]) -> Floats:
        """Unit rows float32[n, dimension], one per crop, in the order given; a row depends on its own crop alone.

        Raises LfrError where the network returns another dimension than the manifest says, or no direction at all.
        """
        if not crops:
            return np.empty((0, self._facts.dimension), np.float32)
        rows = self._unit(crops)
        if self._facts.mirrored:
            mirrored = self._unit([crop[:, ::-1] for crop in crops])
            rows += mirrored
            mirrored.fill(0)
            _bring_to_unit(rows)
        return rows

    def forget(self) -> None:
        """Overwrite what the runtime still holds of the last faces."""
        self.network.forget()

    def _crop(self, image_bgr: Image, face: Face) -> Image:
        crop = aligned_crop(image_bgr, face.landmarks_xy_px, self._template, self._facts.aligned_px)
        side = self._facts.input_px
        return crop if side == self._facts.aligned_px else resize(crop, side, side)

    def _unit(self, crops: list[Image]) -> Floats:
        rows = self.network.run(np.stack(crops))[0]
        if rows.shape != (len(crops), self._facts.dimension):
            raise LfrError(f"the face network returned {rows.shape}, not {(len(crops), self._facts.dimension)}")
        _bring_to_unit(rows)
        return rows


def _bring_to_unit(rows: Floats) -> None:
    """Rows brought to length one, in place, by way of float64 so that the result is as near to it as float32 can be.

    Intermediate copies of a template are overwritten: NumPy keeps small arrays that were freed as they were.
    """
    wide = rows.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise LfrError("the face network returned a vector without a direction")
    wide /= lengths
    rows[:] = wide
    wide.fill(0)


def load_embedder(facts: EmbedderFacts, data: bytes, path: Path, runtime: Runtime) -> Embedder:
    """The embedder over checked file contents. Raises LfrError where insightface reads another normalisation out of an ArcFace network."""
    pixels = Pixels(facts.mean, facts.scale, rgb=facts.channels == "rgb")
    network = load_network(data, name=path.name, pixels=pixels, runtime=runtime)
    if facts.family == "arcface":
        from lfr_engine.insightface_models import arcface_normalisation  # over a second to import: only packs that use it pay

        mean, scale = arcface_normalisation(network, path)
        if (mean, scale) != (facts.mean[0], facts.scale):
            raise LfrError(f"{path.name} wants mean {mean} and scale {scale}, its manifest says otherwise")
    return Embedder(facts, network)
