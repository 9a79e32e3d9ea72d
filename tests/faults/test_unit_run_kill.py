"""kill -9 of each process of a running deployment: what is left ends by itself, nothing acknowledged is lost, the purge happens."""

import json
import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from lfr_engine.packs.store import OpenPack
from mobile_unit.handed_over import bundle_places
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.one_use_key import path_of
from tests.unit_rehearsal import (
    Faces,
    enrolled_faces,
    environment,
    gate_options,
    lfr,
    processes_of,
    van_with,
    wait_for,
    wait_until_gone,
)
from tests.unit_van import Van, types
from tests.unit_world import DEPLOYMENT, UNIT

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def faces(open_default_pack: OpenPack) -> Faces:
    return enrolled_faces(open_default_pack)


def assert_purged(van: Van) -> None:
    assert not path_of(van.home, DEPLOYMENT).exists()
    assert not any(place.exists() for place in bundle_places(van.home, DEPLOYMENT))
    with van.journal() as journal:
        assert types(journal)[-1] == "purge.done"


def test_the_supervisor_killed_takes_every_process_with_it_and_recovery_ends_and_purges(tmp_path: Path, faces: Faces) -> None:
    van, command = van_with(tmp_path, faces, window=HOUR)
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL) as running:
        wait_for(van, "alert.raised")
        acknowledged = JournalClient(van.home).ask(asking.LookAtAlerts(deployment_id=DEPLOYMENT), answers.AlertsSeen).alerts
        children = processes_of(running)
        running.send_signal(signal.SIGKILL)
    assert set(children) == {"mobile_unit.journal.process", "lfr_engine.process", "lfr_engine.video.rehearsal_camera"}
    wait_until_gone(children.values())

    refused = lfr(tmp_path, "unit", "run", UNIT, DEPLOYMENT, *gate_options(tmp_path), *command[-5:])
    assert refused.returncode == 4
    assert json.loads(refused.stderr.splitlines()[-1])["rule_ids"] == ["R59"]
    recovered = json.loads(lfr(tmp_path, "unit", "recover", UNIT, "--json").stdout)
    assert (recovered["ended"], recovered["purges"][0]["ended_because"]) == ([DEPLOYMENT], "power_loss")
    assert_purged(van)
    assert json.loads(lfr(tmp_path, "unit", "recover", UNIT, "--json").stdout) == {"ended": [], "purges": [], "erased_alerts": []}
    with van.journal() as journal:
        kept = journal.ask(asking.LookAtAlerts(deployment_id=DEPLOYMENT), answers.AlertsSeen).alerts
    assert set(acknowledged) <= set(kept)


def test_the_engine_killed_ends_the_deployment_and_it_is_purged_and_synced(tmp_path: Path, faces: Faces) -> None:
    van, command = van_with(tmp_path, faces, window=HOUR)
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as running:
        wait_for(van, "matching.started")
        os.kill(processes_of(running)["lfr_engine.process"], signal.SIGKILL)
        answer = json.loads(running.communicate(timeout=60)[0])
    assert (running.returncode, answer["ended_because"]) == (0, "engine_lost")
    assert Path(answer["sync"]).is_file()
    assert_purged(van)


def test_the_journal_killed_ends_matching_at_once_because_without_a_log_there_is_no_matching(tmp_path: Path, faces: Faces) -> None:
    van, command = van_with(tmp_path, faces, window=HOUR)
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        wait_for(van, "matching.started")
        children = processes_of(running)
        os.kill(children["mobile_unit.journal.process"], signal.SIGKILL)
        said = running.communicate(timeout=20)[1]
    assert running.returncode == 6
    assert "lfr unit recover" in said
    wait_until_gone(children.values())
    assert lfr(tmp_path, "unit", "recover", UNIT).returncode == 0
    assert_purged(van)
