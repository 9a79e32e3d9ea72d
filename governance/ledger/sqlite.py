"""SQLite: WAL, synchronous=FULL, foreign keys, recursive triggers, a busy timeout, and BEGIN IMMEDIATE for whoever may write."""

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from lfr_engine.errors import LfrError, Refused

BUSY_TIMEOUT_MS = 10_000  # longer than the longest transaction here (enrolling a list); then "database is locked"


def open_file(url: URL, *, create: bool) -> Engine:
    """The engine for the file that `url` names; see `open_database`."""
    if not url.database or url.database == ":memory:":
        raise LfrError("a ledger is kept in a file, not in memory", next_step="give a path")
    _claim(Path(url.database), create=create)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure)
    return engine


def _claim(path: Path, *, create: bool) -> None:
    """Creates the file with its mode before SQLite can create it with a looser one (its -wal and -shm copy the mode)."""
    try:
        os.close(os.open(path, os.O_RDWR | (os.O_CREAT | os.O_EXCL if create and not path.exists() else 0), 0o600))
    except FileExistsError:
        pass  # another process was first; its mode is checked like any other
    except OSError as error:
        raise LfrError(f"{path}: {error.strerror}", next_step="check the folder, or restore the database from its backup") from error
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise Refused(f"{path} can be read by others (mode {mode:04o})", rule_ids=("R34",), next_step=f"chmod 600 {path}")


def _configure(connection: DBAPIConnection, _record: Any) -> None:
    assert isinstance(connection, sqlite3.Connection)  # narrows the driver's type
    connection.isolation_level = None  # the driver must not begin on its own: `_begin` does
    try:
        _set_up(connection)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise LfrError(f"the database is damaged: {error}", next_step="keep the file for inquiry and restore it from its backup") from error


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def begin(connection: Connection, *, reads: bool) -> None:
    """What every transaction starts with."""
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
