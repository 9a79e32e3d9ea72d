"""The rehearsal camera as a process: pace, back-pressure, clips, and a valid truth file however it ends."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_engine.errors import BadInput
from lfr_engine.image import encode_jpeg
from lfr_engine.video.container import read_video
from lfr_engine.video.raw_frames import read_frames
from lfr_engine.video.rehearsal.truth import read_truth
from tests.rehearsal_world import ROOT


def _spec(folder: Path, **camera: Any) -> Path:
    portrait = np.full((250, 250, 3), (60, 200, 90), np.uint8)
    (folder / "a.jpg").write_bytes(encode_jpeg(portrait))
    walkers = [{"person": f"p{number}", "photo": "a.jpg"} for number in range(3)]
    (folder / "spec.json").write_text(json.dumps({"size": [320, 240], "face_px": [20, 40], **camera, "walkers": walkers}))
    return folder / "spec.json"


def _camera(spec: Path, *more: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "lfr_engine.video.rehearsal_camera", "--spec", str(spec), "--truth", str(spec.parent / "truth.json")]
    return subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_two_cameras_of_one_seed_film_the_same_bytes(tmp_path: Path) -> None:
    spec = _spec(tmp_path, pace="fast", frames=30)
    one, two = (_camera(spec).communicate(timeout=60)[0] for _ in range(2))
    assert one == two
    assert len(one) == 30 * (20 + 320 * 240 * 3)
    assert read_truth(tmp_path / "truth.json").frames == 30


def test_a_clip_holds_the_rehearsal_to_its_last_walker(tmp_path: Path) -> None:
    camera = _camera(_spec(tmp_path, fps=5), "--out", str(tmp_path / "clip.mp4"))
    assert camera.communicate(timeout=60) == (b"", b"")
    truth, video = read_truth(tmp_path / "truth.json"), read_video(tmp_path / "clip.mp4")
    frames = list(video)
    assert len(frames) == truth.frames
    assert video.complete
    assert video.fps == 5
    assert {passage.person for passage in truth.passages} == {"p0", "p1", "p2"}
    assert truth.frames - 3 <= max(passage.last_frame for passage in truth.passages) < truth.frames


def test_real_pace_is_never_ahead_of_the_clock_and_sigterm_ends_it_quietly(tmp_path: Path) -> None:
    camera = _camera(_spec(tmp_path, fps=20))
    assert camera.stdout is not None
    assert camera.stderr is not None
    frames = read_frames(camera.stdout)
    next(frames)
    began_s = time.monotonic()
    for _ in range(20):
        frame = next(frames)
    assert time.monotonic() - began_s > 0.9
    time.sleep(0.5)  # nobody reads: the camera must wait, not run ahead
    later = [next(frames) for _ in range(3)]
    assert later[-1].index == frame.index + 3, "back-pressure loses no frame"
    camera.send_signal(signal.SIGTERM)
    assert camera.wait(20) == 0
    assert camera.stderr.read() == b""
    assert read_truth(tmp_path / "truth.json").frames >= 24
    camera.stdout.close()
    camera.stderr.close()


def test_a_reader_that_goes_away_ends_the_camera_quietly(tmp_path: Path) -> None:
    camera = _camera(_spec(tmp_path, pace="fast"))
    assert camera.stdout is not None
    assert camera.stderr is not None
    camera.stdout.read(100)
    camera.stdout.close()
    assert camera.wait(20) == 0
    assert camera.stderr.read() == b""
    camera.stderr.close()
    assert read_truth(tmp_path / "truth.json").frames >= 1


def test_a_missing_photo_is_bad_input(tmp_path: Path) -> None:
    spec = _spec(tmp_path, pace="fast")
    (tmp_path / "a.jpg").unlink()
    _, said = (camera := _camera(spec)).communicate(timeout=60)
    assert camera.returncode == 3
    assert b"a.jpg" in said


@pytest.mark.parametrize("content", [b"", b"not a video", b"#EXTM3U\nhttp://127.0.0.1:1/x.ts\n"])
def test_what_is_no_video_is_bad_input(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.mp4"):
        list(read_video(tmp_path / "x.mp4"))


def test_a_video_that_ends_early_says_so(tmp_path: Path) -> None:
    _camera(_spec(tmp_path, fps=5), "--out", str(tmp_path / "clip.mp4")).communicate(timeout=60)
    whole = (tmp_path / "clip.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput):  # an mp4 keeps its index at the end
        list(read_video(tmp_path / "cut.mp4"))
