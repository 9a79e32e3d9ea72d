"""Every runtime and precision of this machine beside fp32 ONNX Runtime: the same faces, templates and decisions? And at what pace?"""

from collections.abc import Callable, Sequence
from pathlib import Path

from lfr_engine.benchmark.material import Material
from lfr_engine.benchmark.paired import paired
from lfr_engine.benchmark.result import Row
from lfr_engine.errors import LfrError
from lfr_engine.image import resize
from lfr_engine.inference import Backend, Precision, Runtime
from lfr_engine.packs.comparison import LIMITS
from lfr_engine.packs.reference_faces import reference_photos
from lfr_engine.packs.selfcheck import REFERENCE, compare
from lfr_engine.packs.store import OpenPack, checked_files, load_pack
from lfr_engine.values import Image

PACKS = ("open-default", "insightface-sc", "yunet-omz0095")
_CHOICES = (
    Runtime(Backend.OPENVINO),
    Runtime(Backend.OPENVINO, Precision.BF16),
    Runtime(Backend.OPENVINO, Precision.FP16),
    Runtime(Backend.ONNX_CUDA),
)
_FRAME_PX = (640, 360)
_FACES = 8


def measure(material: Material, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """Two rows for each pack and runtime: how far scores move, and the pace. A pack or runtime that is not here is a row that says so."""
    rows: list[Row] = []
    photos = reference_photos()
    for name in PACKS:
        folder = material.pack(name)
        if folder is None:
            rows.append(Row(f"{name}: self-check", "fp32 ONNX Runtime", None, note="not measured: the pack is not here"))
            continue
        for runtime in _CHOICES:
            say(f"selfcheck: {name} with {runtime.backend} at {runtime.precision}")
            try:
                rows += _rows(folder, runtime, photos, rounds=3 if quick else 9)
            except LfrError as error:
                rows.append(Row(_work(name, runtime), "fp32 ONNX Runtime", None, note=f"not measured: {error.message}"))
    return rows


def _rows(folder: Path, runtime: Runtime, photos: Sequence[tuple[str, Image]], *, rounds: int) -> tuple[Row, Row]:
    manifest, contents = checked_files(folder)
    reference, candidate = (load_pack(folder, manifest, contents, one) for one in (REFERENCE, runtime))
    seen, limits = compare(reference, candidate, photos), LIMITS[runtime.precision]
    failings = seen.failings(limits)
    drift = Row(
        f"{_work(manifest.name, runtime)}: largest change of a score, as a share of what tells people apart",
        "fp32 ONNX Runtime",
        seen.largest_drift / seen.gap,
        at_least=limits.drift,
        unit=" of the gap",
        smaller_is_better=True,
        ours={"cosine at least": seen.least_cosine, "faces": seen.faces, "pairs": seen.pairs, "decisions changed": seen.decisions_changed},
        note="failed: " + "; ".join(failings) if failings else "passed: same faces, same decisions",
    )
    pace = paired(lambda: _frame(candidate, photos[0][1]), lambda: _frame(reference, photos[0][1]), rounds=rounds)
    spent = {
        pack.runtime.backend: pack.detector.network.spent().seconds + pack.embedder.network.spent().seconds
        for pack in (candidate, reference)
    }
    speed = Row(
        f"{_work(manifest.name, runtime)}: one frame of 640 x 360 searched and {_FACES} faces embedded",
        "fp32 ONNX Runtime",
        pace.ratio,
        pace.low,
        pace.high,
        ours={"seconds in the networks": spent[runtime.backend]},
        other={"seconds in the networks": spent[REFERENCE.backend]},
    )
    return drift, speed


def _frame(pack: OpenPack, photo: Image) -> None:
    frame = resize(photo, *_FRAME_PX)
    pack.detector.detect(frame)
    side = pack.manifest.embedder.input_px
    pack.embedder.features([resize(photo, side, side)] * _FACES)


def _work(name: str, runtime: Runtime) -> str:
    return f"{name}, {runtime.backend} {runtime.precision}"
