"""What the engine process gives up before it sees a single pixel, so that it cannot keep or pass on a passer-by (R41, R57).

`needs` says what it must still reach, `seal` gives up the rest, `facts` names what the kernel granted. The kernel's three
means are a file each: `landlock` (which files and ports), `filter` with `syscalls` (which system calls), `limits` (memory,
core files, capabilities) and `allocator` (freed memory). `launch` seals a matcher that is not ours and then becomes it.

Nothing in here imports a numeric library: their threads must find the process sealed already.
"""

from lfr_engine.sealed.facts import Facts, Seal
from lfr_engine.sealed.needs import Needs, needs_of
from lfr_engine.sealed.seal import seal_process

__all__ = ["Facts", "Needs", "Seal", "needs_of", "seal_process"]
