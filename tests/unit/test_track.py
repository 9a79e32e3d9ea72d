"""The tracker follows by place and motion alone, and forgets."""

import numpy as np

from lfr_engine.track import Tracker, TrackSettings, TrackUpdate
from lfr_engine.values import Face

STEP_S = 0.16
SIZE = (1280, 720)


def face(x: float, y: float = 100.0, size: float = 40.0, score: float = 0.9) -> Face:
    box = np.array([x - size / 2, y - size / 2, x + size / 2, y + size / 2], np.float32)
    return Face(box, np.full((5, 2), 1.0, np.float32), score)


def walk(tracker: Tracker, *rows: list[Face], start: int = 0) -> list[TrackUpdate]:
    return [tracker.update(faces, start + step, (start + step) * STEP_S, SIZE) for step, faces in enumerate(rows)]


def test_a_fast_walker_is_one_passage() -> None:
    tracker = Tracker(TrackSettings())
    walk(tracker, *[[face(50 + 45 * step)] for step in range(20)])
    assert [track.number for track in tracker.tracks] == [1]
    assert tracker.tracks[0].first_frame == 0
    assert tracker.tracks[0].hits == 20


def test_two_walkers_who_cross_keep_their_tracks() -> None:
    tracker = Tracker(TrackSettings())
    rows = [[face(100 + 30 * step, 100), face(700 - 30 * step, 112)] for step in range(21)]
    walk(tracker, *rows)
    assert len(tracker.tracks) == 2
    first, second = sorted(tracker.tracks, key=lambda track: track.number)
    assert first.velocity_px_s[0] > 0 > second.velocity_px_s[0]


def test_somebody_hidden_for_a_moment_stays_the_same_passage() -> None:
    tracker = Tracker(TrackSettings())
    walk(tracker, [face(100)], [face(120)], [face(140)], [], [], [face(200)])
    assert [track.number for track in tracker.tracks] == [1]


def test_somebody_who_comes_back_later_is_a_new_passage() -> None:
    tracker = Tracker(TrackSettings())
    updates = walk(tracker, [face(100)], [face(100)], *[[] for _ in range(11)], [face(100)])
    assert sum(len(update.ended) for update in updates) == 1
    assert [track.number for track in tracker.tracks] == [2]


def test_a_weak_detection_continues_a_track_but_starts_none() -> None:
    tracker = Tracker(TrackSettings())
    walk(tracker, [face(100)], [face(110)])
    update = tracker.update([face(120, score=0.35), face(600, score=0.35)], 2, 2 * STEP_S, SIZE)
    assert [track.number for track in update.seen] == [1]
    assert len(update.stray) == 1
    assert len(tracker.tracks) == 1


def test_a_face_of_another_size_is_another_person() -> None:
    tracker = Tracker(TrackSettings())
    walk(tracker, [face(100, size=40)], [face(102, size=90)])
    assert len(tracker.tracks) == 2


def test_boxes_between_detections_follow_the_motion() -> None:
    tracker = Tracker(TrackSettings())
    walk(tracker, [face(100)], [face(116)], [face(132)])
    x0, _, x1, _ = tracker.tracks[0].box_at(3 * STEP_S)
    assert abs((x0 + x1) / 2 - 148) <= 1


def test_somebody_who_enters_where_another_left_is_a_new_passage() -> None:
    tracker = Tracker(TrackSettings())
    walk(tracker, [face(1180)], [face(1220)], [face(1260)], [face(1262)])
    assert [track.number for track in tracker.tracks] == [2]
