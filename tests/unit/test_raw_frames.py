"""Pictures on a camera's pipe: what is filmed arrives, what is broken ends the camera with a clear line."""

import io
import struct
import threading

import numpy as np
import pytest

from lfr_engine.errors import BadInput
from lfr_engine.values import Frame
from lfr_engine.video.raw_frames import read_frames, write_frame
from lfr_engine.video.source import Feed, open_source


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
    feed = Feed("a", map(_frame, range(5)), changed, every_frame=False)
    feed.start()
    with changed:
        assert changed.wait_for(lambda: feed.state == "ended", 5)
        taken = feed.take()
    assert taken is not None
    assert (taken.index, feed.dropped) == (4, 4)


def test_back_pressure_loses_no_frame() -> None:
    changed = threading.Condition()
    feed = Feed("a", map(_frame, range(5)), changed, every_frame=True)
    feed.start()
    got = []
    with changed:
        while changed.wait_for(lambda: feed.waiting or feed.state == "ended", 5) and (frame := feed.take()):
            got.append(frame.index)
    assert (got, feed.dropped) == ([0, 1, 2, 3, 4], 0)


@pytest.mark.parametrize("name", ["pipe:0", "pipe:x", "pipe:", "rtsp://camera", "file:", "http://a/b", "/etc/passwd"])
def test_only_an_open_pipe_and_a_file_are_sources(name: str) -> None:
    with pytest.raises(BadInput):
        open_source(name, real_time=False)
