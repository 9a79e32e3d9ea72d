"""Cameras on a network: a real RTSP server, stopped, silenced and restarted under load; and servers that send damage."""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from lfr_engine.image import encode_jpeg
from tests.cameras import RtspServer, TcpCamera, Viewer, ball, http_camera, transport_stream


@pytest.fixture
def server() -> Iterator[RtspServer]:
    server = RtspServer(ball())
    yield server
    server.stop()


@pytest.fixture
def viewer(server: RtspServer) -> Iterator[Viewer]:
    viewer = Viewer(server.url)
    yield viewer
    viewer.feed.leave()


def test_a_camera_that_restarts_is_found_again_and_its_time_goes_on(server: RtspServer, viewer: Viewer) -> None:
    viewer.watch(lambda v: len(v.seen) >= 25)
    assert viewer.seen[0][2] == (640, 360)
    server.stop()
    viewer.watch(lambda v: v.feed.state == "reconnecting")
    assert "127.0.0.1" in viewer.feed.why
    before = viewer.seen[-1]
    server.start()
    viewer.watch(lambda v: v.feed.state == "open" and v.seen[-1][0] > before[0] + 10)
    assert viewer.times_grow()
    after = viewer.seen[-1]
    assert after[1] - before[1] == pytest.approx(after[3] - before[3], abs=1.0), "what passed in the street passed here"


def test_a_picture_sent_in_several_slices_arrives_whole() -> None:
    server = RtspServer(ball().replace("pattern=ball", "pattern=smpte"))
    viewer = Viewer(server.url)
    try:
        viewer.watch(lambda v: len(v.seen) >= 10)
        with viewer.changed:
            assert viewer.changed.wait_for(lambda: viewer.feed.waiting, 5)
            frame = viewer.feed.take()
        assert frame is not None
        top, bottom = frame.luma[:150], frame.luma[250:]
        assert min(top.std(), bottom.std()) > 40, "the colour bars fill the picture"
    finally:
        viewer.feed.leave()
        server.stop()


@pytest.mark.slow
def test_a_camera_that_falls_silent_is_told_and_tried_again(server: RtspServer, viewer: Viewer) -> None:
    viewer.watch(lambda v: len(v.seen) >= 10)
    server.freeze(signal.SIGSTOP)
    viewer.watch(lambda v: v.feed.state == "reconnecting", 15)
    server.freeze(signal.SIGCONT)
    frames = len(viewer.seen)
    viewer.watch(lambda v: len(v.seen) > frames + 10, 30)
    assert viewer.times_grow()


def test_a_device_that_is_not_there_is_tried_again(viewer_of: Callable[[str], Viewer]) -> None:
    viewer = viewer_of("device:/dev/video99")
    viewer.watch(lambda v: v.feed.state == "reconnecting")
    assert "device:/dev/video99 cannot be opened" in viewer.feed.why


def test_a_kind_that_this_ffmpeg_cannot_read_is_lost_and_says_what_can_be_used(viewer_of: Callable[[str], Viewer]) -> None:
    viewer = viewer_of("srt://127.0.0.1:9000")
    viewer.watch(lambda v: v.feed.state in ("lost", "reconnecting"))
    assert viewer.feed.why


View = Callable[[TcpCamera], Viewer]


@pytest.fixture
def viewer_of() -> Iterator[Callable[[str], Viewer]]:
    opened: list[Viewer] = []

    def viewing(source: str) -> Viewer:
        opened.append(Viewer(source))
        return opened[-1]

    yield viewing
    for viewer in opened:
        viewer.feed.leave()


@pytest.fixture
def view() -> Iterator[View]:
    opened: list[tuple[TcpCamera, Viewer]] = []

    def viewing(camera: TcpCamera) -> Viewer:
        opened.append((camera, Viewer(f"http://127.0.0.1:{camera.port}/live")))
        return opened[-1][1]

    yield viewing
    for camera, viewer in opened:
        viewer.feed.leave()
        camera.close()


def test_damage_in_the_middle_is_counted_and_what_follows_is_seen(view: View) -> None:
    whole = bytearray(transport_stream(frames=100))
    for at in range(len(whole) // 3, len(whole) // 2, 61):
        if at % 188 > 40:  # in what the packets carry, not in their headers
            whole[at] ^= 0x5A
    viewer = view(http_camera(bytes(whole), hold=True))
    viewer.watch(lambda v: bool(v.seen) and v.feed.damaged_packets > 0 and v.seen[-1][1] > 3.0)
    assert viewer.feed.state == "open"
    assert viewer.times_grow()


def test_a_resolution_that_changes_in_mid_stream_is_followed(view: View) -> None:
    large = transport_stream(frames=30, size=(640, 480), start=30)
    viewer = view(http_camera(transport_stream(frames=30), large, hold=True))
    viewer.watch(lambda v: bool(v.seen) and v.seen[-1][2] == (640, 480))
    assert viewer.seen[0][2] == (320, 240)
    assert viewer.times_grow()


def test_a_stream_of_nothing_but_noise_is_tried_again_and_yields_no_frame(view: View) -> None:
    viewer = view(http_camera(np.random.default_rng(2).bytes(2_000_000), hold=True))
    viewer.watch(lambda v: v.feed.state == "reconnecting")
    assert "cannot be opened" in viewer.feed.why or "no video" in viewer.feed.why
    assert viewer.seen == []


def test_a_camera_that_hangs_up_at_once_is_tried_again(view: View) -> None:
    calls: list[float] = []
    viewer = view(TcpCamera(lambda connection: calls.append(connection.recv(1) == b"")))
    viewer.watch(lambda _: len(calls) >= 3)
    assert viewer.feed.state == "reconnecting"


def test_frames_larger_than_8k_end_that_camera_with_a_reason(view: View) -> None:
    picture = encode_jpeg(np.zeros((4500, 9000, 3), np.uint8), 20)
    part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(picture), picture)
    viewer = view(http_camera(part * 5, kind="multipart/x-mixed-replace; boundary=b", hold=True))
    viewer.watch(lambda v: v.feed.state in ("lost", "reconnecting"))
    assert viewer.seen == []


def test_a_playlist_opens_no_file_and_no_other_host(view: View) -> None:
    asked: list[bytes] = []
    other = TcpCamera(lambda connection: asked.append(connection.recv(100)))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXTINF:1,\nhttp://127.0.0.1:{other.port}/a.ts\n"
    viewer = view(http_camera(playlist.encode(), kind="application/vnd.apple.mpegurl"))
    viewer.watch(lambda v: v.feed.state == "reconnecting")
    assert (viewer.seen, asked) == ([], [])
    other.close()


def test_a_camera_cannot_send_us_on_to_another_host(view: View) -> None:
    asked: list[bytes] = []
    other = TcpCamera(lambda connection: asked.append(connection.recv(100)))
    answer = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other.port}/\r\nContent-Length: 0\r\n\r\n".encode()

    def send_on(connection: Any) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    viewer = view(TcpCamera(send_on))
    viewer.watch(lambda v: v.feed.state == "reconnecting")
    assert (viewer.seen, asked) == ([], [])
    other.close()
