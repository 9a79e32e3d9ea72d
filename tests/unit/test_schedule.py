"""A picture is searched by time, motion and load; what is decided does not depend on who is followed."""

import numpy as np

from lfr_engine.schedule import Schedule, ScheduleSettings
from lfr_engine.values import Frame

FPS = 25
EMPTY = np.full((360, 640, 3), 120, np.uint8)


def looked_at(schedule: Schedule, pictures: list[np.ndarray], *, faces: int = 0, indices: list[int] | None = None) -> list[int]:
    """The indices of the frames that were searched, each search finding so many faces."""
    looked = []
    for index, picture in zip(indices or range(len(pictures)), pictures, strict=True):
        if schedule.due(Frame(index, index / FPS, picture)):
            looked.append(index)
            schedule.found(faces)
    return looked


def walking(frames: int) -> list[np.ndarray]:
    """A dark patch the size of a face that moves by a pixel and a half each frame."""
    pictures = []
    for index in range(frames):
        picture = EMPTY.copy()
        picture[100:124, 40 + 2 * index : 64 + 2 * index] = 20
        pictures.append(picture)
    return pictures


def test_while_faces_are_found_the_interval_counts() -> None:
    assert looked_at(Schedule(0.24, ScheduleSettings()), [EMPTY] * 25, faces=1) == [0, 6, 12, 18, 24]


def test_an_empty_street_is_looked_at_once_a_second() -> None:
    assert looked_at(Schedule(0.24, ScheduleSettings()), [EMPTY] * 60) == [0, 25, 50]


def test_sensor_noise_is_no_motion() -> None:
    rng = np.random.default_rng(5)
    noisy = [np.clip(EMPTY + rng.normal(0, 6, EMPTY.shape), 0, 255).astype(np.uint8) for _ in range(25)]
    assert looked_at(Schedule(0.24, ScheduleSettings()), noisy) == [0]


def test_whoever_walks_in_is_looked_at_within_the_interval() -> None:
    pictures = [EMPTY] * 10 + walking(20)
    looked = looked_at(Schedule(0.24, ScheduleSettings()), pictures)
    assert any(10 <= index <= 16 for index in looked)


def test_dropped_frames_stretch_the_interval_and_no_further_than_twice() -> None:
    every_third = list(range(0, 150, 3))
    looked = looked_at(Schedule(0.24, ScheduleSettings()), [EMPTY] * len(every_third), faces=1, indices=every_third)
    gaps = np.diff(looked) / FPS
    assert gaps.min() > 0.24
    assert gaps.max() <= 0.48 + 3 / FPS


def test_the_first_frame_is_searched() -> None:
    assert Schedule(0.24, ScheduleSettings()).due(Frame(7, 3.0, EMPTY))
