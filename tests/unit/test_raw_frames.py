"""Pictures on a camera's pipe: what is filmed arrives, what is broken ends the camera with a clear line."""

import io
import struct
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from lfr_engine.errors import BadInput
from lfr_engine.values import Frame
from lfr_engine.video.raw_frames import read_frames, write_frame
from lfr_engine.video.slot import Feed


def _frame(index: int, shape: tuple[int, int, int] = (12, 20, 3)) -> Frame:
    return Frame(index, index / 12.5, np.asarray(np.random.default_rng(index).integers(0, 255, shape), np.uint8))


def test_frames_arrive_as_they_were_sent() -> None:
    pipe = io.BytesIO()
    for index in range(3):
        write_frame(pipe, _frame(index, (12 + index, 20, 3)))
    pipe.seek(0)
    for sent, got in zip(map(_frame, range(3), ((12, 20, 3), (13, 20, 3), (14, 20, 3))), read_frames(pipe), strict=True):
        assert (sent.index, sent.stream_s) == (got.index, got.stream_s)
        assert np.array_equal(sent.image_bgr, got.image_bgr)


def test_a_pipe_cut_anywhere_inside_a_frame_is_bad_input() -> None:
    pipe = io.BytesIO()
    write_frame(pipe, _frame(0))
    whole = pipe.getvalue()
    for cut in (1, 19, 20, 21, len(whole) - 1):
        with pytest.raises(BadInput, match="ended"):
            list(read_frames(io.BytesIO(whole[:cut])))


@pytest.mark.parametrize(
    "header",
    [
        struct.pack(">4sIdHH", b"LFRX", 0, 0.0, 4, 4),
        struct.pack(">4sIdHH", b"LFRF", 0, 0.0, 0, 4),
        struct.pack(">4sIdHH", b"LFRF", 0, 0.0, 9000, 4),
        struct.pack(">4sIdHH", b"LFRF", 0, 0.0, 8192, 8192),
        struct.pack(">4sIdHH", b"LFRF", 0, float("nan"), 4, 4),
        struct.pack(">4sIdHH", b"LFRF", 0, -1.0, 4, 4),
    ],
)
def test_a_header_that_no_camera_sends_is_refused(header: bytes) -> None:
    with pytest.raises(BadInput, match="pipe"):
        list(read_frames(io.BytesIO(header + bytes(100))))


def test_the_newest_frame_replaces_an_untaken_one_and_the_drop_is_counted() -> None:
    changed = threading.Condition()
    feed = Feed("a", lambda _: map(_frame, range(5)), changed, every_frame=False)
    feed.start()
    with changed:
        assert changed.wait_for(lambda: feed.state == "ended", 5)
        taken = feed.take()
    assert taken is not None
    assert (taken.index, feed.dropped) == (4, 4)


def test_back_pressure_loses_no_frame() -> None:
    changed = threading.Condition()
    feed = Feed("a", lambda _: map(_frame, range(5)), changed, every_frame=True)
    feed.start()
    got = []
    with changed:
        while changed.wait_for(lambda: feed.waiting or feed.state == "ended", 5) and (frame := feed.take()):
            got.append(frame.index)
    assert (got, feed.dropped) == ([0, 1, 2, 3, 4], 0)


def test_a_camera_that_is_taken_out_keeps_no_frame_and_its_thread_ends() -> None:
    changed, taken = threading.Condition(), [_frame(index) for index in range(5)]
    feed = Feed("a", lambda _: iter(taken), changed, every_frame=True)
    feed.start()
    with changed:
        assert changed.wait_for(lambda: feed.waiting, 5)
    feed.leave()
    with changed:
        assert changed.wait_for(lambda: feed.state == "ended", 5)
        assert feed.take() is None
    with pytest.raises(ValueError, match="wiped"):
        _ = taken[0].image_bgr


def test_whatever_a_source_throws_ends_that_camera_with_a_reason() -> None:
    def frames(_: object) -> Iterator[Frame]:
        yield _frame(0)
        raise AttributeError("a decoder's surprise")

    changed = threading.Condition()
    feed = Feed("a", frames, changed, every_frame=False)
    feed.start()
    with changed:
        assert changed.wait_for(lambda: feed.state == "lost", 5)
    assert "a decoder's surprise" in feed.why


@pytest.mark.parametrize("second", [0, 2], ids=["same frame", "time goes back"])
def test_frames_out_of_order_end_the_camera(second: int) -> None:
    pipe = io.BytesIO()
    write_frame(pipe, Frame(1, 9e8, _frame(1).image_bgr))
    write_frame(pipe, Frame(second + 1, 2.0, _frame(1).image_bgr))
    pipe.seek(0)
    with pytest.raises(BadInput, match="out of order"):
        list(read_frames(pipe))
