"""Limits on the process itself: no file may grow, no core file, memory neither swapped nor looked into, no privileges kept."""

import ctypes
import resource

from lfr_engine.sealed.facts import Seal
from lfr_engine.sealed.libc import LIBC, failed

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 4, 24, 38, 47, 4  # linux/prctl.h
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_READ_SEARCH, _CAP_IPC_LOCK = 2, 14
# Reading only, and what may be read is Landlock's business; and to keep later memory out of swap.
_KEPT = 1 << _CAP_DAC_READ_SEARCH | 1 << _CAP_IPC_LOCK


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilityData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def no_file_grows() -> set[Seal]:
    """Hard limits, which nobody in here can raise again. Raises OSError or ValueError where they cannot be set."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))  # a program that takes cores over a pipe gets one at 0, none at 1
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    return {Seal.NO_CORE, Seal.FILE_SIZE_ZERO}


def no_new_privileges() -> None:
    """No program started from here gains rights by its file; Landlock and filters demand it. Raises OSError."""
    if LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise failed("prctl(PR_SET_NO_NEW_PRIVS)")


def not_dumpable() -> set[Seal]:
    """No other process of the same user may trace this one or read its memory."""
    return {Seal.NOT_DUMPABLE} if LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 else set()


def memory_stays() -> set[Seal]:
    """Keep every page out of swap, now and later, where the limit on locked memory is none or does not bind this process.

    Under a limit that binds, later allocations would fail in the middle of a deployment, so nothing is locked then.
    """
    endless = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY and not _permitted() & 1 << _CAP_IPC_LOCK:
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, endless)
        except (OSError, ValueError):
            return set()
    # On fault: a thread's stack of 8 MB is mapped whole and touched little.
    return {Seal.MEMORY_LOCKED} if LIBC.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0 else set()


def no_capabilities() -> set[Seal]:
    """Give up what the administrator's processes may do, for good and also for a program started in this one's place."""
    kept = _permitted() & _KEPT
    for capability in range(64):
        LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails past the last one, or without the right: then there is none to drop
    LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    data = (_CapabilityData * 2)(_CapabilityData(kept, kept, 0), _CapabilityData(0, 0, 0))
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    return {Seal.NO_CAPABILITIES} if LIBC.capset(ctypes.byref(header), data) == 0 else set()


def _permitted() -> int:
    """The capabilities numbered below 32 that this process holds."""
    header, data = _CapabilityHeader(_CAPABILITY_VERSION_3, 0), (_CapabilityData * 2)()
    return int(data[0].permitted) if LIBC.capget(ctypes.byref(header), data) == 0 else 0
