"""At most one running deployment per unit: a lock that ends with its process, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from governance.home import UnitHome
from lfr_engine.errors import Refused

_LOCK = "run.lock"


@contextmanager
def only_run(home: UnitHome) -> Iterator[None]:
    """Hold the lock. Raises Refused (R1) when a deployment is running on this unit."""
    descriptor = os.open(home.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Refused("a deployment is running on this unit", rule_ids=("R1",), next_step="lfr unit stop, and wait for it") from error
    try:
        yield
    finally:
        os.close(descriptor)
