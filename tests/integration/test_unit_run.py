"""`lfr unit run` with the real engine, the real rehearsal camera and a real pack, as a user would start it."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from governance.messages.certificate import CameraClass
from governance.messages.payload import opened
from governance.messages.unit import PurgeCertificate, SyncPackage
from lfr_engine.clock import format_utc
from lfr_engine.packs.store import OpenPack
from mobile_unit.handed_over import bundle_places
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.one_use_key import path_of
from tests.unit_rehearsal import Faces, enrolled_faces, environment, gate_options, lfr, van_with, wait_for
from tests.unit_van import PASSPHRASE, Van, ledger, prepared_van, types
from tests.unit_world import DEPLOYMENT, UNIT

WINDOW = timedelta(seconds=35)


@pytest.fixture(scope="module")
def faces(open_default_pack: OpenPack) -> Faces:
    return enrolled_faces(open_default_pack)


def test_a_whole_deployment_ends_by_itself_inside_its_window_and_is_purged_and_synced(tmp_path: Path, faces: Faces) -> None:
    van, command = van_with(tmp_path, faces, window=WINDOW)
    ran = subprocess.run(
        [*command, "--scripted-officer", str(tmp_path / "script.json")],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert answer["ended_because"] == "end_time"
    assert answer["fault"] is None
    assert answer["counters"]["passages"] > 0
    assert 0 < answer["alerts"] <= answer["counters"]["alerts"]  # one in the very last frame may come too late
    assert answer["decided"]["adjudicated_true"] == answer["resolved"]["confirmed_true"] > 0
    assert answer["undecided"] == 0

    with van.journal() as journal:
        logged = types(journal)
        passages = sum(body.model_dump().get("passages", 0) for event, body in ledger(journal) if event.type == "passers.counted")
    assert passages == answer["counters"]["passages"]
    for event in (
        "matching.started",
        "passers.counted",
        "alert.raised",
        "alert.shown",
        "alert.adjudicated",
        "matching.stopped",
        "purge.done",
    ):
        assert event in logged
    package = opened(Path(answer["sync"]).read_bytes(), SyncPackage, [van.identity.key.public]).body
    assert len(package.entries) == answer["ledger"]["size"] == len(logged)
    certificate = opened((van.home.outbox / DEPLOYMENT / "purge.dsse.json").read_bytes(), PurgeCertificate, [van.identity.key.public]).body
    assert certificate.ended_because == "end_time"
    assert van.world.at() < certificate.matching_ended_at <= format_utc(van.world.now + WINDOW)
    assert not path_of(van.home, DEPLOYMENT).exists()
    assert not any(place.exists() for place in bundle_places(van.home, DEPLOYMENT))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def page(port: int) -> bytes:
    with urllib.request.urlopen(f"http://localhost:{port}/", timeout=10) as answer:
        content: bytes = answer.read()
        return content


def test_it_pauses_resumes_and_stops_at_the_word_of_another_process_and_its_console_outlives_the_stop(tmp_path: Path, faces: Faces) -> None:
    van, command = van_with(tmp_path, faces, window=timedelta(hours=1))
    port = free_port()
    with subprocess.Popen([*command, "--console", str(port)], env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as running:
        wait_for(van, "matching.started")
        client = JournalClient(van.home)
        assert b"<html" in page(port)
        client.ask(asking.Order(deployment_id=DEPLOYMENT, what="pause", who="op-01", reason="technical"), answers.Done)
        wait_for(van, "matching.paused", timeout_s=5)
        client.ask(asking.Order(deployment_id=DEPLOYMENT, what="resume", who="op-01", reason="technical"), answers.Done)
        wait_for(van, "matching.resumed", timeout_s=5)
        assert lfr(tmp_path, "unit", "check", UNIT, DEPLOYMENT, *gate_options(tmp_path)).returncode == 4  # it is running already
        assert lfr(tmp_path, "unit", "stop", UNIT, "--who", "op-01").returncode == 0
        wait_for(van, "matching.stopped", timeout_s=5)
        wait_for(van, "purge.done", timeout_s=15)
        assert b"<html" in page(port)  # open alerts can still be decided
        running.send_signal(signal.SIGINT)
        answer = json.loads(running.communicate(timeout=30)[0])
    assert answer["ended_because"] == "operator"
    with van.journal() as journal:
        stopped = next(event for event, _ in ledger(journal) if event.type == "matching.stopped")
    assert (stopped.actor, stopped.role) == ("op-01", "operator")


def test_a_recording_is_matched_to_its_end_and_then_the_deployment_is_over(tmp_path: Path, faces: Faces) -> None:
    tested_with = {"camera_classes": (CameraClass.VIDEO_FILE,)}
    _, command = van_with(tmp_path, faces, window=timedelta(hours=1), certificate=tested_with)
    at = command.index("--rehearsal")
    spec, clip = command[at + 1], tmp_path / "clip.mp4"
    spec_now = json.loads(Path(spec).read_text())
    Path(spec).write_text(json.dumps({**spec_now, "frames": 40}))
    camera = ["-m", "lfr_engine.video.rehearsal_camera", "--spec", spec, "--truth", str(tmp_path / "t.json"), "--out", str(clip)]
    subprocess.run([sys.executable, *camera], check=True)
    ran = subprocess.run(
        [*command[:at], "--source", str(clip), "--json"], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert (answer["ended_because"], answer["counters"]["frames"], answer["counters"]["dropped"]) == ("sources_ended", 40, 0)


def checked(van: Van, folder: Path, *left_out: str) -> subprocess.CompletedProcess[str]:
    (folder / "passphrase").write_text(PASSPHRASE)
    options = [option for option in gate_options(folder) if option not in left_out]
    options[options.index("--pack") + 1] = str(van.packs_dir / van.pack)
    return lfr(folder, "unit", "check", UNIT, DEPLOYMENT, *options, "--json")


def test_the_command_refuses_with_the_rule_and_exit_code_4_and_the_ledger_says_so(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    answer = checked(van, tmp_path / "home", "--signs-checked")
    assert answer.returncode == 4, answer.stderr
    assert json.loads(answer.stderr)["rule_ids"] == ["R83"]
    with van.journal() as journal:
        event, body = ledger(journal)[-1]
    assert event.type == "gate.refused"
    assert body.model_dump(mode="json")["refused_by"] == ["R83"]


def test_the_unaltered_command_passes_and_says_what_would_block(tmp_path: Path) -> None:
    answer = checked(prepared_van(tmp_path), tmp_path / "home")
    assert answer.returncode == 0, answer.stderr
    assert [one["rule_id"] for one in json.loads(answer.stdout)["would_block"]] == ["R27", "R37", "R38"]
