"""Opens the database that rows and their ledger entries share, so that both are in one transaction.

SQLite by default (a file of the program's own), PostgreSQL where a force says so. Both promise the same: a commit that
returned survives a power cut, a transaction that may append holds the one write lock before it reads the tree, so that two
processes queue up and cannot fork the log, and a transaction that only reads sees one state, blocks nobody and cannot write.
"""

from pathlib import Path

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from governance.ledger import postgresql, sqlite
from lfr_engine.errors import BadInput

_READS = "lfr_reads"


def open_database(url_or_path: str | Path, *, create: bool = True) -> Engine:
    """The engine for a SQLite file (path or `sqlite:///` URL) or a PostgreSQL database (`postgresql://` URL).

    A new SQLite file has mode 0600; a looser one is refused (R34). With `create=False` a missing file is a fault: a database
    that vanished must not silently begin again at zero. Raises BadInput for any other URL.
    """
    url = _url(url_or_path)
    match url.get_backend_name():
        case "sqlite":
            engine, begin = sqlite.open_file(url, create=create), sqlite.begin
        case "postgresql":
            engine, begin = postgresql.open_server(url), postgresql.begin
        case other:
            raise BadInput(f"{other} is no database that this program keeps a ledger in", next_step="use SQLite or PostgreSQL")

    def every_transaction(connection: Connection) -> None:
        begin(connection, reads=bool(connection.get_execution_options().get(_READS)))

    event.listen(engine, "begin", every_transaction)
    return engine


def reading(engine: Engine) -> Engine:
    """The same database for transactions that only read: they see one consistent state and block nobody."""
    return engine.execution_options(**{_READS: True})


def _url(url_or_path: str | Path) -> URL:
    if "://" not in str(url_or_path):
        return make_url("sqlite://").set(database=str(url_or_path))
    try:
        return make_url(str(url_or_path))
    except ArgumentError as error:
        # Not repeated in the message: it may hold a password.
        raise BadInput("the database's URL cannot be read", next_step="postgresql://USER:PASSWORD@HOST/NAME") from error
