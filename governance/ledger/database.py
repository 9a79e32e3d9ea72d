"""Opens the database that rows and their ledger entries share, so that both are in one transaction.

SQLite: WAL, synchronous=FULL (a commit that returned survives a power cut), foreign keys, recursive triggers, a busy timeout,
and BEGIN IMMEDIATE, so that a transaction that will append holds the write lock before it reads the tree: two processes
queue up and cannot fork the log. A page that only reads uses `reading(engine)`: it takes no lock and cannot write.
"""

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from lfr_engine.errors import LfrError, Refused

BUSY_TIMEOUT_MS = 10_000  # longer than the longest transaction here (enrolling a list); then "database is locked"
_READS = "lfr_reads"


def open_database(url_or_path: str | Path, *, create: bool = True) -> Engine:
    """The engine for a SQLite file (path or `sqlite:///` URL) or another database (any SQLAlchemy URL).

    A new SQLite file has mode 0600; a looser one is refused (R34). With `create=False` a missing file is a fault: a database
    that vanished must not silently begin again at zero.
    """
    url = make_url(str(url_or_path)) if "://" in str(url_or_path) else make_url("sqlite://").set(database=str(url_or_path))
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    if not url.database or url.database == ":memory:":
        raise LfrError("a ledger is kept in a file, not in memory", next_step="give a path")
    _claim(Path(url.database), create=create)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def reading(engine: Engine) -> Engine:
    """The same database for transactions that only read: they see one consistent state and block nobody."""
    return engine.execution_options(**{_READS: True})


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


def _begin(connection: Connection) -> None:
    reads = bool(connection.get_execution_options().get(_READS))
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
