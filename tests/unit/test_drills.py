"""Drills: the schedule is drawn from the authority, taps count, recognitions belong to walks (R30, R78, R101)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.drills import Walk, draw, outcomes, schedule_digest
from governance.verifier import drills as verifier
from governance.verifier.strict import Failed
from lfr_engine.clock import format_utc, parse_utc
from lfr_engine.errors import BadInput
from watchlist.blue import BlueEntry
from watchlist.sealing.keys import SigningKey

START = datetime(2026, 12, 5, 9, 0, tzinfo=UTC)
END = START + timedelta(hours=8)
DECISION = "sha256:" + "ab" * 32
TOKEN = SigningKey.generate().public.text


def at(minute: float) -> str:
    return format_utc(START + timedelta(minutes=minute))


def test_the_same_authority_always_draws_the_same_walks_and_another_draws_others() -> None:
    walks = draw(DECISION, ["w-1", "w-2", "w-3"], 30, START, END)
    assert walks == draw(DECISION, ["w-3", "w-1", "w-2"], 30, START, END)
    assert walks != draw("sha256:" + "cd" * 32, ["w-1", "w-2", "w-3"], 30, START, END)
    assert schedule_digest(walks) == "sha256:eb4b400b42a5a81c0b178ab5e3aca47f28ef0a333fc2ee3b6ac492a246ae70ed"


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 12), st.binary(min_size=32, max_size=32), st.integers(60, 43_200))
def test_every_walker_walks_equally_often_inside_the_window_in_order_of_time(walks: int, walkers: int, digest: bytes, seconds: int) -> None:
    names = [f"w-{number}" for number in range(walkers)]
    drawn = draw("sha256:" + digest.hex(), names, walks, START, START + timedelta(seconds=seconds))
    counts = [sum(walk.walker_id == name for walk in drawn) for name in names]
    assert max(counts) - min(counts) <= 1
    assert [walk.number for walk in drawn] == list(range(1, walks + 1))
    assert [walk.due_at for walk in drawn] == sorted(walk.due_at for walk in drawn)
    assert all(START <= parse_utc(walk.due_at) < START + timedelta(seconds=seconds) for walk in drawn)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 12), st.binary(min_size=32, max_size=32))
def test_the_verifier_draws_the_same_walks_by_itself(walks: int, walkers: int, digest: bytes) -> None:
    decision, names = "sha256:" + digest.hex(), [f"w-{number}" for number in range(walkers)]
    plan = {"walks": walks, "walkers": [{"walker_id": name, "entry_id": name, "leaf": "ab" * 32, "token": TOKEN} for name in names]}
    theirs = verifier.read_drill(plan, at(0), format_utc(END), decision)
    ours = draw(decision, names, walks, START, END)
    assert theirs is not None
    assert theirs.walks == {walk.number: (walk.walker_id, walk.due_at) for walk in ours}
    assert theirs.schedule == schedule_digest(ours)


def test_a_drill_with_one_walker_twice_or_no_walks_is_refused_by_the_verifier() -> None:
    walker = {"walker_id": "w-1", "entry_id": "e", "leaf": "ab" * 32, "token": TOKEN}
    for plan in ({"walks": 3, "walkers": [walker, walker]}, {"walks": 0, "walkers": [walker]}, {"walks": 3, "walkers": []}):
        with pytest.raises(Failed):
            verifier.read_drill(plan, at(0), at(60), DECISION)


WALKS = (Walk(1, "w-1", at(10)), Walk(2, "w-2", at(20)), Walk(3, "w-1", at(30)), Walk(4, "w-2", at(40)))


def test_a_walk_counts_once_tapped_recognised_or_not() -> None:
    found, outside = outcomes(WALKS, {1: at(11), 2: at(21), 3: at(31)}, [("w-1", at(11.5))])
    assert [(one.walked, one.recognised) for one in found] == [(True, True), (True, False), (True, False), (False, False)]
    assert outside == 0


@pytest.mark.parametrize(
    ("who", "minute", "walk"),
    [
        ("w-1", 11 - 5 / 60, 1),  # the camera was quicker than the hand
        ("w-1", 13, 1),
        ("w-1", 13.01, None),  # too late to belong to the walk
        ("w-1", 10.9, None),  # before anybody set out
        ("w-2", 11.5, None),  # somebody else
        ("w-1", 31, 3),
    ],
)
def test_a_recognition_belongs_to_the_walkers_latest_tap_or_to_none(who: str, minute: float, walk: int | None) -> None:
    found, outside = outcomes(WALKS, {1: at(11), 3: at(31)}, [(who, at(minute))])
    assert [number for number, one in enumerate(found, start=1) if one.recognised] == ([walk] if walk else [])
    assert outside == (walk is None)


def test_a_walker_recognised_twice_on_one_walk_counts_once() -> None:
    found, outside = outcomes(WALKS, {1: at(11)}, [("w-1", at(11.1)), ("w-1", at(11.2))])
    assert sum(one.recognised for one in found) == 1
    assert outside == 0


def test_an_entry_of_a_person_of_interest_is_never_read_as_a_blue_one() -> None:
    from tests.unit_world import listed

    with pytest.raises(BadInput) as refused:
        BlueEntry.from_bytes(listed(1, "sha256:" + "00" * 32).content)
    assert refused.value.rule_ids == ("R30",)
