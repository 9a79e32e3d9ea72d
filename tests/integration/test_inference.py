"""The runtimes: they agree, they say what they are, and nothing leaves or stays behind when they load."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from lfr_engine.errors import LfrError
from lfr_engine.fingerprint import pipeline_digest
from lfr_engine.image import decode_photo, resize
from lfr_engine.inference import Backend, Network, Pixels, Precision, Runtime, default_runtime, load_network
from lfr_engine.packs.build import packaged_file
from lfr_engine.packs.manifest import known_manifests
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.values import Image

ROOT = Path(__file__).resolve().parents[2]
HANDED_IN = ROOT.parent / "shared" / "eval" / "packs"
RAW = Pixels((0.0, 0.0, 0.0), 1.0, rgb=False)
DLIB = Pixels((122.782, 117.001, 104.298), 1 / 256, rgb=True)
on_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed here")
cpu_runtimes = pytest.mark.parametrize(
    "runtime", [Runtime(Backend.ONNX_CPU), pytest.param(Runtime(Backend.OPENVINO), marks=on_openvino)], ids=lambda one: str(one.backend)
)


@pytest.fixture(scope="module")
def group_photo() -> Image:
    """Six people side by side, from the package insightface."""
    return decode_photo(packaged_file("insightface", "data/images/t1.jpg").read_bytes())


@pytest.fixture(scope="module")
def face_network(packs_dir: Path) -> Callable[[Runtime], Network]:
    data = (packs_dir / "open-default" / "dlib_face_resnet.onnx").read_bytes()
    return lambda runtime: load_network(data, name="dlib_face_resnet.onnx", pixels=DLIB, runtime=runtime)


def _handed_in(name: str, runtime: Runtime) -> OpenPack:
    if not (HANDED_IN / name).is_dir():
        pytest.skip(f"the pack {name} is not beside this clone (../shared/eval/packs)")
    return open_pack(HANDED_IN / name, runtime=runtime)


def _chips(count: int) -> Image:
    return np.random.default_rng(3).integers(0, 256, (count, 150, 150, 3), np.uint8)


@on_openvino
@pytest.mark.parametrize("name", ["open-default", "insightface-sc", "yunet-omz0095"])
def test_openvino_finds_the_faces_and_makes_the_templates_of_onnx_runtime(name: str, packs_dir: Path, group_photo: Image) -> None:
    half = resize(group_photo, 640, 443)
    found = []
    for backend in (Backend.OPENVINO, Backend.ONNX_CPU):
        pack = open_pack(packs_dir / name, runtime=Runtime(backend)) if name == "open-default" else _handed_in(name, Runtime(backend))
        faces = pack.detector.detect(half)
        found.append((np.stack([face.landmarks_xy_px for face in faces]), pack.embedder.embed(half, faces)))
    (points, rows), (reference_points, reference_rows) = found
    assert len(points) == 6
    assert np.abs(points - reference_points).max() < 0.01
    assert (rows * reference_rows).sum(axis=1).min() > 1 - 1e-5


@cpu_runtimes
def test_a_row_is_the_same_to_the_last_bit_alone_in_a_batch_and_beside_other_threads(
    runtime: Runtime, face_network: Callable[[Runtime], Network]
) -> None:
    network, chips = face_network(runtime), _chips(5)
    alone = np.concatenate([network.run(chips[at : at + 1])[0] for at in range(5)])
    assert (network.run(chips)[0] == alone).all()
    with ThreadPoolExecutor(4) as threads:
        batches = list(threads.map(lambda count: network.run(chips[:count])[0], [5, 1, 4, 3, 2, 5]))
    for rows in batches:
        assert (rows == alone[: len(rows)]).all()
    spent = network.spent()
    assert spent.runs == 5 + 5 + 20
    assert spent.seconds > 0


@cpu_runtimes
def test_pictures_detected_together_give_what_each_gives_alone(runtime: Runtime, packs_dir: Path, group_photo: Image) -> None:
    detector = open_pack("open-default", packs_dir, runtime).detector
    pictures = [resize(group_photo, 384, 266), np.ascontiguousarray(group_photo[100:260, 200:420]), resize(group_photo, 384, 266)]
    together = detector.detect_many(pictures)
    for picture, faces in zip(pictures, together, strict=True):
        alone = detector.detect(picture)
        assert len(alone) == len(faces) > 0
        for one, other in zip(alone, faces, strict=True):
            assert (one.bbox_xyxy_px == other.bbox_xyxy_px).all()
            assert one.score == other.score
    assert detector.detect_many([]) == []


@cpu_runtimes
def test_forgetting_leaves_callers_pictures_alone_and_changes_no_later_result(
    runtime: Runtime, face_network: Callable[[Runtime], Network]
) -> None:
    network, chips = face_network(runtime), _chips(3)
    before, kept = network.run(chips)[0], chips.copy()
    network.forget()
    assert (chips == kept).all(), "a picture may be a frame that others still look at"
    assert (network.run(chips)[0] == before).all()
    runs = network.spent().runs
    network.forget()
    network.forget()
    assert network.spent().runs == runs, "what is run to forget is no work"


def test_our_scrfd_gives_what_insightface_gives(group_photo: Image) -> None:
    pack = _handed_in("insightface-sc", Runtime(Backend.ONNX_CPU))
    from insightface.model_zoo import SCRFD

    theirs: Any = SCRFD(model_file=str(HANDED_IN / "insightface-sc" / "det_500m.onnx"))
    theirs.det_thresh, theirs.nms_thresh = 0.35, 0.4
    for picture in (group_photo, decode_photo(packaged_file("skimage", "data/astronaut.png").read_bytes())):
        scale = 640 / max(picture.shape[:2])
        square = np.zeros((640, 640, 3), np.uint8)
        small = resize(picture, round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        square[: small.shape[0], : small.shape[1]] = small
        boxes, points = theirs.detect(square, input_size=(640, 640))
        ours = pack.detector.detect(square)
        assert len(ours) == len(boxes) > 0
        assert np.abs(np.stack([face.bbox_xyxy_px for face in ours]) - boxes[:, :4]).max() < 1e-3
        assert np.abs(np.stack([face.landmarks_xy_px for face in ours]) - points).max() < 1e-3
        assert np.abs(np.array([face.score for face in ours]) - boxes[:, 4]).max() < 1e-6


@pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")  # insightface calls scikit-image the old way
def test_our_templates_are_those_of_insightface(group_photo: Image) -> None:
    pack = _handed_in("insightface-sc", default_runtime())
    from insightface.model_zoo import ArcFaceONNX
    from insightface.utils.face_align import norm_crop

    theirs: Any = ArcFaceONNX(model_file=str(HANDED_IN / "insightface-sc" / "w600k_mbf.onnx"))
    faces = pack.detector.detect(group_photo)
    ours = pack.embedder.embed(group_photo, faces)
    for face, row in zip(faces, ours, strict=True):
        theirs_row = theirs.get_feat(norm_crop(group_photo, face.landmarks_xy_px, 112))[0]
        assert float(row @ theirs_row) / float(np.linalg.norm(theirs_row)) > 0.9999


@on_openvino
def test_fp32_is_what_openvino_computes_in_and_a_precision_it_lacks_is_refused(face_network: Callable[[Runtime], Network]) -> None:
    import openvino

    chips = _chips(1)
    reference = face_network(Runtime(Backend.ONNX_CPU)).run(chips)[0]
    assert np.abs(face_network(Runtime(Backend.OPENVINO)).run(chips)[0] - reference).max() < 1e-5
    has = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    for precision, capability in ((Precision.BF16, "BF16"), (Precision.FP16, "FP16")):
        rows = None
        with suppress(LfrError):
            rows = face_network(Runtime(Backend.OPENVINO, precision)).run(chips)[0]
        if rows is None:
            assert capability not in has
        else:
            assert np.abs(rows - reference).max() > 1e-4, "a lower precision that changes nothing would be fp32 under another name"
    with pytest.raises(LfrError, match="in fp32 only"):
        face_network(Runtime(Backend.ONNX_CPU, Precision.BF16))


@cpu_runtimes
def test_what_is_no_network_or_no_picture_for_it_is_a_named_fault(runtime: Runtime, face_network: Callable[[Runtime], Network]) -> None:
    with pytest.raises(LfrError, match="cannot be loaded"):
        load_network(b"no network at all", name="broken.onnx", pixels=RAW, runtime=runtime)
    network = face_network(runtime)
    with pytest.raises(LfrError, match="failed on"):
        network.run(np.zeros((2, 99, 150, 3), np.uint8))
    assert network.run(_chips(3))[0].shape == (3, 128), "and it goes on after a failure"


def test_the_pipeline_digest_names_what_computes() -> None:
    manifest = known_manifests()[0]
    choices = [Runtime(Backend.ONNX_CPU), Runtime(Backend.ONNX_CPU, Precision.BF16)]
    if find_spec("openvino") is not None:
        choices += [Runtime(Backend.OPENVINO), Runtime(Backend.OPENVINO, Precision.BF16)]
    assert len({pipeline_digest(manifest, runtime) for runtime in choices}) == len(choices)
    assert pipeline_digest(manifest) == pipeline_digest(manifest, default_runtime())


def test_off_x86_64_linux_onnx_runtime_computes_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    default_runtime.cache_clear()
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    try:
        assert default_runtime() == Runtime(Backend.ONNX_CPU)
    finally:
        default_runtime.cache_clear()


_LOADS = """
import sys
from pathlib import Path
reached = []
sys.addaudithook(lambda event, values: reached.append((event, values)) if event.startswith("socket.") else None)
from lfr_engine.sealed import seal_process
from lfr_engine.sealed.needs import needs_for
if sys.argv[2] == "sealed":
    seal_process(needs_for([Path(sys.argv[1])], []))
import numpy as np
from lfr_engine.packs.store import open_pack
from lfr_engine.inference import Backend, Runtime
pack = open_pack(Path(sys.argv[1]), runtime=Runtime(Backend(sys.argv[3])))
for side in (96, 128, 160):
    pack.detector.detect(np.zeros((side, side, 3), np.uint8))
rows = pack.embedder.features([np.full((150, 150, 3), 90, np.uint8)])
assert rows.shape == (1, 128) and not reached, reached
print("done")
"""


@cpu_runtimes
@pytest.mark.parametrize("how", ["open", "sealed"])
def test_loading_and_running_a_pack_writes_nothing_and_calls_nobody(how: str, runtime: Runtime, packs_dir: Path, tmp_path: Path) -> None:
    """As shipped, both runtimes write identifiers to the home folder and OpenVINO calls out; and new picture sizes compile late."""
    ran = subprocess.run(
        [sys.executable, "-c", _LOADS, str(packs_dir / "open-default"), how, runtime.backend],
        cwd=tmp_path,
        env={
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "done"
    assert list(tmp_path.iterdir()) == []


def test_nodes_that_stay_on_the_processor_beside_a_device_are_known_by_their_operators() -> None:
    from lfr_engine.inference.onnx_cuda import ON_PROCESSOR, left_on_processor
    from lfr_engine.packs.onnx_graph import of_any_size

    path = HANDED_IN / "insightface-sc" / "det_500m.onnx"
    if not path.is_file():
        pytest.skip("the pack insightface-sc is not beside this clone (../shared/eval/packs)")
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    everything = onnxruntime.InferenceSession(of_any_size(path.read_bytes()), options, providers=["CPUExecutionProvider"])
    left = left_on_processor(everything)
    assert {"Conv", "Relu", "Sigmoid"} <= left - ON_PROCESSOR.keys(), "operators on pixels and features are never on the list"


def test_cuda_without_a_device_is_refused_and_never_becomes_the_processor(face_network: Callable[[Runtime], Network]) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA: the test below runs instead")
    with pytest.raises(LfrError, match="without CUDA") as caught:
        face_network(Runtime(Backend.ONNX_CUDA))
    assert "onnxruntime-gpu" in caught.value.next_step


def test_cuda_makes_the_templates_of_the_processor(face_network: Callable[[Runtime], Network]) -> None:
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("there is no CUDA device, or ONNX Runtime was installed without CUDA")
    chips = _chips(3)
    rows, reference = (face_network(Runtime(backend)).run(chips)[0] for backend in (Backend.ONNX_CUDA, Backend.ONNX_CPU))
    assert np.abs(rows - reference).max() < 1e-3
