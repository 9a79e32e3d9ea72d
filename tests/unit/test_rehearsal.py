"""The rehearsal's scene: the same pixels for the same seed, truth that fits the picture, specifications that are refused."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_engine.errors import BadInput
from lfr_engine.values import Image
from lfr_engine.video.rehearsal.figure import make_figure
from lfr_engine.video.rehearsal.scene import Scene
from lfr_engine.video.rehearsal.spec import RehearsalSpec, read_spec
from lfr_engine.video.rehearsal.truth import TruthFile, read_truth
from lfr_engine.video.rehearsal.walk import plan_walks


def _portrait(path: str) -> Image:
    """A 250 x 250 picture, greener than the street, that differs from person to person."""
    noise = np.random.default_rng(len(path)).integers(-30, 30, (250, 250, 3))
    return np.asarray(noise + np.array([40, 215, 40]), np.uint8)


def _spec(**how: Any) -> RehearsalSpec:
    walkers = [{"person": f"p{number}", "photo": "x" * (number + 1), "mirror": number % 2 == 0} for number in range(8)]
    return RehearsalSpec.model_validate({"seed": 7, "size": (640, 360), "face_px": (30, 60), "at_once": 4, "walkers": walkers, **how})


def _digest(spec: RehearsalSpec, frames: range) -> str:
    scene = Scene(spec, _portrait)
    sum_of_all = hashlib.sha256()
    for index in frames:
        sum_of_all.update(scene.render(index)[0].image_bgr.tobytes())
    return sum_of_all.hexdigest()


def test_one_seed_gives_the_same_bytes_and_another_seed_other_walks() -> None:
    some = range(20, 60, 13)
    assert _digest(_spec(), some) == _digest(_spec(), some)
    assert _digest(_spec(), some) != _digest(_spec(seed=8), some)
    assert plan_walks(_spec()) != plan_walks(_spec(seed=8))


def test_a_frame_does_not_depend_on_which_frames_were_rendered_before() -> None:
    scene = Scene(_spec(), _portrait)
    for index in (90, 10, 55):
        scene.render(index)
    assert scene.render(40)[0].image_bgr.tobytes() == Scene(_spec(), _portrait).render(40)[0].image_bgr.tobytes()


def test_everybody_passes_once_and_the_street_is_empty_afterwards() -> None:
    scene = Scene(_spec(noise=0), _portrait)
    seen: dict[int, list[int]] = {}
    for index in range(scene.frames_with_walkers):
        for one in scene.render(index)[1]:
            seen.setdefault(one.passage, []).append(index)
    assert sorted(seen) == list(range(8))
    assert all(len(frames) > 20 for frames in seen.values())
    after, nobody = scene.render(scene.frames_with_walkers)
    assert nobody == ()
    assert np.array_equal(after.image_bgr, scene.render(scene.frames_with_walkers + 50)[0].image_bgr)


def test_truth_says_where_the_picture_changed() -> None:
    spec = _spec(noise=0)
    scene = Scene(spec, _portrait)
    street = scene.render(scene.frames_with_walkers)[0].image_bgr.astype(int)
    for index in range(10, 70, 15):
        frame, sightings = scene.render(index)
        changed = np.abs(frame.image_bgr - street).max(axis=2) > 12
        for one in sightings:
            x0, y0, x1, y1 = (max(0, int(edge)) for edge in one.bbox_xyxy_px)
            if one.visibility > 0.95:
                assert changed[y0:y1, x0:x1].mean() > 0.7
            assert 0.05 <= one.visibility <= 1


def test_who_is_hidden_behind_a_nearer_person_is_less_visible() -> None:
    hidden = []
    scene = Scene(_spec(at_once=20), _portrait)
    for index in range(0, scene.frames_with_walkers, 2):
        for one in scene.render(index)[1]:
            x0, y0, x1, y1 = one.bbox_xyxy_px
            if x0 > 0 and y0 > 0 and x1 < 640 and y1 < 360 and one.visibility < 0.5:
                hidden.append(one)
    assert hidden, "in a dense crowd somebody is hidden some of the time"


def test_the_truth_file_is_whole_whenever_it_is_read(tmp_path: Path) -> None:
    spec = _spec()
    truth, scene = TruthFile(tmp_path / "truth.json", spec), Scene(spec, _portrait)
    truth.write()
    assert read_truth(tmp_path / "truth.json").passages == ()
    for index in range(40):
        truth.add(index, scene.render(index)[1])
    truth.write()
    known = read_truth(tmp_path / "truth.json")
    assert known.frames == 40
    first = known.passages[0]
    assert (first.person, first.mirror, first.first_frame) == ("p0", True, first.boxes[0][0])
    assert [path.name for path in tmp_path.iterdir()] == ["truth.json"], "nothing half-written stays behind"
    (tmp_path / "truth.json").write_text('{"passages": [{}]}')
    with pytest.raises(BadInput, match="not the truth"):
        read_truth(tmp_path / "truth.json")


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        '{"fps": 0}',
        '{"seed": -1}',
        '{"size": [10, 10]}',
        '{"walker": []}',
        '{"face_px": [90, 60]}',
        '{"pace": "slow"}',
        '{"walkers": [{"person": "", "photo": "a.jpg"}]}',
        '{"walkers": [{"person": "a", "photo": {"path": "a.jpg", "box": [1, 2, 3]}}]}',
    ],
)
def test_an_unclear_rehearsal_is_refused(tmp_path: Path, broken: str) -> None:
    (tmp_path / "spec.json").write_text(broken)
    with pytest.raises(BadInput, match=r"spec\.json"):
        read_spec(tmp_path / "spec.json")


def test_photo_paths_are_relative_to_the_rehearsal(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps({"walkers": [{"person": "a", "photo": "b.jpg"}]}))
    assert read_spec(tmp_path / "spec.json").walkers[0].photo.path == str(tmp_path / "b.jpg")


@pytest.mark.parametrize("box", [(0, 0, 300, 100), (50, 50, 40, 90), (-5, 0, 100, 100), (0, 0, 9, 9)])
def test_a_face_box_outside_its_photo_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadInput, match="face box"):
        make_figure(_portrait("x"), box, np.random.default_rng(0), mirror=False)
