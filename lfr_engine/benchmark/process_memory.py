"""How much memory a process and everything it started holds, from /proc."""

from pathlib import Path

from lfr_engine.errors import LfrError

PROC = Path("/proc")
_KIB = 1024


def tree_bytes(pid: int) -> int:
    """Resident memory of the process and its descendants, shared pages counted in each. Raises LfrError where it is gone."""
    return sum(_resident(one) for one in (pid, *_descendants(pid)))


def _resident(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "status").read_text("utf-8").splitlines()
    except OSError as error:
        raise LfrError(f"process {pid} is gone, or this system has no /proc") from error
    return next((int(line.split()[1]) * _KIB for line in lines if line.startswith("VmRSS:")), 0)


def _descendants(pid: int) -> list[int]:
    found = []
    for task in (PROC / str(pid) / "task").glob("*/children"):
        for child in map(int, task.read_text("utf-8").split()):
            found += [child, *_descendants(child)]
    return found
