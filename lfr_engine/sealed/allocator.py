"""Makes the C library overwrite memory as it is freed, so that what a library drops does not lie about until somebody reuses it.

glibc can do it (`glibc.malloc.perturb`), if it also keeps no cache of small blocks beside it. It reads both settings once,
when a program starts, so a process that lacks them starts itself again in its own place. What a library keeps allocated,
numpy's own blocks of under 1 KiB among it, is not reached by this: the code that fills such a block zeroes it.
"""

import ctypes
import os
import sys

from lfr_engine.sealed.libc import LIBC

_BYTE = 0xA5
SETTING = f"glibc.malloc.perturb={_BYTE}:glibc.malloc.tcache_count=0"
_NAME = "GLIBC_TUNABLES"
_BLOCK_BYTES = 256


def wiping_environment() -> dict[str, str]:
    """This process's environment with the setting in it, for the program that is to wipe."""
    return {**os.environ, _NAME: SETTING}


def start_again_wiping() -> None:
    """Start this program again in its own place with the setting, once; where it is set already, or cannot be, nothing happens."""
    if os.environ.get(_NAME) != SETTING and sys.platform == "linux" and sys.executable:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wiping_environment())  # noqa: S606 - no shell is wanted


def freed_is_wiped() -> bool:
    """Measured, not believed: a block is filled, freed and looked at again."""
    LIBC.malloc.restype, LIBC.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    block, neighbour = LIBC.malloc(_BLOCK_BYTES), LIBC.malloc(_BLOCK_BYTES)  # the neighbour keeps the block from the heap's end
    ctypes.memset(block, 1, _BLOCK_BYTES)
    LIBC.free(block)
    left = ctypes.string_at(block + 64, 64)  # beyond what the allocator itself notes in a free block
    LIBC.free(neighbour)
    return left == bytes([_BYTE]) * 64
