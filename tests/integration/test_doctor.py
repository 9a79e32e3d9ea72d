"""`lfr doctor`, and a home folder that others can read: reported by the one, refused by everything that keeps data in it (R34, R41)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from governance.home import private_home
from lfr_engine.errors import Refused
from lfr_engine.sealed import Seal, landlock
from webui.cli.doctor_check import Check


def _lfr(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "webui.cli.main", *arguments]
    return subprocess.run(command, env={**os.environ, "LFR_HOME": str(home)}, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory, packs_dir: Path) -> dict[str, dict[str, Any]]:
    home = tmp_path_factory.mktemp("home")
    (home / "packs").symlink_to(packs_dir)
    done = _lfr(home, "doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return {one["what"]: one for one in json.loads(done.stdout)}


def test_it_says_how_the_engine_is_sealed_here_by_sealing_one(checks: dict[str, dict[str, Any]]) -> None:
    facts = checks["sealed engine"]["facts"]
    assert {*facts["sealed"], *facts["lacking"]} == {seal.value for seal in Seal}
    assert Seal.FILE_SIZE_ZERO.value in facts["sealed"]
    assert checks["sealed engine"]["well"] == (not facts["lacking"])
    if landlock.abi() >= landlock.SCOPE_ABI:
        assert set(facts["lacking"]) <= {Seal.MEMORY_LOCKED.value}


def test_it_looks_at_kernel_swap_core_files_time_and_home(checks: dict[str, dict[str, Any]]) -> None:
    assert {"kernel", "swap", "core files", "time", "LFR_HOME", "private keys", "clock", "disk"} <= set(checks)
    assert f"Landlock ABI {landlock.abi() or 'none'}" in checks["kernel"]["found"]
    assert all(one["next"] for one in checks.values() if not one["well"]), "what is not well says what to do"
    assert not [one for one in checks.values() if one["must"] and not one["well"]], "a note fails nothing"


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_home_folder_that_others_can_enter_is_refused_before_anything_is_read(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(Refused) as refused:
        private_home({"LFR_HOME": str(tmp_path)})
    assert refused.value.rule_ids == ("R34",)
    assert refused.value.next_step == f"chmod 700 {tmp_path}"


def test_office_and_unit_do_not_start_on_such_a_folder_and_the_doctor_says_why(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for arguments in (("unit", "recover", "unit-1", "--json"), ("office", "serve")):
        done = _lfr(tmp_path, *arguments)
        assert (done.returncode, "R34" in done.stderr) == (4, True), done.stderr
    done = _lfr(tmp_path, "doctor")
    assert done.returncode == 4
    assert f"chmod 700 {tmp_path}" in done.stdout


def test_a_folder_that_is_not_there_yet_is_made_private(tmp_path: Path) -> None:
    assert private_home({"LFR_HOME": str(tmp_path / "new")}).root == tmp_path / "new"


def test_what_must_be_and_what_only_should_be_are_marked_apart() -> None:
    assert Check("a", False, "b", "c").line.startswith("NOT  a: b")
    assert Check("a", False, "b", "c", must=False).line == "note a: b\n     next: c"
    assert Check("a", True, "b", "c").line == "ok   a: b"
