"""The demonstration's people and passages: published photos, a checked archive, and an honest mark on same-photo pairs."""

import json
from pathlib import Path

import pytest

from lfr_engine.errors import VerificationFailed
from lfr_engine.image import decode_photo
from lfr_engine.video.rehearsal.spec import read_spec
from webui.cli.demo_passages import plan_passages, write_rehearsal
from webui.cli.demo_people import ARCHIVE_NAME, DemoPerson, demo_people

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "photos"


@pytest.fixture(scope="module")
def people() -> list[DemoPerson]:
    return demo_people(CACHE)


def test_without_the_archive_the_packages_people_remain(tmp_path: Path) -> None:
    alone = demo_people(tmp_path)
    assert len(alone) == 8
    assert all(person.same_photo for person in alone)


def test_another_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / ARCHIVE_NAME).write_bytes(b"not the archive")
    with pytest.raises(VerificationFailed, match="published archive"):
        demo_people(tmp_path)


def test_photos_are_portraits_and_their_boxes_lie_in_them(people: list[DemoPerson]) -> None:
    for person in people:
        decode_photo(person.enrol_jpeg)
        height, width = decode_photo(person.walk_jpeg).shape[:2]
        x0, y0, x1, y1 = person.walk_box
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        assert person.ref.startswith("P-")
        assert person.same_photo == ("the same photo" in person.source)


def test_about_half_are_listed_and_everybody_passes(people: list[DemoPerson]) -> None:
    for seed in range(12):
        plan = plan_passages(people, seed)
        assert len(plan.listed) == len(people) // 2
        assert set(plan.passers) == {person.ref for person in people}
        assert {person.ref for person in people if not person.same_photo} <= set(plan.listed)
        assert not {person.ref for person in people if not person.listable} & set(plan.listed)
        twice = {ref for ref in plan.passers if plan.passers.count(ref) > 1}
        assert twice
        assert not twice & set(plan.listed)


def test_when_the_listed_stay_away_the_others_pass_as_before(people: list[DemoPerson]) -> None:
    there, absent = plan_passages(people, 3), plan_passages(people, 3, absent=True)
    assert absent.listed == there.listed
    assert absent.passers == tuple(ref for ref in there.passers if ref not in there.listed)


def test_another_seed_gives_other_passages(people: list[DemoPerson]) -> None:
    assert plan_passages(people, 1) == plan_passages(people, 1)
    assert len({plan_passages(people, seed).passers for seed in range(6)}) == 6


def test_the_rehearsal_names_who_walks_but_not_who_is_listed(people: list[DemoPerson], tmp_path: Path) -> None:
    plan = plan_passages(people, 2)
    path = write_rehearsal(people, plan, tmp_path, pace="fast")
    spec = read_spec(path)
    assert tuple(walker.person for walker in spec.walkers) == plan.passers
    by_ref = {person.ref: person for person in people}
    assert all(walker.mirror == by_ref[walker.person].same_photo for walker in spec.walkers)
    assert "listed" not in json.dumps(json.loads(path.read_text()))
