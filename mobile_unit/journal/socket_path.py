"""The journal's Unix socket: a name inside the unit's 0700 folder, reachable however long that folder's path is.

A socket's path may have about 100 bytes only. Linux reaches the folder through a file descriptor instead.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET, LOCK = "journal.sock", "journal.lock"
_LONGEST = 100


@contextmanager
def address_of(folder: Path) -> Iterator[str]:
    """An address for `bind` or `connect`, valid inside the `with`."""
    direct = str(folder / SOCKET)
    if len(os.fsencode(direct)) <= _LONGEST:
        yield direct
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
