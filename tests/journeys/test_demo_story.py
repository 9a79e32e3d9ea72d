"""The whole story as a person runs it: `lfr demo`, in a process and a home of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / ".cache" / "photos"
REFUSED = {
    "the bundle on another unit": {"R1", "R31"},
    "an expired bundle": {"R20"},
    "an altered authority": {"R1"},
    "an authority missing from the log": {"R66"},
    "a threshold below the certificate": {"R37"},
    "outside the window": {"R8"},
    "the clock turned back": {"R20"},
    "an altered ledger": {"R66"},
}


def run_demo(home: Path, pack: Path, *options: str) -> dict[str, Any]:
    (home / "packs").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    shutil.copytree(pack, home / "packs" / "open-default")
    out = home / "out.json"
    done = subprocess.run(
        [sys.executable, "-m", "webui.cli.main", "demo", "--no-serve", "--photos", str(PHOTOS), "--json", str(out), *options],
        env={**os.environ, "LFR_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "real photos" in done.stdout
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, open_default_pack: Any) -> dict[str, Any]:
    return run_demo(tmp_path_factory.mktemp("story") / "home", open_default_pack.folder, "--seed", "1")


def test_every_refusal_names_its_rule_and_its_unaltered_control_passes(story: dict[str, Any]) -> None:
    refusals = {refusal["what"]: refusal for refusal in story["refusals"]}
    assert set(refusals) == set(REFUSED)
    for what, rules in REFUSED.items():
        assert refusals[what]["rule_id"] in rules, refusals[what]
        assert refusals[what]["exit_code"] == (5 if what == "an altered ledger" else 4), refusals[what]
        assert refusals[what]["control_passed"], refusals[what]


def test_matching_ends_at_the_end_time_and_the_purge_holds(story: dict[str, Any]) -> None:
    assert story["ended_because"] == "end_time"
    assert story["purge"]["verified"]
    assert story["purge"]["bundle_opens_after"] is False


def test_ledger_and_record_pass_the_separate_verifier(story: dict[str, Any]) -> None:
    assert story["ledger"]["verified"]
    assert story["ledger"]["entries"] > 30
    assert story["record"]["alerts"] == story["alerts"]
    assert story["record"]["false_per_passage"]["n"] == story["faces_counted"]


def test_listed_passers_raise_true_alerts_and_the_report_says_which_share_a_photo(story: dict[str, Any]) -> None:
    assert story["listed_passers"] >= 4
    assert story["true_alerts"] >= story["listed_passers"] // 2
    assert story["true_alerts"] + story["false_alerts"] + story["undecided_alerts"] == story["alerts"]
    assert 0 < story["same_photo_pairs"] < story["listed"]


def test_another_seed_gives_other_passages_and_absent_people_raise_no_true_alert(
    tmp_path_factory: pytest.TempPathFactory, open_default_pack: Any, story: dict[str, Any]
) -> None:
    other = run_demo(tmp_path_factory.mktemp("absent") / "home", open_default_pack.folder, "--seed", "2", "--absent")
    assert other["true_alerts"] == 0
    assert other["listed_passers"] == 0
    assert other["seed"] == 2
    assert other["record"]["deployment_id"] != story["record"]["deployment_id"]
    assert (other["listed"], other["faces_passed"]) != (story["listed"], story["faces_passed"])
