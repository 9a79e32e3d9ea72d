"""Counting what `lfr match` is used for: a local ledger of its own, so that tests on files do not happen unseen."""

from pathlib import Path

from sqlmodel import Session

from governance.events import MatchTested, entry_bytes
from governance.home import private_folder
from governance.ledger.database import open_database
from governance.ledger.log import Log
from governance.messages.payload import Mode
from governance.rules.profile import UK_APP_2022
from lfr_engine.clock import Clock

_LOG = Log("local/test-uses")


def count_test_use(path: Path, *, pack_digest: str, enrolled: int, video_digest: str, clock: Clock) -> int:
    """Append one use, durable before it returns; how many there are now. Nobody's name and no file's name is kept."""
    private_folder(path.parent)
    engine = open_database(path)
    _LOG.create(engine)
    entry = entry_bytes(
        MatchTested(pack_digest=pack_digest, enrolled=enrolled, video=video_digest),
        clock=clock,
        actor="local-user",
        role="tester",
        justification="test of a matcher on a file",
        mode=Mode.DEMONSTRATION,
        profile=UK_APP_2022.name,
    )
    try:
        with Session(engine) as session, session.begin():
            return _LOG.append(session, entry) + 1
    finally:
        engine.dispose()
