"""Non-retention on disk (R41, R57, R60): a unit is killed in the middle of matching, and every file it left is searched."""

import json
import signal
import subprocess
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_engine.packs.store import OpenPack
from lfr_engine.video.rehearsal.scene import Scene
from lfr_engine.video.rehearsal.spec import read_spec
from lfr_engine.video.rehearsal_camera import load_photo
from tests.memory_scan import Region, files, jpegs, search
from tests.unit_rehearsal import enrolled_faces, environment, processes_of, van_with, wait_for, wait_until_gone

ALIKE = 0.985
VIDEO = (b"ftypisom", b"ftypmp4", b"\x1aE\xdf\xa3", b"RIFF", b"\x00\x00\x00\x01\x67", b"LFRF")


@pytest.mark.slow
def test_a_unit_killed_in_mid_deployment_leaves_nobody_on_disk(tmp_path: Path, open_default_pack: OpenPack) -> None:
    faces = enrolled_faces(open_default_pack)
    van, command = van_with(tmp_path, faces, window=timedelta(seconds=90))
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        wait_for(van, "alert.raised")
        children = processes_of(running)
        running.send_signal(signal.SIGKILL)
    wait_until_gone(children.values())
    left = list(files(van.home.root))
    assert any(region.name.endswith(("journal.sqlite", "journal.sqlite-wal")) and region.content for region in left)

    spec = Path(command[command.index("--rehearsal") + 1])
    rows, templates = _passers(spec, tmp_path / "truth.json", open_default_pack)
    assert len(templates) >= 2
    assert len(rows) >= 10
    planted = Region(0, "planted", bytes(16) + next(iter(templates.values()))[0].astype("<f4").tobytes() + next(iter(rows.values())))
    assert {one.how for one in search([planted], rows, templates, ALIKE)} >= {"fp32", "pixels"}, "the positive control"
    assert search(left, rows, templates, ALIKE) == []
    assert list(jpegs(left)) == [], "an alert's pictures lie under its own key, nobody else's lie anywhere"
    assert not [region.name for region in left if region.content[:16].find(b"ftyp") >= 0 or region.content.startswith(VIDEO)]


def _passers(spec: Path, truth: Path, pack: OpenPack) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Rows of pixels and templates of everybody who had passed by then, listed or not, from the same frames rendered again."""
    given = read_spec(spec)
    scene, filmed = Scene(given, load_photo), int(json.loads(truth.read_text())["frames"])
    rows: dict[str, bytes] = {}
    templates: dict[str, list[Any]] = {}
    for index in _some(range(filmed), 24):
        frame, sightings = scene.render(index)
        image = frame.image_bgr
        for face in pack.detector.detect(image):
            x, y = (int(edge) for edge in (face.bbox_xyxy_px[:2] + face.bbox_xyxy_px[2:]) / 2)
            person = next((given.walkers[one.passage].person for one in sightings if _holds(one.bbox_xyxy_px, x, y)), None)
            if person is not None:
                rows[f"{person}@{index}"] = image[y, max(0, x - 16) : x + 16].tobytes()
                templates.setdefault(person, []).append(pack.embedder.embed(image, [face])[0])
    return rows, {person: np.stack(vectors) for person, vectors in templates.items()}


def _some(indices: range, most: int) -> Iterable[int]:
    return indices[:: max(1, len(indices) // most)]


def _holds(box: Any, x: int, y: int) -> bool:
    return bool(box[0] < x < box[2] and box[1] < y < box[3])
