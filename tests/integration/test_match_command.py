"""`lfr match` on a real clip: who is listed is found once, everybody else is counted, and bad input is named with its exit code."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from lfr_engine.image import decode_photo, encode_jpeg
from lfr_engine.packs.build import packaged_file
from lfr_engine.packs.store import OpenPack
from lfr_engine.values import Image
from lfr_engine.video.container import ClipWriter
from webui.cli.main import main

WIDTH, HEIGHT, FRAMES = 960, 640, 40


@pytest.fixture(scope="module")
def group_photo() -> Image:
    return decode_photo(packaged_file("insightface", "data/images/t1.jpg").read_bytes())


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory, group_photo: Image, open_default_pack: OpenPack) -> Path:
    """A clip that pans over the group, and portraits cut from it."""
    folder = tmp_path_factory.mktemp("match")
    with ClipWriter(folder / "clip.mp4", size_px=(WIDTH, HEIGHT), fps=20.0) as clip:
        for step in range(FRAMES):
            clip.write(np.ascontiguousarray(group_photo[100 : 100 + HEIGHT, 4 * step : 4 * step + WIDTH]))
    faces = sorted(open_default_pack.detector.detect(group_photo), key=lambda face: float(face.bbox_xyxy_px[0]))
    for number, face in enumerate(faces):
        x0, y0, x1, y1 = (round(float(edge)) for edge in face.bbox_xyxy_px)
        margin = round(0.25 * (x1 - x0))
        portrait = group_photo[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin, :][:, ::-1]
        (folder / f"person{number}.jpg").write_bytes(encode_jpeg(np.ascontiguousarray(portrait), 95))
    (folder / "group.jpg").write_bytes(encode_jpeg(group_photo))
    (folder / "wall.jpg").write_bytes(encode_jpeg(np.full((200, 200, 3), 128, np.uint8)))
    (folder / "stranger.png").write_bytes(packaged_file("insightface", "data/images/Tom_Hanks_54745.png").read_bytes())
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LFR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def listed(folder: Path, name: str, *rows: tuple[str, str]) -> str:
    path = folder / name
    path.write_text("subject_ref,image\n" + "".join(f"{who},{image}\n" for who, image in rows))
    return str(path)


def run(packs_dir: Path, *arguments: str) -> int:
    return main(["match", *arguments, "--pack", str(packs_dir / "open-default")])


def test_listed_people_are_found_once_strangers_never_and_refusals_stop_nothing(material: Path, packs_dir: Path, tmp_path: Path) -> None:
    rows = (("one", "person1.jpg"), ("three", "person3.jpg"), ("nobody", "stranger.png"), ("x", "group.jpg"), ("y", "wall.jpg"))
    out = tmp_path / "m.json"
    assert run(packs_dir, str(material / "clip.mp4"), "--watchlist", listed(material, "a.csv", *rows), "--json", str(out)) == 0
    found = json.loads(out.read_text())
    assert sorted(alert["subject_ref"] for alert in found["alerts"]) == ["one", "three"]
    for alert in found["alerts"]:
        assert 0 <= alert["first_frame"] <= alert["frame"] < FRAMES
        assert found["mode"] == "TEST"
        assert 0.9 < alert["similarity"] <= 1
        x0, y0, x1, y1 = alert["bbox_xyxy_px"]
        assert 0 <= x0 < x1 <= WIDTH
        assert 0 <= y0 < y1 <= HEIGHT
    assert (found["frames"], found["enrolled"]) == (FRAMES, 3)
    assert found["passages"] >= 5
    assert {refused["image"]: refused["why"] for refused in found["refused"]} == {
        "group.jpg": "6 faces of like size were found",
        "wall.jpg": "no face was found",
    }
    assert found["video"] == {"complete": True, "why": ""}
    assert found["pack_digest"].startswith("sha256:")
    assert found["pipeline_digest"].startswith("sha256:")


def test_every_use_is_counted_before_its_result_is_shown(material: Path, packs_dir: Path, home: Path, tmp_path: Path) -> None:
    arguments = (str(material / "clip.mp4"), "--watchlist", listed(material, "b.csv", ("one", "person1.jpg")))
    assert run(packs_dir, *arguments) == 0
    ledger = home / "test-ledger.sqlite"
    assert ledger.is_file()
    os.chmod(ledger, 0o644)  # readable by others: refused, so no result
    out = tmp_path / "n.json"
    assert run(packs_dir, *arguments, "--json", str(out)) == 4
    assert not out.exists()


def test_a_video_that_breaks_off_is_matched_as_far_as_it_goes(material: Path, packs_dir: Path, tmp_path: Path, group_photo: Image) -> None:
    whole = tmp_path / "clip.mkv"
    import av

    with av.open(str(material / "clip.mp4")) as source, av.open(str(whole), "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    out = tmp_path / "c.json"
    code = run(packs_dir, str(cut), "--watchlist", listed(material, "c.csv", ("one", "person1.jpg")), "--json", str(out))
    found = json.loads(out.read_text())
    assert code == 0
    assert 0 < found["frames"] < FRAMES
    assert group_photo.size


def test_bad_input_has_exit_code_3_and_leaves_no_result(
    material: Path, packs_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("this is no video")
    half = tmp_path / "half.mp4"
    half.write_bytes((material / "clip.mp4").read_bytes()[:2000])
    PillowImage.new("RGB", (10_000, 6_000)).save(material / "huge.png", compress_level=1)
    clip, good = str(material / "clip.mp4"), listed(material, "d.csv", ("one", "person1.jpg"))
    out = tmp_path / "bad.json"
    for video, watchlist, why in (
        (str(text), good, "not a video"),
        (str(half), good, ""),
        (str(tmp_path / "none.mp4"), good, "none.mp4"),
        (clip, listed(material, "e.csv", ("one", "../person1.jpg")), "below the list's folder"),
        (clip, listed(material, "f.csv", ("one", "none.jpg")), "does not exist"),
        (clip, listed(material, "g.csv", ("x", "group.jpg"), ("y", "wall.jpg")), "nobody on the list could be enrolled"),
        (clip, listed(material, "h.csv", ("x", "huge.png")), "60.0 megapixels"),
    ):
        assert run(packs_dir, video, "--watchlist", watchlist, "--json", str(out)) == 3, (video, watchlist)
        error = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
        assert error["code"] == "bad_input"
        assert why in error["message"]
        assert not out.exists()


def test_a_threshold_that_is_no_cosine_is_a_usage_error(material: Path, packs_dir: Path) -> None:
    arguments = (str(material / "clip.mp4"), "--watchlist", listed(material, "i.csv", ("one", "person1.jpg")))
    assert run(packs_dir, *arguments, "--threshold", "1.5") == 2


def test_packs_are_listed_and_verified(packs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    assert "insightface-sc" in capsys.readouterr().out
    assert main(["models", "verify", str(packs_dir / "open-default")]) == 0
    assert "default threshold" in capsys.readouterr().out
    assert main(["models", "verify", "none"]) == 3
