"""What every detector does, and the choice of one by the family that the manifest names."""

from pathlib import Path
from typing import Protocol

from lfr_engine.detect.centerface import CenterFace
from lfr_engine.detect.yunet import YuNet
from lfr_engine.inference import Network
from lfr_engine.packs.manifest import DetectorFacts
from lfr_engine.values import Face, Image


class Detector(Protocol):
    """Finds the faces of a picture."""

    def detect(self, image_bgr: Image) -> list[Face]:
        """Faces in pixels of the picture, best score first."""


def load_detector(facts: DetectorFacts, data: bytes, path: Path) -> Detector:
    """The detector over checked file contents. `path` is where they lie: insightface wants to look at the graph itself."""
    network = Network(data, name=path.name)
    if facts.family == "centerface":
        return CenterFace(network, facts)
    if facts.family == "yunet":
        return YuNet(network, facts)
    from lfr_engine.detect.scrfd import Scrfd  # insightface takes over a second to import: only packs that use it pay

    return Scrfd(network, facts, path)
