"""What `lfr doctor` looks at in the machine itself: what the engine can be sealed with, swap, core files, the time."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, cast

from lfr_engine.errors import LfrError
from lfr_engine.sealed import Facts, Seal, landlock
from lfr_engine.sealed import filter as call_filter
from lfr_engine.wire import receive, send
from webui.cli.doctor_check import Check

_TIME_ERROR = 5  # sys/timex.h: the clock is not disciplined by anything
_PATIENCE_S = 20.0


def machine() -> list[Check]:
    """Notes that never fail the check, except where the engine cannot give up writing."""
    facts = sealed_here()
    return [_sealed(facts), _kernel(), _swap(facts), _core(facts), _time()]


def sealed_here() -> Facts:
    """What an engine process really gives up on this machine: one is started, seals itself, says so, and is ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lfr_engine.process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    commands, messages = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
    try:
        send(commands, {"type": "start"})
        first = receive(messages)
        codes = first.header.get("sealed", ()) if first is not None else ()
        return Facts(tuple(Seal(code) for code in codes))
    except (LfrError, OSError, ValueError):
        return Facts(())
    finally:
        commands.close()
        process.kill()
        process.wait(_PATIENCE_S)
        messages.close()


def _sealed(facts: Facts) -> Check:
    lacking = "; ".join(seal.words for seal in facts.lacking)
    found = f"{len(facts.sealed)} of {len(Seal)} things given up before a picture is seen"
    return Check(
        "sealed engine",
        not facts.lacking,
        found + (f". Does not hold here: {lacking}" if lacking else ""),
        "use a Linux kernel of 6.12 or later, and the systemd units of docs/systemd" if lacking else "",
        must=Seal.FILE_SIZE_ZERO not in facts.sealed,
        facts=facts.as_json(),
    )


def _kernel() -> Check:
    abi, filters = landlock.abi(), call_filter.available()
    found = f"Linux {platform.release()}, Landlock ABI {abi or 'none'}, system call filter {'yes' if filters else 'no'}"
    well = abi >= landlock.SCOPE_ABI and filters
    return Check("kernel", well, found, "" if well else "Landlock ABI 6 (Linux 6.12) with seccomp", must=False)


def _swap(facts: Facts) -> Check:
    lines = _read("/proc/swaps").splitlines()[1:]
    locked = Seal.MEMORY_LOCKED in facts.sealed
    found = ("on" if lines else "off") + (", the engine's memory is locked" if locked else ", the engine's memory is not locked")
    return Check("swap", not lines or locked, found, "" if not lines or locked else "swapoff -a, or LimitMEMLOCK=infinity", must=False)


def _core(facts: Facts) -> Check:
    pattern = _read("/proc/sys/kernel/core_pattern").strip() or "unknown"
    well = Seal.NO_CORE in facts.sealed and (not pattern.startswith("|") or Seal.NOT_DUMPABLE in facts.sealed)
    return Check(
        "core files",
        well,
        f"pattern {pattern}; the engine leaves {'none' if well else 'one'}",
        "" if well else "kernel.core_pattern=",
        must=False,
    )


def _time() -> Check:
    """Whether something keeps the clock right: the kernel knows."""
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) if sys.platform == "linux" else _TIME_ERROR
    well = 0 <= state != _TIME_ERROR
    found = "kept by a time service" if well else "nothing keeps it right"
    return Check("time", well, found, "" if well else "run chrony or systemd-timesyncd", must=False)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
