"""PostgreSQL: one advisory lock for whoever may write, one snapshot for whoever reads, and no server that forgets commits."""

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError

from lfr_engine.errors import BadInput, LfrError

LOCK_TIMEOUT_MS = 10_000  # longer than the longest transaction here; then "canceling statement due to lock timeout"
WRITE_LOCK = 0x4C4652  # any number that all our processes share: "LFR" in ASCII
_SAFE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_write", "remote_apply", "local")}


def open_server(url: URL) -> Engine:
    """The engine for the database that `url` names, through psycopg. Raises LfrError where it does not answer or is not safe."""
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise BadInput(f"{url.drivername} is no driver of this program", next_step="write postgresql://")
    options = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c TimeZone=UTC -c search_path=public"
    engine = create_engine(url.set(drivername="postgresql+psycopg"), connect_args={"options": options}, pool_pre_ping=True)
    event.listen(engine, "connect", _require_safe)
    try:
        engine.connect().close()  # now, not at the first page
    except OperationalError as error:
        raise LfrError(
            f"the database {url.render_as_string(hide_password=True)} does not answer",
            next_step="start the server, or correct LFR_DATABASE_URL",
        ) from error
    return engine


def _require_safe(connection: DBAPIConnection, _record: Any) -> None:
    """A ledger entry that was acknowledged must survive a power cut: a server that promises less is refused."""
    cursor = connection.cursor()
    for setting, allowed in _SAFE.items():
        cursor.execute(f"SHOW {setting}")
        (value,) = cursor.fetchone() or ("unknown",)
        if value not in allowed:
            raise LfrError(f"the database server runs with {setting} = {value}", next_step=f"set {setting} = on: a ledger may not forget")
    cursor.close()
    connection.rollback()


def begin(connection: Connection, *, reads: bool) -> None:
    """What every transaction starts with."""
    if reads:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
