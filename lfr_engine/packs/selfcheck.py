"""Compares a runtime with fp32 ONNX Runtime on the faces of some photos: does it find them, describe them and decide alike?

Every photo is looked at as it is, mirrored, at half size and darker, so that a dozen people give a few thousand comparisons.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lfr_engine.errors import BadInput
from lfr_engine.image import resize
from lfr_engine.inference import Backend, Runtime
from lfr_engine.packs.comparison import Comparison
from lfr_engine.packs.store import OpenPack, checked_files, load_pack
from lfr_engine.packs.verdict import Verdict, judge
from lfr_engine.values import Face, Floats, Image

REFERENCE = Runtime(Backend.ONNX_CPU)
LEAST_FACES = 12
_DARKER = 0.6
_ROUNDING = 1e-5  # scores this near the threshold may fall on either side of it in fp32 as well


def compare(reference: OpenPack, candidate: OpenPack, photos: Sequence[tuple[str, Image]]) -> Comparison:
    """Both packs, loaded from one folder, on photos with the name of the one person in each.

    Raises BadInput where the reference finds too few faces to say anything.
    """
    names, ours, other, cosines, shifts, missed = [], [], [], [], [], 0
    for name, image in photos:
        for picture in _variants(image):
            faces = [_largest(pack.detector.detect(picture)) for pack in (reference, candidate)]
            if faces[0] is None or faces[1] is None:
                missed += (faces[0] is None) != (faces[1] is None)
                continue
            crops = reference.embedder.crops(picture, [faces[0]])
            rows = reference.embedder.features(crops)
            cosines.append(float((rows * candidate.embedder.features(crops)).sum()))
            shifts.append(_shift(faces[0], faces[1]))
            names.append(name)
            ours.append(rows[0])
            other.append(candidate.embedder.embed(picture, [faces[1]])[0])
    if len(names) < LEAST_FACES or len(set(names)) < 2:
        raise BadInput(
            f"{len(names)} faces of {len(set(names))} people are too few to compare", next_step="run scripts/demo once: it fetches photos"
        )
    return Comparison(
        faces=len(names) + missed,
        faces_missed=missed,
        least_cosine=min(cosines),
        largest_shift=max(shifts),
        **_drift(names, np.stack(ours), np.stack(other), reference.default_threshold),
    )


def _drift(names: list[str], ours: Floats, other: Floats, threshold: float) -> dict[str, Any]:
    """Over every pair of faces: how many, the largest change of a score, the gap, the changed decisions."""
    first, second = np.triu_indices(len(names), 1)
    scores, others = (ours @ ours.T)[first, second], (other @ other.T)[first, second]
    same = np.array(names)[first] == np.array(names)[second]
    clear = np.abs(scores - threshold) > _ROUNDING
    return {
        "pairs": len(scores),
        "largest_drift": float(np.abs(scores - others).max()),
        "gap": float(scores[same].mean() - scores[~same].mean()),
        "decisions_changed": int((((scores >= threshold) != (others >= threshold)) & clear).sum()),
    }


def _variants(image: Image) -> Iterator[Image]:
    yield image
    yield np.ascontiguousarray(image[:, ::-1])
    yield resize(image, max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
    yield (image * np.float32(_DARKER)).astype(np.uint8)


def _largest(faces: Sequence[Face]) -> Face | None:
    return max(faces, key=lambda face: face.size_px, default=None)


def _shift(face: Face, again: Face) -> float:
    """The furthest that a landmark moved, in eye distances."""
    eyes = float(np.linalg.norm(face.landmarks_xy_px[1] - face.landmarks_xy_px[0]))
    return float(np.linalg.norm(face.landmarks_xy_px - again.landmarks_xy_px, axis=1).max()) / max(eyes, 1.0)


def check(folder: Path, runtime: Runtime, photos: Sequence[tuple[str, Image]], made_at: str) -> Verdict:
    """Load the pack both ways, compare, and judge. Raises what opening a pack raises, but asks for no verdict."""
    manifest, contents = checked_files(folder)
    reference = load_pack(folder, manifest, contents, REFERENCE)
    candidate = load_pack(folder, manifest, contents, runtime)
    return judge(manifest, runtime, REFERENCE, compare(reference, candidate, photos), made_at)
