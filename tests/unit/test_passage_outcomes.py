"""What becomes of a passage, counted by hand: every miss at the step that failed, every alert right or false, nothing twice."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.decide import Agreement, Verdicts
from lfr_engine.evaluation.clip_store import ClipStore
from lfr_engine.evaluation.crowd_report import crowd_figures, crowd_sections
from lfr_engine.evaluation.interval import EXACT
from lfr_engine.evaluation.outcomes import ClipOutcome, CrowdFigures, Outcome, outcome_of
from lfr_engine.evaluation.passages import ClipTruth, ObservedClip, ObservedTrack, TrueWalk, passage_score
from lfr_engine.evaluation.wording import FORBIDDEN
from lfr_engine.values import Alert, Candidate, Counters
from lfr_engine.video.rehearsal.scene import Sighting

NOBODY = np.zeros((1, 1, 3), np.uint8)


def _alert(name: str, frame: int, box: tuple[int, int, int, int], **more: Any) -> Alert:
    facts: dict[str, Any] = {
        "track": 1,
        "first_frame": frame,
        "stream_s": 0.0,
        "quality": {},
        "threshold": 0.5,
        "probes": (),
        "figure": NOBODY,
    }
    return Alert(frame=frame, bbox_xyxy_px=box, candidates=(Candidate(name, 0.9),), **(facts | more))


def _track(number: int, passage: int | None, *, views: int) -> ObservedTrack:
    return ObservedTrack(number, passage, np.zeros((views, 4), np.float32), (passage,) * views, {}, max(1, views))


def _box(passage: int) -> tuple[int, int, int, int]:
    return (100 * passage, 0, 100 * passage + 50, 50)


def _clip(alerts: Sequence[Alert], tracks: Sequence[ObservedTrack], *, boxes: bool = True) -> ObservedClip:
    """Five listed people and three strangers, each standing still; all are in frames 10 to 20."""
    walks = {n: TrueWalk(f"P{n}", n < 5, 10, 20) for n in range(8)}
    seen = {frame: tuple(Sighting(n, tuple(map(float, _box(n))), 1.0) for n in range(8)) for frame in range(10, 21)}
    truth = ClipTruth(walks, seen if boxes else None)
    return ObservedClip(truth, tuple(tracks), tuple(alerts), Counters(frames=30, passages=9, alerts=len(alerts)))


def _judged(boxes: bool = True) -> ClipOutcome:
    """P0 recognised; P1 not enrolled; P2 never detected; P3 too poor; P4 compared in vain; strangers P5 and P6 given names."""
    named = [("P0", 15, 0), ("P0", 16, 0), ("P4", 15, 5), ("P3", 15, 6), ("P0", 15, 4)]
    alerts = [*(_alert(name, frame, _box(on)) for name, frame, on in named), _alert("P2", 15, (900, 900, 950, 950))]
    tracks = [_track(1, 0, views=3), _track(2, 1, views=2), _track(3, 3, views=0), _track(4, 4, views=2), _track(5, 5, views=2)]
    return outcome_of(_clip(alerts, tracks, boxes=boxes), {"P0", "P2", "P3", "P4"})


def test_each_missed_passage_is_counted_at_the_first_step_that_failed() -> None:
    assert dict(_judged().listed) == {
        "P0": Outcome.RECOGNISED,
        "P1": Outcome.NOT_ENROLLED,
        "P2": Outcome.NOT_DETECTED,
        "P3": Outcome.LOW_QUALITY,
        "P4": Outcome.NOT_RECOGNISED,
    }


def test_a_name_is_false_unless_the_alert_lies_on_the_face_of_that_very_person() -> None:
    found = _judged()
    assert (found.alerts, found.false_alerts) == (6, 4)
    assert dict(found.strangers) == {"P5": True, "P6": True, "P7": False}
    assert (found.wrong_name_for_listed, found.nobody_there) == (1, 1)
    assert (found.passages_counted, found.passages_true) == (9, 8)


def test_without_boxes_the_frames_decide_and_steps_are_not_told_apart() -> None:
    found = _judged(boxes=False)
    assert dict(found.listed)["P4"] is Outcome.RECOGNISED  # an alert with their name during their frames
    assert {outcome for _, outcome in found.listed} <= {Outcome.RECOGNISED, Outcome.NOT_ENROLLED, Outcome.MISSED}
    assert found.strangers == ()
    late = _clip([_alert("P0", 25, _box(0))], [], boxes=False)
    assert outcome_of(late, {"P0"}).false_alerts == 1


def test_a_crowds_figures_add_up_and_say_how_they_were_made() -> None:
    found = CrowdFigures((_judged(), _judged()), seed=1)
    figures = crowd_figures(found, list_size=200, threshold=0.5)
    assert (figures["n"], figures["k"]) == (10, 2)
    assert figures["misses"] == {"enrolment": 2, "detection": 2, "quality": 2, "recognition": 2, "unattributed": 0}
    assert figures["passages"] == {"counted": 18, "true": 16, "too_small": 0, "low_quality": 0}
    false = figures["false_alerts"]
    assert isinstance(false, dict)
    assert (false["k"], false["n"], false["alerts"]) == (4, 6, 8)
    assert "by person" in str(figures["ci_method"])  # the same people walk in both clips
    assert CrowdFigures((_judged(),), seed=1).recognised.method == EXACT


def test_R75_the_report_of_a_crowd_names_every_loss_and_no_certainty() -> None:
    title, summary, sections = crowd_sections(CrowdFigures((_judged(),), seed=1), list_size=200, rehearsal=True)
    words = " ".join((title, *summary, *(" ".join(row) for section in sections for table in section.tables for row in table.rows)))
    for outcome in Outcome:
        if outcome is not Outcome.MISSED:
            assert str(outcome).lower() in words.lower()
    assert "not for a deployment" in words
    assert not FORBIDDEN.search(words)


def test_a_killed_crowd_test_goes_on_after_the_clips_it_finished(tmp_path: Path) -> None:
    ClipStore(tmp_path / "w", "key").add("first", _judged())
    [file] = (tmp_path / "w").iterdir()
    assert (file.stat().st_mode & 0o777) == 0o600
    file.write_text(file.read_text() + '{"clip": "second", "outc')
    store = ClipStore(tmp_path / "w", "key")
    assert store.get("first") == _judged()
    assert store.get("second") is None
    assert ClipStore(tmp_path / "w", "another threshold").get("first") is None
    store.forget()
    assert ClipStore(tmp_path / "w", "key").get("first") is None


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=2), min_size=1, max_size=7), st.integers(1, 4))
def test_the_score_of_a_passage_is_the_highest_threshold_that_would_alert(similarities: list[list[float]], views: int) -> None:
    """Two entries along two axes: a view's similarity to each is its coordinate. The rule itself is the judge."""
    rows, entries = np.array(similarities, np.float32), np.eye(2, dtype=np.float32)
    for entry, score in enumerate(passage_score(rows, entries, views).tolist()):
        for threshold, expected in ((score, True), (float(np.nextafter(score, 2)), False)):
            verdicts = Verdicts(Agreement(views))
            due: tuple[Candidate, ...] = ()
            for row in rows.astype(np.float64):
                due += verdicts.add([Candidate("x", float(row[entry]))] if row[entry] >= threshold else [])
            due += verdicts.finish()
            assert bool(due) is expected


def test_a_passage_without_views_reaches_no_threshold() -> None:
    assert passage_score(np.empty((0, 4), np.float32), np.eye(4, dtype=np.float32), 2).tolist() == [-2.0] * 4
