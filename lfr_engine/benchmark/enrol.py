"""Two thousand reference photos, against insightface's FaceAnalysis on one photo after another, with the same two model files.

The other side reads and decodes a file with OpenCV, calls `get`, and keeps the largest face: the loop everybody writes. Ours does
more for each photo (limits, one person only, a quality gate, a small picture for the reviewer). Beside the speed stand the photos
that gave a template on both sides and how alike those templates are.
"""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from insightface.app import FaceAnalysis

from lfr_engine.benchmark.face_loop import DETECTION_PX
from lfr_engine.benchmark.material import Material
from lfr_engine.benchmark.paired import paired
from lfr_engine.benchmark.result import Row
from lfr_engine.bulk_enrol import Photo, enrol_many
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.values import Floats

Say = Callable[[str], None]
PACK = "insightface-sc"
PHOTOS, QUICK_PHOTOS = 2_000, 100
ALIKE = 0.9  # the same photo through other canvas sizes: below this another face was taken

Templates = dict[str, Floats]


def measure(material: Material, *, quick: bool, say: Say) -> list[Row]:
    """One row of the table; needs labelled faces and the pack."""
    work, against = "enrolment of photos", "insightface FaceAnalysis, one by one"
    folder, faces = material.pack(PACK), material.faces
    if folder is None or faces is None:
        return [Row(work, against, None, at_least=3, aim=6, note="not measured: no material")]
    files = sorted(faces.rglob("*.jpg"))[: QUICK_PHOTOS if quick else PHOTOS]
    pack, analysis = open_pack(folder), _analysis(folder)
    made: list[Templates] = [{}, {}]

    def ours() -> None:
        made[0] = _ours(files, pack)

    def other() -> None:
        made[1] = _one_by_one(files, analysis)

    _ours(files[:32], pack)
    _one_by_one(files[:16], analysis)
    taken = paired(ours, other, rounds=1 if quick else 3, warm_up=0)
    both = sorted(made[0].keys() & made[1].keys())
    alike = [float(made[0][name] @ made[1][name]) for name in both]
    same = sum(cosine >= ALIKE for cosine in alike)
    say(f"enrol: {taken.ratio:.1f}x, {same} of {len(both)} templates alike")
    return [
        Row(
            f"{work}: {len(files):,} photos, {PACK}",
            against,
            taken.ratio,
            taken.low,
            taken.high,
            at_least=3,
            aim=6,
            ours={"seconds": min(taken.ours_s), "photos_per_s": len(files) / min(taken.ours_s), "enrolled": len(made[0])},
            other={"seconds": min(taken.other_s), "photos_per_s": len(files) / min(taken.other_s), "enrolled": len(made[1])},
            note=f"templates of {same} of {len(both)} photos at cosine {ALIKE} or more of the other side's, median {np.median(alike):.3f}",
        )
    ]


def _ours(files: list[Path], pack: OpenPack) -> Templates:
    photos = [Photo(file.parent.name, file.name, file.read_bytes) for file in files]
    return {done.photo.image: done.enrolled.template.vector for done in enrol_many(photos, pack) if done.enrolled is not None}


def _one_by_one(files: list[Path], analysis: Any) -> Templates:
    made = {}
    for file in files:
        found = analysis.get(cv2.imread(str(file)))
        if found:
            largest = max(found, key=lambda face: float(np.prod(face.bbox[2:] - face.bbox[:2])))
            made[file.name] = np.asarray(largest.normed_embedding, np.float32)
    return made


def _analysis(folder: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints every model it finds
        analysis = FaceAnalysis(str(folder), allowed_modules=["detection", "recognition"], providers=["CPUExecutionProvider"])
        analysis.prepare(ctx_id=-1, det_size=DETECTION_PX)
    return analysis
