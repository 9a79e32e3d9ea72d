"""Cameras to test against: a real RTSP server where this machine has one, and small servers that send what no camera should."""

import io
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import av
import numpy as np
import pytest

from lfr_engine.values import Frame
from lfr_engine.video.address import parse_source
from lfr_engine.video.slot import Feed
from lfr_engine.video.source import open_source
from tests.free_port import free_port

SYSTEM_PYTHON = "/usr/bin/python3"
_SERVE = Path(__file__).with_name("rtsp_serve.py")
_PROBE = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst; Gst.init(None); "
    "assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')"
)


@cache
def _has_server() -> bool:
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", _PROBE], capture_output=True, timeout=60, check=False).returncode == 0
    except OSError:
        return False


def need_rtsp() -> None:
    if not _has_server():
        pytest.skip("no RTSP server: apt-get install gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{base,good,bad,ugly} python3-gi")


def ball(width: int = 640, height: int = 360, fps: int = 25) -> str:
    """A moving ball, as H.264 with a key frame a second."""
    return (
        f"( videotestsrc is-live=true pattern=ball ! video/x-raw,width={width},height={height},framerate={fps}/1 "
        f"! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
    )


class RtspServer:
    """Serves a GStreamer pipeline at `url`; can be stopped and started again on the same port."""

    def __init__(self, pipeline: str) -> None:
        need_rtsp()
        self.port, self.pipeline = free_port(), pipeline
        self.url = f"rtsp://127.0.0.1:{self.port}/camera"
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        command = [SYSTEM_PYTHON, str(_SERVE), str(self.port), self.pipeline]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def freeze(self, how: int) -> None:
        """Send the server's process a signal: SIGSTOP leaves the connection open and silent."""
        assert self._process is not None
        self._process.send_signal(how)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class TcpCamera:
    """A TCP server on `port` whose `serve` writes to each connection; a reader that goes away ends that connection only."""

    def __init__(self, serve: Callable[[Any], None]) -> None:
        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                try:
                    serve(self.request)
                except OSError:
                    return

        class Server(ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Viewer:
    """Takes frames of one source as the engine does, noting index, stream time, size and time of arrival."""

    def __init__(self, source: str) -> None:
        self.changed = threading.Condition()
        self.feed = Feed("camera-1", partial(open_source, parse_source(source), real_time=True), self.changed, every_frame=False)
        self.seen: list[tuple[int, float, tuple[int, int], float]] = []
        self.states: list[str] = []
        self.feed.start()

    def watch(self, until: Callable[["Viewer"], bool], patience_s: float = 20.0) -> None:
        give_up = time.monotonic() + patience_s
        while not until(self):
            assert time.monotonic() < give_up, (self.states, self.feed.why, self.seen[-3:], self.feed.damaged_packets)
            with self.changed:
                if not self.feed.waiting:
                    self.changed.wait(0.05)
                frame = self.feed.take()
            if not self.states or self.states[-1] != self.feed.state:
                self.states.append(self.feed.state)
            if frame is not None:
                self._note(frame)

    def _note(self, frame: Frame) -> None:
        self.seen.append((frame.index, frame.stream_s, frame.size_px, time.monotonic()))
        frame.wipe()

    def times_grow(self) -> bool:
        return all(one[0] < two[0] and one[1] < two[1] for one, two in zip(self.seen, self.seen[1:], strict=False))


def viewing(source: str) -> Iterator[Viewer]:
    viewer = Viewer(source)
    yield viewer
    viewer.feed.leave()


def transport_stream(*, frames: int, size: tuple[int, int] = (320, 240), fps: int = 25, start: int = 0) -> bytes:
    """A moving bar as H.264 in an MPEG transport stream, a key frame every half second; `start` is the first frame's number."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = *size, "yuv420p", fps // 2
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        for number in range(start, start + frames):
            picture = np.random.default_rng(number).integers(50, 70, (size[1], size[0], 3), np.uint8)
            picture[:, number * 3 % size[0] : number * 3 % size[0] + 20] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()


def http_camera(*parts: bytes, kind: str = "video/mp2t", hold: bool = False) -> TcpCamera:
    """A camera that answers every request with these bytes, at most a megabyte a second, and then hangs up unless it holds."""

    def serve(connection: Any) -> None:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())
        for part in parts:
            for at in range(0, len(part), 20_000):
                connection.sendall(part[at : at + 20_000])
                time.sleep(0.02)
        if hold:
            time.sleep(30)

    return TcpCamera(serve)
