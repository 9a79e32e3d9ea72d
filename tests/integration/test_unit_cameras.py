"""Several cameras under one authority: seen together, failing alone; and what a demonstration or a closed window does not open."""

import base64
import json
import signal
import subprocess
import time
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.messages.certificate import CameraClass
from lfr_engine.clock import Clock, parse_utc
from lfr_engine.errors import BadInput, Refused
from lfr_engine.image import decode_photo
from lfr_engine.packs.store import OpenPack
from mobile_unit.runtime.camera import Rehearsal, VideoFile, camera_class
from mobile_unit.runtime.deployment import Deployment
from tests.free_port import free_port
from tests.unit_rehearsal import PACK, Faces, enrolled_faces, environment, gate_options, lfr, van_with, wait_for
from tests.unit_van import PASSPHRASE, ledger, make_van, prepared_van
from tests.unit_world import CAMERA, DEPLOYMENT, UNIT
from webui.cli.unit_run import sources_of


@pytest.fixture(scope="module")
def faces(open_default_pack: OpenPack) -> Faces:
    return enrolled_faces(open_default_pack)


def asked(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=10) as answer:
        return json.loads(answer.read())


def told(port: int) -> dict[str, Any]:
    """The first status that the console's stream sends."""
    with urllib.request.urlopen(f"http://localhost:{port}/events", timeout=10) as stream:
        for line in stream:
            if line.startswith(b"data: ") and b'"cameras"' in line:
                status: dict[str, Any] = json.loads(line[6:])
                return status
    raise AssertionError("the stream ended")


def test_two_cameras_are_shown_together_while_a_broken_one_is_told_of(tmp_path: Path, faces: Faces) -> None:
    cameras = {"authority": {"camera_ids": ("front", "rear", "mast")}}
    van, command = van_with(tmp_path, faces, window=timedelta(hours=1), **cameras)
    spec, broken, port = Path(command[command.index("--rehearsal") + 1]), tmp_path / "broken.json", free_port()
    broken.write_text("no rehearsal")
    (spec.parent / "rear.json").write_text(json.dumps({**json.loads(spec.read_text()), "seed": 7}))
    sources = {"front": f"rehearsal:{spec}", "rear": f"rehearsal:{spec.parent / 'rear.json'}", "mast": f"rehearsal:{broken}"}
    options = [option for option in gate_options(tmp_path) if option not in ("--camera", CAMERA)]
    for camera, source in sources.items():
        options += ["--camera", f"{camera}={source}"]
    command = [*command[: command.index("--passphrase-file")], *options, "--json", "--console", str(port)]
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as running:
        wait_for(van, "matching.started")
        shown: dict[str, str] = {}
        position, give_up = 0, time.monotonic() + 60
        while set(shown) < {"front", "rear"}:
            assert time.monotonic() < give_up
            answer = asked(port, f"/mosaic?after={position}")
            position, shown = answer["position"], shown | answer["pictures"]
        status = told(port)
        running.send_signal(signal.SIGINT)
        ended = json.loads(running.communicate(timeout=60)[0])
    assert decode_photo(base64.b64decode(shown["rear"])).shape == (720, 1280, 3)
    assert status["unwell"] == ["mast"]
    assert status["cameras"]["mast"].startswith("lost, nothing is matched here (")
    assert "add it again" in status["cameras"]["mast"]
    assert (ended["ended_because"], ended["fault"]) == ("operator", None)


def test_a_live_camera_is_not_opened_in_a_demonstration(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    folder = tmp_path / "home"
    (folder / "passphrase").write_text(PASSPHRASE)
    options = gate_options(folder)
    options[options.index("--pack") + 1] = str(van.packs_dir / van.pack)
    options[options.index(CAMERA)] = f"{CAMERA}=rtsp://127.0.0.1:9/camera"
    refused = lfr(folder, "unit", "run", UNIT, DEPLOYMENT, *options, "--json")
    assert refused.returncode == 4, refused.stderr
    assert json.loads(refused.stderr)["rule_ids"] == ["R37"]
    with van.journal() as journal:
        event, body = ledger(journal)[-1]
    assert event.type == "gate.refused"
    assert body.model_dump(mode="json")["refused_by"] == ["R37"]


def test_a_window_that_closed_while_the_engine_loaded_is_not_entered(tmp_path: Path) -> None:
    """R8: loading takes seconds; the clock here reads one second before the window's end when it begins."""
    van = make_van(tmp_path, pack=PACK, threshold="0.944")
    spec = tmp_path / "rehearsal.json"
    spec.write_text("{}")
    with van.process() as journal:
        ready = van.check(journal)
        end = parse_utc(ready.passed.authority.body.window.end)
        late = Clock(sim_start=end - timedelta(seconds=1), sim_rate=1.0, anchor_boot_s=Clock().boot_s())
        deployment = Deployment(identity=van.identity, journal=journal, clock=late, ready=ready, wish=van.wish())
        with pytest.raises(Refused, match="window closed while the engine was loading") as refused:
            deployment.run({CAMERA: Rehearsal(spec, tmp_path / "truth.json")})
        assert refused.value.rule_ids == ("R8",)
        logged = ledger(journal)
    assert logged[-1][0].type == "gate.refused"
    assert logged[-1][1].model_dump(mode="json")["refused_by"] == ["R8"]
    assert "matching.started" not in [event.type for event, _ in logged]


@pytest.mark.parametrize(
    "cameras", [(), (CAMERA,), (f"{CAMERA}=rtsp:x",), (f"{CAMERA}=pipe:5",), ("a=file:x", "a=file:y"), ("a=file:x", "b")]
)
def test_cameras_that_are_named_unclearly_are_refused(cameras: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        sources_of(cameras, None, None, None)


def test_every_camera_gets_its_source() -> None:
    named = sources_of(("a=rehearsal:s.json", "b=file:v=1.mp4", "c=rtsp://u:p@10.0.0.5/x"), None, None, None)
    assert named["a"] == Rehearsal(Path("s.json").resolve(), Path("s.truth.json").resolve())
    assert named["b"] == VideoFile(Path("v=1.mp4"))
    assert camera_class({"a": named["a"]}) is CameraClass.REHEARSAL
    assert camera_class({"a": named["a"], "b": named["b"]}) is CameraClass.VIDEO_FILE
    assert camera_class(named) is CameraClass.LIVE
    with pytest.raises(BadInput, match="one camera"):
        sources_of(("a", "b"), Path("s.json"), Path("t.json"), None)
