"""`lfr doctor`: what this machine has and lacks, and what to do about it. It changes nothing."""

import importlib.metadata
import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import click

from governance.home import Home, home_from_environment, is_open_to_others
from lfr_engine.clock import clock_from_environment
from lfr_engine.errors import LfrError, Refused
from lfr_engine.packs.store import open_pack
from watchlist.sealing.keys import read_secret
from webui.cli.doctor_check import Check
from webui.cli.doctor_machine import machine

_ONE_OF_EACH = {"onnxruntime": ("onnxruntime", "onnxruntime-gpu"), "OpenCV": ("opencv-python", "opencv-python-headless")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def doctor(as_json: bool) -> None:
    """Say what this machine has and lacks, how tightly the engine is sealed too. Exit code 4 when something that must be well is not."""
    home = home_from_environment()
    checks = [*map(_one_distribution, _ONE_OF_EACH), _folder(home), _secrets(home), _pack(home), _clock(), _disk(home), *machine()]
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=1))
    for check in [] if as_json else checks:
        click.echo(check.line)
    if not all(check.well for check in checks if check.must):
        raise Refused("this machine is not ready", rule_ids=("R35",), next_step="mend what is marked NOT above")


def _one_distribution(what: str) -> Check:
    """Two distributions of one library overwrite each other's files."""
    installed = {dist.metadata["Name"].lower() for dist in importlib.metadata.distributions() if dist.metadata["Name"]}
    found = [name for name in _ONE_OF_EACH[what] if name in installed]
    return Check(what, len(found) == 1, " and ".join(found) or "none", "" if len(found) == 1 else "run scripts/demo in a fresh clone")


def _folder(home: Home) -> Check:
    if not home.root.exists():
        return Check("LFR_HOME", True, f"{home.root} is not there yet; it is made when needed")
    mode = stat.S_IMODE(home.root.stat().st_mode)
    return Check("LFR_HOME", not is_open_to_others(home.root), f"{home.root}, mode {mode:04o}", f"chmod 700 {home.root}")


def _secrets(home: Home) -> Check:
    """Every private key lies as it must (R34)."""
    keys = [path for place in (home.office.keys, home.root / "units") if place.exists() for path in place.rglob("*.key")]
    loose = [str(path) for path in keys if not _well(partial(read_secret, path))]
    return Check("private keys", not loose, f"{len(keys)} found, {len(loose)} too open", f"chmod 600 {loose[0]}" if loose else "")


def _pack(home: Home) -> Check:
    try:
        pack = open_pack("open-default", home.packs)
    except LfrError as error:
        return Check("default pack", False, error.message, "lfr models build open-default")
    return Check("default pack", True, f"{pack.manifest.title}, pipeline {pack.pipeline_digest[:19]}…")


def _clock() -> Check:
    clock = clock_from_environment()
    return Check("clock", True, "SIMULATED by LFR_CLOCK: refused in operational mode" if clock.simulated else "system clock")


def _disk(home: Home) -> Check:
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    free_mb = shutil.disk_usage(place).free // 2**20
    writable = os.access(place, os.W_OK)
    return Check("disk", free_mb > 500 and writable, f"{free_mb} MB free at {place}", "" if writable else f"make {place} writable")


def _well(check: Callable[[], object]) -> bool:
    try:
        check()
    except LfrError:
        return False
    return True
