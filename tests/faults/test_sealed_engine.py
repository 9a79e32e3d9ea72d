"""The real engine process, sealed, looked at and tempted from outside: nothing in it was made for this test (R41, R57)."""

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lfr_engine.sealed import Seal, landlock
from lfr_engine.video.container import ClipWriter
from tests.rehearsal_world import EngineUnderTest, write_spec

pytestmark = pytest.mark.skipif(landlock.abi() < landlock.SCOPE_ABI, reason="this kernel has no Landlock of ABI 6")


class _Listener:
    """Counts who connects; answers as a web server with a redirection where `to` is given, otherwise not at all."""

    def __init__(self, to: str = "") -> None:
        self.connections = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.connections += 1
                self.send_response(302)
                self.send_header("Location", to)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_the_running_engine_is_sealed_in_every_thread(tmp_path: Path, stack: ExitStack) -> None:
    engine = EngineUnderTest(tmp_path, spec=write_spec(tmp_path, ["P-08"], pace="real", fps=5), listed=())
    stack.callback(engine.close)
    said = engine.wait_for("sealed").header
    engine.wait_for("ready")
    engine.wait_for("counters")
    assert engine.messages[0].header["type"] == "sealed", "before it has seen or said anything else"
    assert set(said["sealed"]) | set(said["lacking"]) == {seal.value for seal in Seal}
    assert set(said["lacking"]) <= {Seal.MEMORY_LOCKED.value}
    threads = list(Path(f"/proc/{engine.process.pid}/task").iterdir())
    assert len(threads) > 2, "the models' threads and the camera's run"
    for thread in threads:
        status = dict(line.split(":\t", 1) for line in (thread / "status").read_text().splitlines() if ":\t" in line)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
        assert int(status["CapEff"], 16) & ~(1 << 2 | 1 << 14) == 0
    limits = Path(f"/proc/{engine.process.pid}/limits").read_text()
    assert [int(value) for value in limits.split("Max file size")[1].split()[:2]] == [0, 0]
    written = [line for line in Path(f"/proc/{engine.process.pid}/io").read_text().splitlines() if line.startswith("write_bytes")]
    assert written == ["write_bytes: 0"], "not a byte to any disk"


def test_the_engine_opens_no_file_that_its_start_did_not_name(tmp_path: Path, stack: ExitStack) -> None:
    """A recording that only points to another one: the other is there, and readable for everybody else."""
    other = tmp_path / "other" / "street.mp4"
    other.parent.mkdir()
    with ClipWriter(other, size_px=(320, 240), fps=5) as clip:
        import numpy as np

        for _ in range(5):
            clip.write(np.zeros((240, 320, 3), np.uint8))
    pointing = tmp_path / "street.ffconcat"
    pointing.write_text(f"ffconcat version 1.0\nfile {other}\n")
    os.symlink(other, tmp_path / "direct.mp4")
    cameras = [
        {"id": "pointing", "source": f"file:{pointing}", "every_frame": True},
        {"id": "named", "source": f"file:{tmp_path}/direct.mp4", "every_frame": True},
        {"id": "passwords", "source": "file:/proc/1/environ", "every_frame": True},
    ]
    engine = EngineUnderTest(tmp_path, cameras=cameras)
    stack.callback(engine.close)
    engine.exit_code()
    states = {message.header["camera_id"]: message.header["state"] for message in engine.all("camera")}
    assert states == {"pointing": "lost", "named": "ended", "passwords": "lost"}


def test_the_engine_follows_a_camera_to_no_other_port(tmp_path: Path, stack: ExitStack) -> None:
    forbidden = _Listener()
    stack.callback(forbidden.close)
    camera = _Listener(to=f"http://127.0.0.1:{forbidden.port}/street")
    stack.callback(camera.close)
    engine = EngineUnderTest(tmp_path, cameras=[{"id": "cam", "source": f"http://127.0.0.1:{camera.port}/street"}])
    stack.callback(engine.close)
    said = engine.wait_for("sealed").header
    until = threading.Event()
    for _ in range(200):
        if camera.connections:
            break
        until.wait(0.1)
    until.wait(1.0)
    assert camera.connections >= 1, "its own camera it reaches"
    assert forbidden.connections == 0
    assert Seal.UDP_CLOSED.value in said["sealed"]
    with socket.create_connection(("127.0.0.1", forbidden.port), timeout=5):
        pass  # the positive control: the port is there for anybody else
