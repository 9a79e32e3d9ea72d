"""From pictures to faces: a canvas, the network, and the decoding of the family that the manifest names."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lfr_engine.detect import centerface, yunet
from lfr_engine.detect.boxes import Canvas
from lfr_engine.detect.decoding import Family
from lfr_engine.inference import Network, Pixels, Runtime, load_network
from lfr_engine.packs.manifest import DetectorFacts
from lfr_engine.values import Face, Floats, Image


class Detector:
    """Finds faces. May be used from several threads at once; what it finds in a picture depends on no other picture."""

    def __init__(self, network: Network, family: Family, facts: DetectorFacts) -> None:
        self.network = network
        self._family = family
        self._facts = facts

    def detect(self, image_bgr: Image, longest_side_px: int | None = None) -> list[Face]:
        """Faces in pixels of the picture, best score first.

        Without `longest_side_px` the picture is a photo: shrunk to the manifest's longest side, and enlarged to its least, because
        landmarks from more pixels align a face better. With it, it is part of a stream: shrunk to that, and never enlarged.
        """
        return self._on(self._canvas(image_bgr, longest_side_px))

    def detect_many(self, images_bgr: Sequence[Image], longest_side_px: int | None = None) -> list[list[Face]]:
        """The same for many pictures at once, which keeps every core busy; pictures may have different sizes."""
        canvases = [self._canvas(image, longest_side_px) for image in images_bgr]
        alike: dict[tuple[int, ...], list[int]] = {}
        for place, canvas in enumerate(canvases):
            alike.setdefault(canvas.image_bgr.shape, []).append(place)
        faces: list[list[Face]] = [[] for _ in canvases]
        for places in alike.values():
            outputs = self.network.run(np.stack([canvases[place].image_bgr for place in places]))
            for row, place in enumerate(places):
                faces[place] = self._faces(canvases[place], [output[row] for output in outputs])
        return faces

    def forget(self) -> None:
        """Overwrite what the runtime still holds of the last pictures."""
        self.network.forget()

    def _canvas(self, image_bgr: Image, longest_side_px: int | None) -> Canvas:
        if longest_side_px is not None:
            return Canvas.of(image_bgr, longest_side_px)
        return Canvas.of(image_bgr, self._facts.longest_side_px, self._facts.least_side_px)

    def _on(self, canvas: Canvas) -> list[Face]:
        return self._faces(canvas, [output[0] for output in self.network.run(canvas.image_bgr[None])])

    def _faces(self, canvas: Canvas, outputs: list[Floats]) -> list[Face]:
        height, width = canvas.image_bgr.shape[:2]
        return canvas.faces(self._family.decode(outputs, height, width, self._facts.score), self._family.overlap)


def load_detector(facts: DetectorFacts, data: bytes, path: Path, runtime: Runtime) -> Detector:
    """The detector over checked file contents. Raises LfrError where they are no network of the manifest's family."""
    if facts.family == "centerface":
        network = _load(data, path, centerface.PIXELS, runtime)
        centerface.check(network)
        return Detector(network, Family(centerface.OVERLAP, centerface.decode), facts)
    if facts.family == "yunet":
        network = _load(data, path, yunet.PIXELS, runtime)
        return Detector(network, Family(yunet.OVERLAP, yunet.decoder(network)), facts)
    from lfr_engine.detect import scrfd  # insightface takes over a second to import: only packs that use it pay

    network = _load(data, path, scrfd.PIXELS, runtime)
    return Detector(network, Family(scrfd.OVERLAP, scrfd.decoder(network)), facts)


def _load(data: bytes, path: Path, pixels: Pixels, runtime: Runtime) -> Network:
    return load_network(data, name=path.name, pixels=pixels, runtime=runtime, any_size=True)
