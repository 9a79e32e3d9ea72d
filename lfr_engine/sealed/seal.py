"""Gives everything up in the order that works: limits first, then files and ports, then system calls, privileges on the way."""

import os
import sys

from lfr_engine.errors import LfrError
from lfr_engine.sealed import filter as call_filter
from lfr_engine.sealed import landlock, limits
from lfr_engine.sealed.allocator import freed_is_wiped
from lfr_engine.sealed.facts import Facts, Seal
from lfr_engine.sealed.needs import Needs

_NEXT = "run it on a Linux kernel of 6.12 or later, outside a container that forbids sealing; lfr doctor says what is missing"


def seal_process(needs: Needs) -> Facts:
    """Seal this process for good, keeping what `needs` names; what then holds.

    Call it before anything starts a thread: the rules on files bind only threads that come later. Raises LfrError when
    there is one already, and where the kernel refuses what it has: an engine that could write a file does not start. What
    an older kernel lacks altogether is not in the facts, and everybody who reads them can see that.
    """
    if (threads := _threads()) > 1:
        raise LfrError(f"{threads} threads run already: sealed now, they would stay free", next_step="report it: sealing comes first")
    try:
        held = limits.no_file_grows()
        if sys.platform != "linux":
            return _facts(held)
        held |= limits.not_dumpable() | limits.memory_stays() | limits.no_capabilities()
        if freed_is_wiped():
            held.add(Seal.FREED_WIPED)
        limits.no_new_privileges()
        held |= _landlocked(needs)
        if call_filter.available():
            held |= call_filter.restrict(needs, os.getpid())
    except (OSError, ValueError) as error:
        raise LfrError(f"the engine could not be sealed: {error}", next_step=_NEXT) from error
    if needs.programs:  # a program started in this one's place begins dumpable and unlocked again
        held -= {Seal.NOT_DUMPABLE, Seal.MEMORY_LOCKED}
    return _facts(held)


def _landlocked(needs: Needs) -> set[Seal]:
    version = landlock.abi()
    if version == 0:
        return set()
    landlock.restrict(needs, version)
    held = {Seal.READS_LIMITED}
    if version >= landlock.TRUNCATE_ABI:
        held.add(Seal.WRITES_NOTHING)
    if version >= landlock.NETWORK_ABI:
        held.add(Seal.TCP_CAMERAS_ONLY)
    return held


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _facts(held: set[Seal]) -> Facts:
    return Facts(tuple(seal for seal in Seal if seal in held))
