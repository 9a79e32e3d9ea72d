"""Landlock: which files and TCP ports a process may still reach (linux/landlock.h; kernel documentation, userspace-api/landlock).

Three system calls through ctypes, because the package of that name stops at ABI 5: it knows files, no ports and no scopes.
A ruleset binds the calling thread and what it starts later; other threads stay free, so it is applied while there is one.
"""

import ctypes
import os
from pathlib import Path

from lfr_engine.sealed.libc import LIBC, failed
from lfr_engine.sealed.needs import Needs

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_IOCTL_DEV = 1 << 15
# All rights on files by the ABI that brought them: 13 at first, then REFER, TRUNCATE and IOCTL_DEV.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_UNIX, _SCOPE_SIGNAL = 1 << 0, 1 << 1

TRUNCATE_ABI, NETWORK_ABI, SCOPE_ABI = 3, 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


class _PortRule(ctypes.Structure):
    _fields_ = [("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64)]


def abi() -> int:
    """The kernel's Landlock version; 0 where it has none or it is switched off at boot."""
    return max(0, int(LIBC.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


def restrict(needs: Needs, version: int) -> None:
    """Leave this thread what `needs` names and nothing else. `version` is the kernel's ABI, at least 1. Raises OSError.

    The caller must have set no_new_privs before.
    """
    files = _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]
    net = _BIND_TCP | _CONNECT_TCP if version >= NETWORK_ABI else 0
    scoped = _SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if version >= SCOPE_ABI else 0
    wanted = _Ruleset(files, net, scoped)
    size = 24 if version >= SCOPE_ABI else 16 if version >= NETWORK_ABI else 8  # an older kernel refuses fields it does not know
    ruleset = int(LIBC.syscall(_CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(size), 0))
    if ruleset < 0:
        raise failed("landlock_create_ruleset")
    try:
        for paths, rights in (
            (needs.reads, _READ_FILE | _READ_DIR),
            (needs.programs, _READ_FILE | _READ_DIR | _EXECUTE),
            (needs.devices, _READ_FILE | _WRITE_FILE | _READ_DIR | _IOCTL_DEV),
        ):
            for path in paths:
                _allow_path(ruleset, path, rights & files)
        for port in sorted(needs.tcp_ports) if net else ():
            rule = _PortRule(_CONNECT_TCP, port)
            if LIBC.syscall(_ADD_RULE, ruleset, _NET_PORT, ctypes.byref(rule), 0) != 0:
                raise failed("landlock_add_rule")
        if LIBC.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
            raise failed("landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow_path(ruleset: int, path: Path, rights: int) -> None:
    """One rule; a path that is not there is not needed."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & ~_READ_DIR
        rule = _PathRule(allowed, handle)
        if LIBC.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0) != 0:
            raise failed("landlock_add_rule")
    finally:
        os.close(handle)
