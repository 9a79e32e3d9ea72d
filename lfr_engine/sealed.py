"""What the engine process gives up before it sees a single pixel: writing files, dumping core, being looked into.

An engine that could write might keep a passer-by. So the kernel is told that no file of this process may grow beyond zero
bytes, that no core file is made, and that no other process of the same user may read its memory. Pipes are no files and
stay open: the one pipe out is the only way anything leaves.
"""

import ctypes
import resource
import sys

from lfr_engine.errors import LfrError

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def seal_process() -> tuple[str, ...]:
    """Give all of it up, for good (the hard limits too); what was sealed, in words.

    Raises LfrError where the kernel refuses: an engine that could write a file does not start.
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except (OSError, ValueError) as error:
        raise LfrError(
            f"the engine could not give up writing files: {error}", next_step="run it where resource limits can be set"
        ) from error
    sealed = ["no file can be written", "no core file is made"]
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0:
        sealed.append("no process of the same user can read its memory")
    return tuple(sealed)
