"""A program that tries everything a sealed process must not be able to do, and says what came of each attempt.

    python -m tests.sealed_attempts sealed|free WORLD.json

WORLD.json names what there is to attack. Printed: `{where: {attempt: "done" or the errno's name}}`, for the main thread and for
one started after sealing. `free` makes the same attempts unsealed: the positive control.
"""

import ctypes
import errno
import json
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lfr_engine.sealed import needs_of, seal_process
from lfr_engine.sealed.allocator import start_again_wiping

_LIBC = ctypes.CDLL(None, use_errno=True)
_PTRACE_SEIZE, _PTRACE_DETACH = 0x4206, 17
_O_TMPFILE = 0o20200000
_IPPROTO_MPTCP = 262


def _call(name: str, *arguments: Any) -> int:
    result = int(getattr(_LIBC, name)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _seize(pid: int) -> None:
    _call("ptrace", _PTRACE_SEIZE, pid, 0, 0)


def _socket(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as made:
        made.settimeout(2)
        made.connect(address)
        if kind == socket.SOCK_DGRAM:  # only its first packet asks the kernel for anything
            made.send(b"face")


def _multipath(address: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, _IPPROTO_MPTCP) as made:
        made.settimeout(2)
        made.connect(address)
        made.send(b"face")


def _fast_open(address: Any, *, message: bool) -> None:
    """A first packet that connects by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        if message:
            made.sendmsg([b"face"], [], socket.MSG_FASTOPEN, address)
        else:
            made.sendto(b"face", socket.MSG_FASTOPEN, address)


def _bind(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as made:
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()


def _files(world: dict[str, Any]) -> dict[str, Callable[[], object]]:
    own, folder = Path(world["own_file"]), Path(world["folder"])
    attempts: dict[str, Callable[[], object]] = {
        f"write {place}": lambda place=place: Path(place, f"lfr-attempt-{os.getpid()}-{threading.get_ident()}").write_bytes(b"face")
        for place in world["places"]
    }
    return attempts | {
        "append to a file": lambda: os.write(os.open(own, os.O_WRONLY | os.O_APPEND), b"face"),
        "write a file that was open before": lambda: os.write(world["open_fd"], b"face"),
        "truncate a file": lambda: os.truncate(own, 1),
        "unnamed file": lambda: os.open(folder, _O_TMPFILE | os.O_RDWR),
        "file in memory": lambda: os.memfd_create("face"),
        "make a folder": lambda: (folder / f"d{threading.get_ident()}").mkdir(),
        "link": lambda: os.link(own, folder / f"l{threading.get_ident()}"),
        "symbolic link": lambda: os.symlink("face", folder / f"s{threading.get_ident()}"),
        "rename": lambda: os.rename(_made(folder, "a", world), folder / f"b{threading.get_ident()}"),
        "remove": lambda: os.unlink(_made(folder, "c", world)),
        "pipe in the file system": lambda: os.mkfifo(folder / f"p{threading.get_ident()}"),
        "change times": lambda: os.utime(own, (1, 2)),
        "change mode": lambda: os.chmod(own, 0o600),
        "attribute": lambda: os.setxattr(own, "user.face", b"face"),
        "read a stranger's file": lambda: Path(world["secret"]).read_bytes(),
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
    }


def _made(folder: Path, name: str, world: dict[str, Any]) -> Path:
    """A file that the test made beforehand, one per thread of this program."""
    return folder / f"{name}-{'main' if threading.current_thread() is threading.main_thread() else 'thread'}"


def _network(world: dict[str, Any]) -> dict[str, Callable[[], object]]:
    here = "127.0.0.1"
    return {
        "TCP to a port that is no camera's": lambda: _socket(socket.AF_INET, socket.SOCK_STREAM, (here, world["tcp_port"])),
        "multipath TCP to it": lambda: _multipath((here, world["tcp_port"])),
        "TCP that opens fast": lambda: _fast_open((here, world["tcp_port"]), message=False),
        "TCP that opens fast with a message": lambda: _fast_open((here, world["tcp_port"]), message=True),
        "UDP": lambda: _socket(socket.AF_INET, socket.SOCK_DGRAM, (here, world["tcp_port"])),
        "Unix socket": lambda: _socket(socket.AF_UNIX, socket.SOCK_STREAM, world["unix"]),
        "abstract Unix socket": lambda: _socket(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + world["abstract"]),
        "pair of sockets": lambda: socket.socketpair(),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
        "listen on TCP": lambda: _bind(socket.AF_INET, socket.SOCK_STREAM, (here, 0)),
        "listen on UDP": lambda: _bind(socket.AF_INET, socket.SOCK_DGRAM, (here, 0)),
    }


def _processes(world: dict[str, Any]) -> dict[str, Callable[[], object]]:
    victim = int(world["victim"])
    return {
        "fork": _fork,
        "shell": lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True),
        "spawn": lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
        "signal": lambda: os.kill(victim, 0),
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "trace": lambda: _seize(victim),
        "read another's memory": lambda: os.open(f"/proc/{victim}/mem", os.O_RDONLY),
        "handle on another": lambda: os.pidfd_open(victim),
        "shared memory": lambda: _call("shmget", 0, 4096, 0o600),
        "message queue": lambda: _call("msgget", 0, 0o600),
        "POSIX queue": lambda: _call("mq_open", f"/face{threading.get_ident()}".encode(), os.O_CREAT | os.O_RDWR, 0o600, None),
        "raise the file limit": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        "become dumpable": lambda: _call("prctl", 4, 1, 0, 0, 0),
    }


def attempts(world: dict[str, Any]) -> dict[str, str]:
    """Each attempt and what came of it."""
    told = {}
    for name, attempt in {**_files(world), **_network(world), **_processes(world)}.items():
        try:
            attempt()
        except OSError as error:
            told[name] = errno.errorcode.get(error.errno or 0, str(error))
        except ValueError:
            told[name] = "EPERM"  # what Python makes of a limit that may not be raised
        else:
            told[name] = "done"
    return told


def allowed(world: dict[str, Any]) -> dict[str, str]:
    """What a sealed engine must still be able to do."""
    told = {}
    for name, attempt in {
        "its camera's port": lambda: _socket(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", world["camera_port"])),
        "its pack": lambda: Path(world["pack"], "model.onnx").read_bytes(),
        "its libraries": lambda: __import__("decimal"),
    }.items():
        try:
            attempt()
        except (OSError, ImportError) as error:
            told[name] = repr(error)
        else:
            told[name] = "done"
    return told


def main() -> None:
    if sys.argv[1] == "sealed":
        start_again_wiping()
    how, world = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    facts: dict[str, list[str]] = {}
    if how == "sealed":
        cameras = [{"source": f"rtsp://127.0.0.1:{world['camera_port']}/street"}]
        facts = seal_process(needs_of({"pack_dir": world["pack"], "cameras": cameras})).as_json()
    told: dict[str, Any] = {"facts": facts, "main": attempts(world), "allowed": allowed(world)}
    thread = threading.Thread(target=lambda: told.update(thread=attempts(world)))
    thread.start()
    thread.join()
    status = Path("/proc/self/status").read_text()
    told["status"] = {name: status.split(f"\n{name}:")[1].split("\n")[0].strip() for name in ("Seccomp", "NoNewPrivs", "CapEff", "VmLck")}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
