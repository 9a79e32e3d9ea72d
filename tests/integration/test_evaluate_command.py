"""`lfr evaluate` from start to end on the demonstration's faces: the default pack, real detection, tracking and decision.

Ten people are far too few to say anything about the pack; what is tested is that every step is taken, counted and written.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_engine.image import decode_photo, encode_jpeg, resize
from lfr_engine.packs.store import OpenPack
from tests.rehearsal_world import people, write_spec
from webui.cli.main import main


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_default_pack: OpenPack) -> Path:
    """An LFR_HOME of its own that has the default pack."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "packs").mkdir(mode=0o700)
    (folder / "packs" / "open-default").symlink_to(open_default_pack.folder)
    monkeypatch.setenv("LFR_HOME", str(folder))
    return folder


def _variant(jpeg: bytes, gain: float) -> bytes:
    """The same face, darker or brighter and no larger than it need be: another picture of the person."""
    image = decode_photo(jpeg)
    scale = min(1.0, 260 / max(image.shape[:2]))
    small = resize(image, round(image.shape[1] * scale), round(image.shape[0] * scale))
    return encode_jpeg(np.clip(small * gain, 0, 255).astype(np.uint8), 90)


def _pairs(folder: Path) -> Path:
    folder.mkdir()
    names = list(people())
    for ref, person in people().items():
        (folder / f"{ref}-a.jpg").write_bytes(_variant(person.enrol_jpeg, 1.0))
        (folder / f"{ref}-b.jpg").write_bytes(_variant(person.enrol_jpeg, 0.8))
        (folder / f"{ref}-c.jpg").write_bytes(_variant(person.enrol_jpeg, 0.9))
    rows = ["image_a,image_b,same,person_a,person_b"]
    for place, ref in enumerate(names):
        other = names[(place + 1) % len(names)]
        rows += [f"{ref}-a.jpg,{ref}-b.jpg,1,{ref},{ref}", f"{ref}-b.jpg,{ref}-c.jpg,1,{ref},{ref}"]
        rows += [f"{ref}-a.jpg,{other}-b.jpg,0,{ref},{other}", f"{ref}-b.jpg,{other}-c.jpg,0,{ref},{other}"]
    table = folder / "pairs.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


def _read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found


def test_verification_writes_figures_report_and_charts_and_says_that_it_is_a_smoke_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = tmp_path / "groups.csv"
    half = len(people()) // 2
    groups.write_text("person,attribute,group\n" + "".join(f"{ref},half,{n < half}\n" for n, ref in enumerate(people())))
    arguments = ["evaluate", "verification", str(_pairs(tmp_path / "pairs")), "--groups", str(groups)]
    assert main([*arguments, "--json", str(tmp_path / "v.json"), "--report", str(tmp_path / "report")]) == 0
    found = _read(tmp_path / "v.json")
    assert found["n"] == 4 * len(people())
    assert found["accuracy"] > 0.9
    assert found["tar_at_far"]["0.1"]["method"]
    assert {one["group"] for one in found["groups"]} == {"True", "False"}
    said = capsys.readouterr()
    assert "smoke test" in said.out.lower()
    assert found["result_digest"] in said.out
    assert "not registered" in said.out
    assert {path.name for path in (tmp_path / "report").iterdir()} >= {"report.html", "report.pdf", "roc.svg"}
    # Again, from the templates kept: the same figures to the last digit.
    assert main([*arguments, "--json", str(tmp_path / "again.json")]) == 0
    assert _read(tmp_path / "again.json")["result_digest"] == found["result_digest"]
    assert "0 computed" in capsys.readouterr().err


def test_a_killed_run_goes_on_and_ends_with_the_figures_of_one_that_was_not(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "verification", str(_pairs(tmp_path / "pairs")), "--json", str(tmp_path / "v.json")]
    running = subprocess.Popen([sys.executable, "-m", "webui.cli.main", *arguments], env=os.environ.copy(), stderr=subprocess.DEVNULL)
    until_s = time.monotonic() + 120
    while sum(path.stat().st_size for path in (home / "evaluation").glob("*.templates")) < 3_000:
        assert time.monotonic() < until_s
        assert running.poll() is None, "the run ended before it could be killed"
        time.sleep(0.005)
    running.kill()
    running.wait()
    assert not (tmp_path / "v.json").exists()
    assert main(arguments) == 0
    assert int(capsys.readouterr().err.split(" templates kept from before")[0].split()[-1]) > 0
    assert main([*arguments[:-1], str(tmp_path / "fresh.json"), "--fresh"]) == 0
    assert " 0 kept from before" in capsys.readouterr().err
    assert _read(tmp_path / "fresh.json")["result_digest"] == _read(tmp_path / "v.json")["result_digest"]


def test_identification_counts_a_reference_that_cannot_be_enrolled_and_a_photo_that_cannot_be_read(tmp_path: Path) -> None:
    faces = tmp_path / "faces"
    for number, person in enumerate(people().values()):
        for name, photos in (("Listed", (1.0, 0.8)), ("Stranger", (0.6,))):
            home = faces / f"{name}_{number}"
            home.mkdir(parents=True)
            for gain in photos:
                (home / f"{gain}.jpg").write_bytes(_variant(person.walk_jpeg if name == "Stranger" else person.enrol_jpeg, gain))
    for number in range(3):  # so that there are ten of each wherever the demonstration has fewer people
        for name in ("Listed", "Stranger"):
            (faces / f"{name}_more_{number}").mkdir()
            for photo in range(2 if name == "Listed" else 1):
                (faces / f"{name}_more_{number}" / f"{photo}.jpg").write_bytes(f"no picture {name} {number} {photo}".encode())
    assert main(["evaluate", "identification", str(faces), "--json", str(tmp_path / "i.json")]) == 0
    found = _read(tmp_path / "i.json")
    assert found["n"] == len(people()) + 3
    assert found["enrolment_failures"]["k"] >= 3
    assert found["failures_to_acquire"]["k"] == 6
    assert {"0.1"} <= set(found["fnir_at_fpir"])
    assert len(found["without_template"]) >= 9
    assert "no photo that can be read" in {one["photo"]: one["why"] for one in found["without_template"]}["Stranger_more_0/0.jpg"]


def test_a_filmed_crowd_is_judged_by_its_truth(tmp_path: Path) -> None:
    refs = ["P-08", "P-06"]
    crowd = tmp_path / "crowd"
    crowd.mkdir()
    spec = write_spec(crowd, refs, fps=5)
    camera = [sys.executable, "-m", "lfr_engine.video.rehearsal_camera", "--spec", str(spec), "--out", str(crowd / "crowd.mp4")]
    subprocess.run([*camera, "--truth", str(tmp_path / "boxes.json")], check=True)
    walked = _read(tmp_path / "boxes.json")["passages"]
    passers = [
        {"name": one["person"], "listed": one["person"] == "P-08", "start_frame": one["first_frame"], "end_frame": one["last_frame"]}
        for one in walked
    ]
    (crowd / "truth.json").write_text(json.dumps({"passers": passers}))
    (crowd / "listed.jpg").write_bytes(people()["P-08"].enrol_jpeg)
    (crowd / "watchlist.csv").write_text("subject_ref,image\nP-08,listed.jpg\n")
    assert main(["evaluate", "crowd", str(crowd), "--json", str(tmp_path / "c.json")]) == 0
    found = _read(tmp_path / "c.json")
    assert (found["recognised"]["k"], found["n"], found["false_alerts"]["alerts"]) == (1, 1, 0)
    assert found["passages"]["true"] == 2
    assert not found["misses_attributed"]
    (crowd / "watchlist.csv").write_text("subject_ref,image\nP-08,listed.jpg\nP-06,listed.jpg\n")
    assert main(["evaluate", "crowd", str(crowd)]) == 3  # P-06 would be both listed and a stranger


def test_bad_input_ends_with_3_and_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for arguments in (
        ["verification", str(tmp_path / "none.csv")],
        ["identification", str(tmp_path / "empty")],
        ["crowd", str(tmp_path / "empty")],
        ["crowd", "rehearsal"],
        ["verification", str(_pairs(tmp_path / "pairs")), "--json", str(tmp_path / "no" / "such" / "folder.json")],
    ):
        assert main(["evaluate", *arguments]) == 3
        assert "next" in capsys.readouterr().err
