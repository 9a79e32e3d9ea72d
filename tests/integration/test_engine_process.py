"""The sealed engine as a real process, with a real camera process before it and real faces in the picture."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_engine.image import decode_photo
from lfr_engine.video.rehearsal.truth import TruePassage, read_truth
from tests.rehearsal_world import ROOT, EngineUnderTest, default_pack, write_spec

Start = Callable[..., EngineUnderTest]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    engines: list[EngineUnderTest] = []

    def starter(**how: Any) -> EngineUnderTest:
        engines.append(EngineUnderTest(tmp_path, **how))
        return engines[-1]

    yield starter
    for engine in engines:
        engine.close()


def _box(passage: TruePassage, frame: int) -> tuple[float, float, float, float] | None:
    return next(((x0, y0, x1, y1) for at, x0, y0, x1, y1, seen in passage.boxes if at == frame and seen > 0.6), None)


def _detects_at(image: np.ndarray[Any, np.dtype[np.uint8]], box: tuple[float, float, float, float]) -> bool:
    for face in default_pack().detector.detect(image):
        x, y = (face.bbox_xyxy_px[:2] + face.bbox_xyxy_px[2:]) / 2
        if face.score >= 0.5 and box[0] <= x <= box[2] and box[1] <= y <= box[3]:
            return True
    return False


def test_listed_passers_are_alerted_once_and_a_removed_one_never(start: Start, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, ["P-08", "P-06", "P-01"], fps=5, frames=62)
    engine = start(spec=spec, listed=("P-08", "P-06"))
    assert engine.wait_for("ready").header["enrolled"] == 2
    engine.remove("P-06")
    assert engine.exit_code() == 0
    truth = {passage.person: passage for passage in read_truth(engine.truth).passages}

    [alert] = engine.all("alert")
    assert [one["entry_id"] for one in alert.header["candidates"]] == ["P-08"], "one alert a passage, none for the removed entry"
    assert alert.header["candidates"][0]["similarity"] >= float(alert.header["threshold"])
    walk = truth["P-08"]
    assert walk.first_frame <= alert.header["frame"] <= walk.last_frame
    assert alert.header["first_frame"] <= alert.header["frame"]
    *probes, figure = (decode_photo(blob) for blob in alert.blobs)
    assert 1 <= len(probes) == alert.header["probes"] <= 3
    assert figure.shape == (720, 1280, 3)
    x0, y0, x1, y1 = alert.header["bbox_xyxy_px"]
    assert (box := _box(walk, alert.header["frame"])) is not None
    assert box[0] < (x0 + x1) / 2 < box[2]
    assert box[1] < (y0 + y1) / 2 < box[3]
    assert _detects_at(figure, box), "the passer under alert is to be seen"
    others = [seen for name, passage in truth.items() if name != "P-08" and (seen := _box(passage, alert.header["frame"]))]
    assert not any(_detects_at(figure, other) for other in others), "everybody else is not"

    counters = [message.header for message in engine.all("counters")]
    assert {key: counters[-1][key] for key in ("frames", "dropped", "alerts")} == {"frames": 62, "dropped": 0, "alerts": 1}
    assert counters[-1]["passages"] == 3
    assert engine.all("ended")[0].header["reason"] == "cameras_ended"
    told = [message.header["state"] for message in engine.all("camera")]
    assert told[-2:] == ["open", "ended"]  # "opening" before them, unless it was open already when first asked
    assert set(told[:-2]) <= {"opening"}
    _no_face_in(engine.all("picture"), list(truth.values()))


def _no_face_in(pictures: list[Any], passages: list[TruePassage]) -> None:
    """In no picture that left the engine can the engine's own detector find a face where there was one."""
    looked = 0
    for picture in pictures[::2]:
        image = decode_photo(picture.blobs[0])
        for passage in passages:
            if (box := _box(passage, picture.header["frame"])) and box[3] - box[1] > 45:
                looked += 1
                assert not _detects_at(image, box)
    assert looked > 3


def test_nothing_is_counted_or_matched_during_a_pause(start: Start, tmp_path: Path) -> None:
    engine = start(spec=write_spec(tmp_path, ["P-08"], pace="real", fps=25), listed=("P-08",))
    engine.wait_for("ready")
    engine.tell("pause")
    time.sleep(1.5)
    counted = len(engine.all("counters"))
    while len(engine.all("counters")) < counted + 2:
        time.sleep(0.05)
    first, second = (message.header for message in engine.all("counters")[-2:])
    assert first["frames"] == second["frames"] <= 5, "a frame may have been in work when the command came"
    engine.tell("resume")
    while engine.all("counters")[-1].header["frames"] <= second["frames"]:
        time.sleep(0.05)
    engine.tell("stop")
    assert engine.wait_for("ended").header["reason"] == "stopped"
    assert engine.exit_code() == 0


def test_a_killed_parent_ends_engine_and_camera(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, ["P-08"], pace="real")
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tests.rehearsal_world import EngineUnderTest\n"
        "engine = EngineUnderTest(Path(sys.argv[1]), spec=Path(sys.argv[2]), listed=())\n"
        "engine.wait_for('ready'); print(engine.process.pid, engine.camera.pid, flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(spec)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until_s = time.monotonic() + 15
    while alive := [pid for pid in children if _runs(pid)]:
        assert time.monotonic() < until_s, f"still running: {alive}"
        time.sleep(0.05)
    assert read_truth(tmp_path / "truth.json").frames > 0


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("name", ["pack_digest", "pipeline_digest"])
def test_another_pack_than_the_authorised_one_is_refused(start: Start, name: str) -> None:
    camera = {"id": "cam-1", "source": "file:nothing.mp4"}
    engine = start(cameras=[camera], **{name: "sha256:" + "0" * 64})
    refused = engine.wait_for("refused").header
    assert refused["rule_ids"] == ["R35"]
    assert engine.exit_code() == 4


def test_a_camera_that_cannot_be_opened_is_told_and_not_waited_for(start: Start, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"not a video")
    cameras = [{"id": "a", "source": f"file:{tmp_path}/no.mp4"}, {"id": "b", "source": "pipe:77"}]
    engine = start(cameras=cameras)
    assert engine.exit_code() == 0
    lost = {message.header["camera_id"]: message.header for message in engine.all("camera")}
    assert {camera: told["state"] for camera, told in lost.items()} == {"a": "lost", "b": "lost"}
    assert "not a video" in lost["a"]["why"]
    assert engine.all("ended")[0].header["reason"] == "cameras_ended"
