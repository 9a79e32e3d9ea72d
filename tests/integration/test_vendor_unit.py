"""A whole deployment in which a vendor's matcher stands where our engine stands: gate, seal, alerts, purge, ledger (R35, R37, R41)."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from governance.messages.certificate import CameraClass
from lfr_engine.conformance.talk import Talk
from lfr_engine.conformance.trials import READY_S, Material
from lfr_engine.packs.vendor import checked_vendor
from lfr_engine.sealed.facts import Seal
from lfr_engine.video.container import ClipWriter
from tests.rehearsal_world import ROOT, people
from tests.unit_rehearsal import environment
from tests.unit_van import PASSPHRASE, Van, ledger, make_van
from tests.unit_world import CAMERA, DEPLOYMENT, UNIT, listed
from webui.cli.conform import under_trial

REFERENCE = ROOT / "docs" / "examples" / "reference_matcher"
LISTED = ("P-06", "P-03")


@pytest.fixture
def van(tmp_path: Path) -> Van:
    """Its list was enrolled by the very matcher that will use it."""
    vendor = checked_vendor(REFERENCE)
    with Talk(under_trial(vendor)) as talk:
        rows = [talk.enrol(ref, people()[ref].enrol_jpeg, READY_S) for ref in LISTED]
    sealed = [listed(number, vendor.pack_digest, row) for number, row in enumerate(rows) if not isinstance(row, str)]
    assert len(sealed) == len(LISTED)
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    tested_with = {"camera_classes": (CameraClass.VIDEO_FILE,)}
    return make_van(tmp_path, pack=REFERENCE, people=sealed, threshold="0.85", window=timedelta(minutes=5), certificate=tested_with)


def _run(folder: Path, pack: Path) -> subprocess.CompletedProcess[str]:
    clip = folder / "street.mp4"
    with ClipWriter(clip, size_px=(1280, 720), fps=5) as writer:
        for step in range(15):
            writer.write(Material(people()[LISTED[0]].enrol_jpeg).street(step))
    options = ["--passphrase-file", str(folder / "passphrase"), "--pack", str(pack), "--operator", "op-01", "--engagement-officer", "eo-01"]
    options += ["--camera", CAMERA, "--at-place", "--signs-checked", "--briefed", "--source", str(clip), "--json"]
    command = [sys.executable, "-m", "webui.cli.main", "unit", "run", UNIT, DEPLOYMENT, *options]
    return subprocess.run(command, env=environment(folder), cwd=ROOT, capture_output=True, text=True, check=False, timeout=150)


def test_a_deployment_runs_on_a_matcher_that_is_not_ours(tmp_path: Path, van: Van) -> None:
    ran = _run(tmp_path, REFERENCE)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert (answer["ended_because"], answer["fault"]) == ("sources_ended", None)
    assert answer["counters"]["frames"] == 15
    assert answer["alerts"] >= 1
    with van.journal() as journal:
        events = {event.type: body.model_dump(mode="json") for event, body in ledger(journal)}
    started = events["matching.started"]
    assert started["pipeline_digest"] == checked_vendor(REFERENCE).pipeline_digest
    assert set(Seal) - set(started["sealed"]) <= {Seal.MEMORY_LOCKED}
    assert "purge.done" in events


def test_the_gate_refuses_a_matcher_with_one_line_changed(tmp_path: Path, van: Van) -> None:
    other = tmp_path / "matcher"
    other.mkdir()
    for name in ("matcher.py", "vendor.toml"):
        (other / name).write_bytes((REFERENCE / name).read_bytes())
    (other / "matcher.py").write_text((other / "matcher.py").read_text().replace("0.05", "0.06"))
    ran = _run(tmp_path, other)
    assert ran.returncode == 4
    assert '"R35"' in ran.stderr
    assert "matcher.py" in ran.stderr
