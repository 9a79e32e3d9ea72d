"""`lfr-witness`: an independent process that cosigns a log's checkpoints and refuses every other history of it.

Server of c2sp.org/tlog-witness (draft v0.1). Whoever runs one needs no trust in the office, only its log key. What a
witness cannot see: whether entries are true, and a log that was never shown to it. A witness whose folder was restored from
an old copy has forgotten what it signed since and must be retired: its memory is all it has.
"""

from governance.witness.command import main

__all__ = ["main"]
