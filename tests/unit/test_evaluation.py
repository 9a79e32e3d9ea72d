"""How a measurement is drawn: halves that do not meet, lists and walks that never share a photo, exact intervals."""

from pathlib import Path

import pytest

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.crowd import CrowdPlan, draw_crowds
from lfr_engine.evaluation.interval import Rate
from lfr_engine.evaluation.split import Half, half_of, people_of

PEOPLE = {f"Person_{number}": [Path(f"{number}_{photo}.jpg") for photo in range(1 + number % 3)] for number in range(400)}
PLAN = CrowdPlan(passers=10, listed_passers=4, list_size=40)


def test_the_halves_are_about_equal_and_fixed_by_the_name() -> None:
    unseen = [name for name in PEOPLE if half_of(name) is Half.UNSEEN]
    assert 160 < len(unseen) < 240
    assert half_of("Person_1") is half_of("Person_1")


def test_people_of_takes_one_half_and_refuses_an_empty_folder(tmp_path: Path) -> None:
    for name in ("Person_1", "Person_2", "Person_3", "Person_4"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "b.jpg").touch()
        (tmp_path / name / "notes.txt").touch()
    assert sum(len(people_of(tmp_path, half)) for half in Half) == len(people_of(tmp_path)) == 4
    assert people_of(tmp_path)["Person_1"] == [tmp_path / "Person_1" / "b.jpg"]
    for absent in (tmp_path / "none", tmp_path / "Person_1"):
        with pytest.raises(BadInput):
            people_of(absent)


def test_nobody_listed_walks_in_their_enrolment_photo_or_twice() -> None:
    crowds = draw_crowds(PEOPLE, PLAN, listed_passages=40, seed=3)
    assert len(crowds) == 10
    walked: list[str] = []
    for crowd in crowds:
        assert (len(crowd.listed), len(crowd.spec.walkers), len(crowd.listed_walkers)) == (40, 10, 4)
        for place in crowd.listed_walkers:
            walker = crowd.spec.walkers[place]
            walked.append(walker.person)
            assert Path(walker.photo.path) != crowd.listed[walker.person]
            assert Path(walker.photo.path) in PEOPLE[walker.person]
    assert len(set(walked)) == len(walked) == 40


def test_crowds_follow_the_seed_and_are_not_stretched_beyond_the_people_there_are() -> None:
    assert draw_crowds(PEOPLE, PLAN, listed_passages=8, seed=3) == draw_crowds(PEOPLE, PLAN, listed_passages=8, seed=3)
    assert draw_crowds(PEOPLE, PLAN, listed_passages=8, seed=3) != draw_crowds(PEOPLE, PLAN, listed_passages=8, seed=4)
    with pytest.raises(BadInput, match="too few"):
        draw_crowds(PEOPLE, PLAN, listed_passages=400, seed=3)


def test_intervals_are_those_of_clopper_and_pearson() -> None:
    # 0 of 9,913: the upper end is 1 - 0.025 ** (1 / 9913); 8 of 10: a textbook value.
    assert Rate(0, 9913).high == pytest.approx(1 - 0.025 ** (1 / 9913))
    assert (Rate(0, 9913).low, Rate(5, 5).high) == (0.0, 1.0)
    assert [Rate(8, 10).low, Rate(8, 10).high] == pytest.approx([0.4439, 0.9748], abs=1e-4)
    with pytest.raises(ValueError, match="no rate"):
        Rate(3, 2)
