"""kill -9 in the middle of appending: what was acknowledged is there, what is there is one consistent prefix."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from governance.ledger.database import open_database
from governance.ledger.log import Log
from watchlist.sealing import merkle

LOG = Log("example.police.uk/office")

_WRITER = """
import sys
from sqlalchemy import text
from sqlmodel import Session
from governance.ledger.database import open_database
from governance.ledger.log import Log
engine = open_database(sys.argv[1])
log = Log("example.police.uk/office")
while True:
    with Session(engine) as session:
        index = log.append(session, b"entry " * 200)
        session.execute(text("INSERT INTO thing VALUES (:index)"), {"index": index})
        session.commit()
    print(index, flush=True)
"""


@pytest.mark.parametrize("delay_s", [0.0, 0.013, 0.041, 0.1])
def test_an_acknowledged_entry_survives_kill_and_the_tree_matches(tmp_path: Path, delay_s: float) -> None:
    engine = open_database(tmp_path / "db.sqlite")
    LOG.create(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY)"))
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path / "db.sqlite")], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(5)]
        time.sleep(delay_s)
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    with Session(engine) as session:
        size, root = LOG.size_and_root(session)
        entries = list(LOG.entries(session, 0, size))
        rows = list(session.execute(text("SELECT id FROM thing ORDER BY id")).scalars())
        assert size in (acknowledged[-1] + 1, acknowledged[-1] + 2)  # at most one commit had not been printed
        assert rows == list(range(size))
        assert entries == [b"entry " * 200] * size
        assert root == merkle.root([merkle.leaf_hash(each) for each in entries])
        assert LOG.append(session, b"life goes on") == size
        session.commit()
    engine.dispose()
