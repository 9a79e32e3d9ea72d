"""A van with the real engine behind it: people who pass on the rehearsal camera, and `lfr unit` commands as a user types them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from lfr_engine.enrol import enrol_photo
from lfr_engine.packs.store import OpenPack, checked_files
from mobile_unit.journal.client import JournalClient, JournalSilent
from tests.unit_van import PASSPHRASE, Van, make_van, types
from tests.unit_world import CAMERA, DEPLOYMENT, UNIT, listed
from webui.cli.demo_passages import DemoPassages, write_rehearsal
from webui.cli.demo_people import DemoPerson, demo_people

PACK = Path(__file__).parents[1] / ".cache" / "packs" / "open-default"
Faces = list[tuple[DemoPerson, "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"]]


def enrolled_faces(pack: OpenPack) -> Faces:
    """Five people of the demonstration with their templates."""
    people = [person for person in demo_people(PACK.parent.parent) if person.listable][:5]
    return [(person, enrol_photo(person.enrol_jpeg, pack).template.vector) for person in people]


def van_with(folder: Path, faces: Faces, *, window: timedelta, **world: Any) -> tuple[Van, list[str]]:
    """A van whose list holds the first three people; five pass, twice each; and the command that runs it."""
    digest = checked_files(PACK)[0].pack_digest()
    sealed = [listed(number, digest, vector) for number, (_, vector) in enumerate(faces[:3])]
    van = make_van(folder, pack=PACK, people=sealed, threshold="0.944", window=window, **world)
    people = [person for person, _ in faces]
    (folder / "rehearsal").mkdir()
    order = tuple(person.ref for person in people)
    spec = write_rehearsal(people, DemoPassages(11, (), order + order), folder / "rehearsal", fps=8.0, at_once=3.0)
    script = {"truth": "truth.json", "persons": {f"entry-{number}": order[number] for number in range(3)}}
    (folder / "script.json").write_text(json.dumps(script))
    (folder / "passphrase").write_text(PASSPHRASE + "\n")
    command = [sys.executable, "-m", "webui.cli.main", "unit", "run", UNIT, DEPLOYMENT, *gate_options(folder)]
    return van, [*command, "--rehearsal", str(spec), "--truth", str(folder / "truth.json"), "--json"]


def gate_options(folder: Path) -> list[str]:
    given = {
        "--passphrase-file": folder / "passphrase",
        "--pack": PACK,
        "--operator": "op-01",
        "--engagement-officer": "eo-01",
        "--camera": CAMERA,
    }
    return [*(str(part) for pair in given.items() for part in pair), "--at-place", "--signs-checked", "--briefed"]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "LFR_HOME": str(folder)}


def wait_for(van: Van, event: str, timeout_s: float = 60) -> None:
    """Until the running unit's ledger has this event; asked over the journal's socket like any other process would."""
    client, give_up = JournalClient(van.home), time.monotonic() + timeout_s
    while time.monotonic() < give_up:
        try:
            if event in types(client):
                return
        except JournalSilent:
            pass
        time.sleep(0.1)
    raise AssertionError(f"no {event} within {timeout_s} s")


def lfr(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "webui.cli.main", *arguments]
    return subprocess.run(command, env=environment(folder), capture_output=True, text=True, timeout=60, check=False)


def processes_of(running: subprocess.Popen[Any]) -> dict[str, int]:
    """The processes under a running `lfr unit run`, by module."""
    found = subprocess.run(["pgrep", "-a", "-P", str(running.pid)], capture_output=True, text=True, check=False).stdout.splitlines()
    return {line.split(" -m ")[1].split()[0]: int(line.split()[0]) for line in found if " -m " in line}


def wait_until_gone(pids: Iterable[int], timeout_s: float = 20) -> None:
    give_up = time.monotonic() + timeout_s
    while alive := [pid for pid in pids if _runs(pid)]:
        assert time.monotonic() < give_up, f"{alive} still run"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
