"""When matching ends, what is counted, what is shown: the pure parts of a running deployment."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from governance.events import AlertDecision
from lfr_engine.clock import Clock
from lfr_engine.errors import LfrError
from lfr_engine.video.rehearsal.truth import TruePassage, Truth
from lfr_engine.wire import Message
from mobile_unit.console_views import band
from mobile_unit.reasons import REASONS
from mobile_unit.runtime.candidates import raised
from mobile_unit.runtime.counting import Counters, Tally
from mobile_unit.runtime.ending import LEAD, Ending
from mobile_unit.runtime.live import Live, Picture
from mobile_unit.runtime.scripted_officer import who_is_it
from tests.unit_world import DEPLOYMENT, PACK, listed

START = datetime(2026, 12, 5, 10, 0, tzinfo=UTC)
END = START + timedelta(hours=6)
ENDING = Ending(window_end=END, floor=START, started_boot_s=1000.0, budget_s=6 * 3600 - LEAD.total_seconds())


def test_matching_ends_inside_the_window_by_the_wall_clock() -> None:
    assert ENDING.due(END - LEAD - timedelta(milliseconds=1), 1000.0, START) is None
    assert ENDING.due(END - LEAD, 1000.0, START) == "end_time"


def test_setting_the_wall_clock_back_gains_no_time() -> None:
    assert ENDING.due(START, 1000.0 + ENDING.budget_s, START) == "end_time"
    assert ENDING.due(START + timedelta(hours=1), 4600.0, START + timedelta(hours=2)) == "clock"
    assert ENDING.due(START - timedelta(seconds=1), 1001.0, START - timedelta(seconds=1)) == "clock"


def test_a_time_service_may_correct_a_healthy_clock_a_little() -> None:
    assert ENDING.due(START + timedelta(seconds=9.5), 1010.0, START + timedelta(seconds=10)) is None


def test_the_budget_follows_a_simulated_clock() -> None:
    clock = Clock(sim_start=START, sim_rate=60.0, anchor_boot_s=Clock().boot_s())
    ending = Ending.from_now(clock, window_end=END, floor=START)
    assert ending.budget_s == pytest.approx(360.0, abs=1.0)
    assert ending.left_s(ending.started_boot_s + 100) == pytest.approx(ending.budget_s - 100)
    assert ending.left_s(ending.started_boot_s + 1e6) == 0.0


def test_the_ledger_gets_what_came_since_the_last_entry_and_nothing_twice() -> None:
    tally = Tally(START + timedelta(seconds=30))
    first = tally.next_entry(Counters(frames=100, passages=7, faces=50), START + timedelta(seconds=90), DEPLOYMENT)
    second = tally.next_entry(Counters(frames=180, passages=9, faces=80), START + timedelta(seconds=150), DEPLOYMENT)
    assert first is not None
    assert second is not None
    assert (first.frames, first.passages, first.minute) == (100, 7, "2026-12-05T10:00:00.000Z")
    assert (second.frames, second.passages, second.faces, second.minute) == (80, 2, 30, "2026-12-05T10:01:00.000Z")
    assert tally.next_entry(Counters(frames=180, passages=9, faces=80), START + timedelta(seconds=200), DEPLOYMENT) is None


def test_counters_take_only_counts_from_a_message() -> None:
    assert Counters.of({"frames": 3, "faces": -1, "passages": "many", "type": "counters"}) == Counters(frames=3)


def test_pictures_are_shown_while_matching_and_gone_when_it_ends() -> None:
    live = Live(("camera-1",))
    live.show("camera-1", Picture(b"one", 1))
    assert live.wait_picture("camera-1", after_frame=1, timeout_s=0.01) is None
    threading.Timer(0.05, live.show, ("camera-1", Picture(b"two", 2))).start()
    began = time.monotonic()
    assert live.wait_picture("camera-1", after_frame=1, timeout_s=5.0) == Picture(b"two", 2)
    assert time.monotonic() - began < 2.0
    live.went("stopped", "end_time")
    assert live.picture("camera-1") is None
    live.show("camera-1", Picture(b"late", 3))
    assert live.picture("camera-1") is None
    assert live.now().ended_because == "end_time"


@pytest.mark.parametrize(
    ("similarity", "words"), [(0.60, "just above the threshold"), (0.75, "above the threshold"), (0.95, "well above the threshold")]
)
def test_likeness_is_told_in_words(similarity: float, words: str) -> None:
    assert band(similarity, 0.60) == words


def test_every_decision_has_its_reasons_and_no_two_share_one() -> None:
    assert set(REASONS) == set(AlertDecision)
    codes = [code for reasons in REASONS.values() for code in reasons]
    assert len(codes) == len(set(codes))


def test_the_scripted_officer_takes_the_person_whose_face_it_is_and_nobody_for_an_empty_place() -> None:
    passages = tuple(
        TruePassage(number, person, "x.jpg", False, 10, 20, ((15, left, 100.0, left + 80.0, 200.0, 1.0),))
        for number, (person, left) in enumerate((("ann", 100.0), ("bob", 300.0)))
    )
    truth = Truth(seed=1, fps=8.0, frames=30, passages=passages)
    assert who_is_it(truth, 15, (305, 110, 375, 190)) == "bob"
    assert who_is_it(truth, 15, (500, 110, 570, 190)) is None
    assert who_is_it(truth, 16, (305, 110, 375, 190)) is None  # not in the picture in that frame


def alert(**changes: object) -> Message:
    header = {
        "type": "alert",
        "camera_id": "camera-1",
        "first_frame": 1,
        "frame": 9,
        "bbox_xyxy_px": [1, 2, 3, 4],
        "candidates": [{"entry_id": "entry-1", "similarity": 0.7}, {"entry_id": "entry-0", "similarity": 0.8}],
        "quality": {"sharpness": 0.5},
        "threshold": "0.6",
        "probes": 1,
    }
    return Message({**header, **changes}, (b"probe", b"figure"))


def test_the_nearest_candidate_becomes_the_alert_and_the_others_are_counted() -> None:
    people = {f"entry-{number}": listed(number, PACK) for number in range(2)}
    ask = raised(alert(), people, DEPLOYMENT)
    assert ask.content.leaf == people["entry-0"].leaf
    assert ask.content.others == 1


@pytest.mark.parametrize(
    "changes", [{"candidates": []}, {"candidates": [{"entry_id": "entry-7", "similarity": 1.0}]}, {"probes": 5}, {"frame": "x"}]
)
def test_an_alert_that_cannot_be_read_is_a_fault_and_never_half_an_alert(changes: dict[str, object]) -> None:
    with pytest.raises(LfrError, match="cannot be read"):
        raised(alert(**changes), {f"entry-{number}": listed(number, PACK) for number in range(2)}, DEPLOYMENT)
