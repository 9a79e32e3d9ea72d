"""The filter on system calls (seccomp): a short program that the kernel runs before each call of every thread (linux/seccomp.h).

Written out here instead of through libseccomp, so that it holds on a machine without that library. Classic BPF, read top to
bottom: wrong architecture dies; calls decided by an argument are looked at; closed calls fail with EPERM; calls newer than
the list do not exist; the rest passes.
"""

import ctypes
import errno
import platform
import socket
import struct
from collections.abc import Iterable

from lfr_engine.sealed.facts import Seal
from lfr_engine.sealed.libc import LIBC, failed
from lfr_engine.sealed.needs import Needs
from lfr_engine.sealed.syscalls import ASKED, CLOSED, NEWEST, PROGRAMS

# Machine -> AUDIT_ARCH (linux/audit.h) and the column of the tables.
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _ALL_THREADS = 1, 1

_LOAD, _EQUAL, _GREATER, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000

_CLONE_THREAD = 0x10000
_OPEN_TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR (O_TMPFILE needs one of them), O_CREAT, O_TRUNC
_TYPE_OF_SOCKET = 0xF
# Landlock decides on plain TCP when it connects. Multipath TCP and SMC fall back to TCP, and a first packet that connects by
# itself (Fast Open) asks nobody: none of them is a way past it.
_SENDING = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}  # the argument that holds the flags
_PR_SET_DUMPABLE, _PR_SET_PTRACER = 4, 0x59616D61
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # typing into the terminal of whoever started this

Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def available() -> bool:
    """Whether this machine is one the filter is written for and its kernel takes filters."""
    return platform.machine() in _ARCHITECTURES and LIBC.prctl(21, 0, 0, 0, 0) >= 0  # PR_GET_SECCOMP


def restrict(needs: Needs, pid: int) -> set[Seal]:
    """Bind every thread of this process to the filter for these needs; what then holds. Raises OSError.

    `pid` is this process: the only one it may still signal, to end itself.
    """
    code = b"".join(struct.pack("<HBBI", *each) for each in program(needs, pid, platform.machine()))
    wanted = _Program(len(code) // 8, code)
    if LIBC.syscall(_SECCOMP[platform.machine()], _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(wanted)) != 0:
        raise failed("seccomp")
    held = {Seal.UNIX_CLOSED, Seal.SIGNALS_CLOSED}
    if not needs.udp:
        held.add(Seal.UDP_CLOSED)
    if not needs.network:
        held.add(Seal.TCP_CAMERAS_ONLY)
    if not needs.devices:
        held.add(Seal.WRITES_NOTHING)
    if not needs.programs:
        held.add(Seal.NO_NEW_PROCESS)
    return held


def program(needs: Needs, pid: int, machine: str) -> list[Instruction]:
    """The instructions `(operation, skip if true, skip if false, constant)`."""
    architecture, column = _ARCHITECTURES[machine]
    code: list[Instruction] = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    code.append((_LOAD, 0, 0, _NUMBER_AT))
    for name, body in _asked(needs, pid).items():
        number = ASKED[name][column]
        if number >= 0:
            code += [(_EQUAL, 0, len(body), number), *body]
    for closed in (CLOSED, {} if needs.programs else PROGRAMS):
        for numbers in closed.values():
            if numbers[column] >= 0:
                code += [(_EQUAL, 0, 1, numbers[column]), _error(errno.EPERM)]
    return [*code, (_GREATER, 0, 1, NEWEST), _error(errno.ENOSYS), (_RETURN, 0, 0, _ALLOW)]


def _asked(needs: Needs, pid: int) -> dict[str, list[Instruction]]:
    """What is decided by an argument. Each body ends in a return, since it has overwritten the call's number."""
    own = [_argument(0), (_EQUAL, 1, 0, pid), _error(errno.EPERM), _allowed()]
    return {
        "socket": _sockets(needs),
        **{name: _unless_flagged(flags, socket.MSG_FASTOPEN) for name, flags in _SENDING.items()},
        "clone": [_argument(0), (_ANY_BIT, 1, 0, _CLONE_THREAD), _error(errno.EPERM), _allowed()],
        "clone3": [_error(errno.ENOSYS)],  # its flags lie in memory, where a filter cannot look; the C library then calls clone
        "open": _opening(1, needs),
        "openat": _opening(2, needs),
        "openat2": [_error(errno.ENOSYS)],
        "kill": own,
        "tgkill": own,
        "prctl": _unless_one_of(0, (_PR_SET_DUMPABLE, _PR_SET_PTRACER)),
        "prlimit64": [_argument(0), (_EQUAL, 1, 0, 0), _error(errno.EPERM), _allowed()],
        "ioctl": _unless_one_of(1, (_TIOCSTI, _TIOCLINUX)),
    }


def _sockets(needs: Needs) -> list[Instruction]:
    """TCP and UDP as the cameras need them, and no other protocol."""
    kinds = [(socket.SOCK_STREAM, socket.IPPROTO_TCP)] if needs.network else []
    kinds += [(socket.SOCK_DGRAM, socket.IPPROTO_UDP)] if needs.udp else []
    body: list[Instruction] = [_argument(0), (_EQUAL, 2, 0, socket.AF_INET), (_EQUAL, 1, 0, socket.AF_INET6), _error(errno.EACCES)]
    body += [_argument(1), (_AND, 0, 0, _TYPE_OF_SOCKET)]
    for kind, protocol in kinds:  # 0 is the usual protocol of the kind
        body += [(_EQUAL, 0, 5, kind), _argument(2), (_EQUAL, 1, 0, 0), (_EQUAL, 0, 1, protocol), _allowed(), _error(errno.EACCES)]
    return [*body, _error(errno.EACCES)]


def _opening(flags: int, needs: Needs) -> list[Instruction]:
    """Files are opened for reading, except where devices want writing too; then Landlock alone says which."""
    if needs.devices:
        return [_allowed()]
    return [_argument(flags), (_ANY_BIT, 0, 1, _OPEN_TO_WRITE), _error(errno.EACCES), _allowed()]


def _unless_flagged(argument: int, flag: int) -> list[Instruction]:
    return [_argument(argument), (_ANY_BIT, 0, 1, flag), _error(errno.EPERM), _allowed()]


def _unless_one_of(argument: int, values: Iterable[int]) -> list[Instruction]:
    body: list[Instruction] = [_argument(argument)]
    for value in values:
        body += [(_EQUAL, 0, 1, value), _error(errno.EPERM)]
    return [*body, _allowed()]


def _argument(index: int) -> Instruction:
    """Its lower 32 bits, which is all the kernel looks at in these calls."""
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index)


def _error(number: int) -> Instruction:
    return (_RETURN, 0, 0, _ERROR | number)


def _allowed() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)
