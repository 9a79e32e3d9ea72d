"""A matcher that is not ours can stand where our engine stands, and one that breaks docs/matcher-protocol.md cannot (R35)."""

import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_engine import commands, messages
from lfr_engine.conformance.talk import CAMERA, Matcher, Talk
from lfr_engine.conformance.trials import ENTRY, Material, conform
from lfr_engine.errors import BadInput, BrokenProtocol, LfrError, VerificationFailed
from lfr_engine.guard import IN_FLIGHT_S, Guard, Ordered
from lfr_engine.messages import Alert
from lfr_engine.packs.vendor import checked_vendor
from lfr_engine.sealed.facts import Seal
from lfr_engine.wire import receive
from mobile_unit.runtime.engine import EngineProcess
from tests.rehearsal_world import ROOT, default_pack, people, template
from webui.cli.conform import under_trial

REFERENCE = ROOT / "docs" / "examples" / "reference_matcher"
PROTOCOL = ROOT / "docs" / "matcher-protocol.md"
PERSON = "P-06"
JPEG = b"\xff\xd8\xff"

# A matcher in a few lines that does one thing wrong: `{fault}` runs once it has said that it is ready.
HOSTILE = """
import json, struct, sys, time
out = sys.stdout.buffer
def say(kind, blobs=(), **fields):
    text = json.dumps({{"type": kind, **fields, "blobs": [len(blob) for blob in blobs]}}).encode()
    out.write(struct.pack(">I", len(text)) + text + b"".join(blobs)); out.flush()
def alert(**changes):
    say("alert", (b"\\xff\\xd8\\xff", b"\\xff\\xd8\\xff"), **{{"seq": 1, "camera_id": "camera-1", "track": 1, "first_frame": 1, "frame": 2,
        "stream_s": 0.1, "bbox_xyxy_px": [1, 2, 3, 4], "candidates": [{{"entry_id": "entry-1", "similarity": 0.9}}], "quality": {{}},
        "threshold": "0.60", "probes": 1, **changes}})
length = struct.unpack(">I", sys.stdin.buffer.read(4))[0]
start = json.loads(sys.stdin.buffer.read(length))
say("sealed", sealed=[], lacking=[])
say("ready", pack_digest="sha256:a", pipeline_digest="sha256:b", enrolled=1)
{fault}
time.sleep(60)
"""

FAULTS = {
    "an id that is on no list": ('alert(candidates=[{"entry_id": "somebody", "similarity": 0.9}])', "not on the list"),
    "a candidate below the threshold": ('alert(candidates=[{"entry_id": "entry-1", "similarity": 0.2}])', "below the threshold"),
    "an alert long after stop": (f"time.sleep({IN_FLIGHT_S + 0.5}); alert()", "after a stop"),
    "an oversized blob": ('out.write(struct.pack(">I", 37) + b\'{"type":"picture","blobs":[99999999]}\'); out.flush()', "blob of 99999999"),
    "an oversized header": ('out.write(b"\\xff\\xff\\xff\\xff"); out.flush()', "header of 4294967295"),
    "garbage": ('out.write(b"\\0\\0\\0\\5hello"); out.flush()', "not JSON"),
    "half a message": ('out.write(b"\\0\\0\\1\\0{"); out.flush(); sys.exit()', "ended inside a message"),
    "a field of its own": ('alert(name="A. Person")', "name"),
    "a second list's camera": ('say("picture", (b"\\xff\\xd8\\xff",), camera_id="camera-7", frame=1)', "not named"),
}  # fmt: skip


def _hostile(tmp_path: Path, fault: str) -> Matcher:
    program = tmp_path / "hostile.py"
    program.write_text(HOSTILE.format(fault=fault))
    return Matcher((sys.executable, str(program)), str(tmp_path), "sha256:a", "sha256:b", "0.60", 4)


@pytest.mark.parametrize("what", FAULTS)
def test_the_unit_believes_no_matcher_that_breaks_the_protocol(tmp_path: Path, what: str) -> None:
    """Through the very class that listens on a unit: the fault is typed and says what to do, and nothing of the message is used."""
    fault, expected = FAULTS[what]
    matcher = _hostile(tmp_path, fault)
    process = subprocess.Popen(matcher.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    believed: list[str] = []
    failed: list[LfrError] = []
    ordered = Ordered("sha256:a", "sha256:b", "0.60", frozenset({CAMERA}), frozenset({ENTRY}))
    guard = Guard(ordered, time.monotonic())
    engine = EngineProcess(process, guard, lambda message: believed.append(message.header["type"]), failed.append)
    header, blobs = commands.start_message(
        entry_ids=[ENTRY],
        rows=np.eye(1, 4, dtype=np.float32),
        pack_dir=str(tmp_path),
        pack_digest="sha256:a",
        pipeline_digest="sha256:b",
        threshold="0.60",
        cameras=[{"id": CAMERA, "source": "pipe:9"}],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    from lfr_engine.wire import send

    send(process.stdin, header, blobs)
    assert (first := receive(process.stdout)) is not None
    assert first.header["type"] == "sealed"
    engine.listen()
    if "stop" in what:
        engine.tell("stop")
    assert engine.gone.wait(30)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        stream.close()
    assert believed == ["ready"]
    [error] = failed
    assert isinstance(error, BrokenProtocol)
    assert re.search(expected, error.message)
    assert "lfr models conform" in error.next_step


def test_a_matcher_that_hangs_is_a_fault(tmp_path: Path) -> None:
    failed: list[LfrError] = []
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    guard = Guard(Ordered("sha256:a", "sha256:b", "0.60", frozenset(), frozenset()), 0.0)
    from lfr_engine.wire import Message

    guard.hear(Message({"type": "ready", "pack_digest": "sha256:a", "pipeline_digest": "sha256:b", "enrolled": 0}, ()), 0.0)
    EngineProcess(process, guard, lambda _message: None, failed.append).look()  # by the clock it was last heard long ago
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()
    assert "nothing was heard" in failed[0].message


def _photo() -> bytes:
    return people()[PERSON].enrol_jpeg


def test_the_reference_matcher_keeps_every_part_of_the_protocol_sealed() -> None:
    """It imports nothing of ours, so the document is enough to write one."""
    assert "lfr_engine" not in (REFERENCE / "matcher.py").read_text()
    vendor = checked_vendor(REFERENCE)
    tried = list(conform(under_trial(vendor), Material(_photo())))
    assert len(tried) == 11
    assert [one for one in tried if not one.kept] == []


@pytest.mark.slow
def test_our_own_engine_keeps_every_part_of_the_same_protocol() -> None:
    pack = default_pack()
    facts = (str(pack.folder), pack.pack_digest, pack.pipeline_digest, str(pack.manifest.default_threshold), pack.dimension)
    matcher = Matcher((sys.executable, "-m", "lfr_engine.process"), *facts)
    tried = list(conform(matcher, Material(_photo(), np.frombuffer(template(PERSON), np.float32))))
    assert [one for one in tried if not one.kept] == []


def test_a_python_matcher_is_sealed_as_tightly_as_our_engine() -> None:
    matcher = under_trial(checked_vendor(REFERENCE))
    process = subprocess.Popen(matcher.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    said = receive(process.stdout)
    process.stdin.close()
    process.wait(30)
    process.stdout.close()
    assert said is not None
    assert set(Seal) - set(said.header["sealed"]) <= {Seal.MEMORY_LOCKED}


def test_a_matcher_of_another_digest_is_not_started() -> None:
    folder = under_trial(checked_vendor(REFERENCE))
    command = [*folder.command[:4], "sha256:" + "0" * 64, folder.command[5]]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30)
    assert done.returncode == 4
    assert b'"R35"' in done.stdout


@pytest.mark.parametrize("change", ["altered", "added", "missing"])
def test_a_matcher_whose_files_are_not_those_that_were_measured_is_refused(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "matcher"
    shutil.copytree(REFERENCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    program = folder / "matcher.py"
    if change == "altered":
        program.write_text(program.read_text() + "\n# one line more\n")
    elif change == "added":
        (folder / "sitecustomize.py").write_text("")
    else:
        program.unlink()
    with pytest.raises(VerificationFailed, match=r"altered|not in its manifest|missing"):
        checked_vendor(folder)


def test_a_manifest_with_a_field_of_its_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vendor.toml").write_text((REFERENCE / "vendor.toml").read_text().replace("runs_with", "runs_as"))
    with pytest.raises(BadInput, match="runs_as"):
        checked_vendor(tmp_path)


def test_the_document_names_every_command_message_and_field() -> None:
    """What a vendor builds by is complete: a field that is added here and not there fails."""
    text = PROTOCOL.read_text()
    forms: list[Any] = [messages.Ready, messages.Camera, messages.Counters, messages.Picture, Alert, messages.Ended, messages.RefusedToRun]
    forms += [commands.Start, commands.CameraOrder, commands.AddCamera]
    missing = {f"{form.__name__}.{name}" for form in forms for name in form.model_fields if name != "type" and f"`{name}`" not in text}
    kinds = {
        "start",
        "remove",
        "add_camera",
        "remove_camera",
        "pause",
        "resume",
        "stop",
        "enrol",
        "template",
        "unusable",
        "sealed",
        "ready",
    }
    kinds |= {"camera", "counters", "picture", "alert", "ended", "refused"}
    missing |= {kind for kind in kinds if f"`{kind}`" not in text}
    missing |= {seal.value for seal in Seal if f"`{seal.value}`" not in text}
    missing -= {"Start.entry_ids"}  # a blob on the wire, and described as one
    assert not missing


def test_a_talk_that_is_left_kills_its_matcher(tmp_path: Path) -> None:
    with Talk(_hostile(tmp_path, "")) as talk:
        pass
    assert talk.exit_code(5) is not None
    assert threading.active_count() < 50
