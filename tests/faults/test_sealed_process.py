"""A sealed process tries to keep or pass on what it saw, and cannot (R41, R57): every attempt is real, with an unsealed control."""

import json
import platform
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lfr_engine.sealed import filter as call_filter
from lfr_engine.sealed import landlock
from lfr_engine.sealed.facts import Seal
from tests.rehearsal_world import ROOT

pytestmark = pytest.mark.skipif(
    landlock.abi() < landlock.SCOPE_ABI or not call_filter.available(),
    reason=f"this kernel ({platform.release()}) has no Landlock of ABI 6 or takes no filters: what it lacks is reported, not tested",
)

# A machine may forbid these to everybody, so that the control cannot show them done.
_MAY_FAIL_FREE = {"attribute", "trace", "read another's memory", "POSIX queue", "netlink", "write /root", "multipath TCP to it"}


def _answer(listener: socket.socket) -> None:
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Everything there is to attack: files, ports, sockets, another process of the same user."""
    folder = tmp_path_factory.mktemp("world")
    pack = folder / "pack"
    pack.mkdir()
    (pack / "model.onnx").write_bytes(b"weights")
    secret = folder / "secret"
    secret.write_bytes(b"somebody else's")
    abstract = f"lfr-attempt-{folder.name}-{id(folder)}"
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        for name in (str(folder / "socket"), "\0" + abstract):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(name)
            listener.listen()
            listeners.append(listener)
        for listener in listeners:
            threading.Thread(target=_answer, args=(listener,), daemon=True).start()
        victim = stack.enter_context(subprocess.Popen(["sleep", "600"]))
        stack.callback(victim.kill)
        yield {
            "folder": str(folder),
            "secret": str(secret),
            "pack": str(pack),
            "tcp_port": listeners[0].getsockname()[1],
            "camera_port": listeners[1].getsockname()[1],
            "unix": str(folder / "socket"),
            "abstract": abstract,
            "victim": victim.pid,
            "places": ["/tmp", "/dev/shm", "/var/tmp", str(Path.home()), str(pack), str(folder)],
        }
        for listener in listeners:
            listener.shutdown(socket.SHUT_RDWR)


def _attempted(world: dict[str, Any], how: str, folder: Path) -> dict[str, Any]:
    given = folder / "world.json"
    target = folder / "target"
    target.mkdir()
    for thread in ("main", "thread"):
        for name in "ac":
            (target / f"{name}-{thread}").write_bytes(b"")
    own = target / "own"
    own.write_bytes(b"")
    with (target / "open").open("wb") as opened:
        given.write_text(json.dumps({**world, "folder": str(target), "own_file": str(own), "open_fd": opened.fileno()}))
        command = [sys.executable, "-m", "tests.sealed_attempts", how, str(given)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60, pass_fds=(opened.fileno(),))
    for place in world["places"]:
        for left in Path(place).glob("lfr-attempt-*"):
            assert how == "free", f"a sealed process left {left}"
            left.unlink()
    assert done.returncode == 0, done.stderr
    if how == "sealed":
        assert (target / "open").stat().st_size == 0
        assert own.stat().st_size == 0
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def sealed(world: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _attempted(world, "sealed", tmp_path_factory.mktemp("sealed"))


@pytest.fixture(scope="module")
def free(world: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _attempted(world, "free", tmp_path_factory.mktemp("free"))


@pytest.mark.parametrize("where", ["main", "thread"])
def test_every_attempt_of_a_sealed_process_fails(sealed: dict[str, Any], where: str) -> None:
    done = [name for name, came in sealed[where].items() if came == "done"]
    assert not done
    assert set(sealed[where].values()) <= {"EACCES", "EPERM", "EFBIG", "ENOSYS", "ESRCH"}


@pytest.mark.parametrize("where", ["main", "thread"])
def test_the_same_attempts_succeed_unsealed(free: dict[str, Any], where: str) -> None:
    failed = {name: came for name, came in free[where].items() if came != "done" and name not in _MAY_FAIL_FREE}
    assert not failed, "an attempt that fails for everybody proves nothing"


def test_a_sealed_process_still_reaches_its_pack_its_libraries_and_its_camera(sealed: dict[str, Any]) -> None:
    assert set(sealed["allowed"].values()) == {"done"}


def test_what_is_said_to_be_sealed_is_what_the_kernel_reports(sealed: dict[str, Any]) -> None:
    assert sealed["status"]["Seccomp"] == "2"
    assert sealed["status"]["NoNewPrivs"] == "1"
    assert int(sealed["status"]["CapEff"], 16) & ~(1 << 2 | 1 << 14) == 0
    locked = int(sealed["status"]["VmLck"].split()[0]) > 0
    assert locked == (Seal.MEMORY_LOCKED.value in sealed["facts"]["sealed"])
    assert set(sealed["facts"]["sealed"]) >= {seal.value for seal in Seal} - {Seal.MEMORY_LOCKED.value}
    assert len({seal.words for seal in Seal}) == len(Seal)


def test_a_process_with_threads_refuses_to_be_half_sealed() -> None:
    script = (
        "import threading, time; from lfr_engine.sealed import *; from lfr_engine.errors import LfrError\n"
        "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
        "try: seal_process(Needs())\n"
        "except LfrError as error: print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert "threads run already" in done.stdout, done.stderr
