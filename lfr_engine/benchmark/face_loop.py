"""What most people would write instead, and what the pipeline is measured against: every face of every frame found and embedded.

insightface's FaceAnalysis with detection and recognition at 640 pixels, its own defaults for threads, and one NumPy product
with the list; an entry that reaches 0.35 in a single frame is named. No tracking, no memory between frames.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from insightface.app import FaceAnalysis

from lfr_engine.errors import BadInput
from lfr_engine.image import decode_photo
from lfr_engine.values import Floats, Image

THRESHOLD = 0.35
DETECTION_PX = (640, 640)


@dataclass(frozen=True, slots=True)
class Named:
    """A face of one frame: where, and the entry it was given, best first, None where none reached the threshold."""

    bbox_xyxy_px: tuple[float, float, float, float]
    entry_id: str | None
    similarity: float


class FaceLoop:
    """The loop over one pack's model files, with lists that it enrols itself."""

    def __init__(self, pack_dir: Path) -> None:
        self._models: Any = FaceAnalysis(str(pack_dir), allowed_modules=["detection", "recognition"], providers=["CPUExecutionProvider"])
        self._models.prepare(ctx_id=-1, det_size=DETECTION_PX)
        self._known: dict[Path, Floats | None] = {}
        self.entry_ids: list[str] = []
        self._rows: Floats = np.empty((0, 0), np.float32)

    def enrol(self, photos: Mapping[str, Path]) -> None:
        """Take another list: entry -> photo. Raises BadInput where nobody could be enrolled; photos without a face are left out."""
        for path in photos.values():
            if path not in self._known:
                faces = self.faces(_bordered(decode_photo(path.read_bytes())))
                self._known[path] = np.asarray(max(faces, key=_area).normed_embedding, np.float32) if faces else None
        rows = {entry_id: row for entry_id, path in photos.items() if (row := self._known[path]) is not None}
        if not rows:
            raise BadInput("the loop enrolled nobody", next_step="correct the photos of the list")
        self.entry_ids, self._rows = list(rows), np.stack(list(rows.values()))

    def faces(self, image_bgr: Image) -> Sequence[Any]:
        """insightface's own faces of one picture: what one FaceAnalysis.get costs."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # its alignment calls something that its own dependency will rename
            found: Sequence[Any] = self._models.get(image_bgr)
        return found

    def look(self, image_bgr: Image) -> list[Named]:
        """One frame: every face, and its name where it has one."""
        faces = self.faces(image_bgr)
        if not faces:
            return []
        similarities = np.stack([face.normed_embedding for face in faces]) @ self._rows.T
        best = similarities.argmax(axis=1)
        return [self._named(face, int(place), float(row[place])) for face, place, row in zip(faces, best, similarities, strict=True)]

    def _named(self, face: Any, place: int, similarity: float) -> Named:
        x0, y0, x1, y1 = (float(edge) for edge in face.bbox)
        return Named((x0, y0, x1, y1), self.entry_ids[place] if similarity >= THRESHOLD else None, similarity)


def _bordered(photo: Image) -> Image:
    """With a border of a quarter: SCRFD misses faces that fill the picture, and the loop is given its best case."""
    margin = max(photo.shape[:2]) // 4
    return np.pad(photo, ((margin, margin), (margin, margin), (0, 0)))


def _area(face: Any) -> float:
    x0, y0, x1, y1 = face.bbox
    return float((x1 - x0) * (y1 - y0))
