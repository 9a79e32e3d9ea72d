"""Stream times only grow, whatever the camera's clock does, and keep to the time that passes here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.video.stream_time import StreamTime

ANY_TIME = st.one_of(st.none(), st.floats(-1e7, 1e7))


@given(st.lists(st.tuples(ANY_TIME, st.floats(0, 30), st.booleans()), max_size=60))
def test_times_grow_and_stay_near_ours_whatever_is_sent(frames: list[tuple[float | None, float, bool]]) -> None:
    time_of, arrived_s, last_s = StreamTime(0.04), 100.0, -1.0
    for pts_s, passed_s, reconnected in frames:
        arrived_s += passed_s
        if reconnected:
            time_of.reconnected()
        at_s = time_of.of(pts_s, arrived_s)
        assert at_s > last_s
        last_s = at_s


def test_a_jump_of_the_cameras_clock_is_no_jump_of_time() -> None:
    time_of = StreamTime(0.04)
    sent = ((1000.0, 5.0), (1000.04, 5.04), (90.0, 5.08), (90.04, 5.12), (7000.0, 5.16))
    times = [time_of.of(pts_s, arrived_s) for pts_s, arrived_s in sent]
    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert time_of.jumps == 2


def test_time_goes_on_over_a_reconnect() -> None:
    time_of = StreamTime(0.04)
    assert [time_of.of(0.0, 5.0), time_of.of(0.04, 5.04)] == pytest.approx([0, 0.04])
    time_of.reconnected()
    assert [time_of.of(0.0, 25.0), time_of.of(0.04, 25.04)] == pytest.approx([20.0, 20.04])
    assert time_of.jumps == 0


def test_packets_that_come_in_bunches_keep_the_times_they_carry() -> None:
    time_of = StreamTime(0.04)
    times = [time_of.of(n * 0.04, 5.0 + (n // 25 + 1) * 1.0) for n in range(100)]
    assert times == pytest.approx([n * 0.04 for n in range(100)])
    assert not time_of.drifted


def test_a_clock_that_runs_slow_is_told() -> None:
    time_of = StreamTime(0.04)
    for n in range(600):
        time_of.of(n * 0.02, n * 0.04)
    assert time_of.drifted


def test_a_recording_without_times_is_counted_by_its_frame_rate() -> None:
    time_of = StreamTime(0.1)
    assert [time_of.of(None), time_of.of(None), time_of.of(None)] == pytest.approx([0, 0.1, 0.2])
    assert [StreamTime(0.1).of(7.0)] == [0.0]
