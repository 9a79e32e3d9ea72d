"""The two tables of a log and the triggers that keep them append-only.

An entry's index must be the next one: a gap, a second entry at one index and REPLACE are refused before anything is written,
UPDATE and DELETE always. Triggers catch mistakes. Against an owner who drops them there are the witnesses.
"""

from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, LargeBinary, Table, event, inspect
from sqlmodel import Field, SQLModel

from lfr_engine.errors import LfrError

ENTRY_BYTES_MAX = 16 * 1024
"""Our own ceiling; tlog-tiles allows 65,535."""


class LedgerEntry(SQLModel, table=True):
    """One leaf: the exact bytes that were logged, and their RFC 6962 leaf hash."""

    __tablename__ = "ledger_entry"
    __table_args__ = {"sqlite_with_rowid": False}  # a row id would be a second way to REPLACE

    origin: str = Field(primary_key=True)
    index: int = Field(sa_column=Column("index", Integer, primary_key=True, autoincrement=False))
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LedgerNode(SQLModel, table=True):
    """The hash of one full subtree of `2**level` leaves, kept for the levels 8, 16, 24...: one row per full tile."""

    __tablename__ = "ledger_node"
    __table_args__ = {"sqlite_with_rowid": False}  # as above

    origin: str = Field(primary_key=True)
    level: int = Field(sa_column=Column("level", Integer, primary_key=True, autoincrement=False))
    index: int = Field(sa_column=Column("index", Integer, primary_key=True, autoincrement=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


ENTRIES: Table = LedgerEntry.__table__  # type: ignore[attr-defined]  # SQLModel declares it only at run time
NODES: Table = LedgerNode.__table__  # type: ignore[attr-defined]  # as above

_TRIGGERS = {
    "ledger_entry_no_update": "BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "ledger_entry_no_delete": "BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "ledger_entry_next_only": """BEFORE INSERT ON ledger_entry
        WHEN NEW."index" IS NOT (SELECT COALESCE(MAX("index") + 1, 0) FROM ledger_entry WHERE origin = NEW.origin)
        BEGIN SELECT RAISE(ABORT, 'the ledger takes only the next entry'); END""",
    "ledger_node_no_update": "BEFORE UPDATE ON ledger_node BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "ledger_node_no_delete": "BEFORE DELETE ON ledger_node BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "ledger_node_next_only": """BEFORE INSERT ON ledger_node
        WHEN NEW."index" IS NOT
             (SELECT COALESCE(MAX("index") + 1, 0) FROM ledger_node WHERE origin = NEW.origin AND level = NEW.level)
        BEGIN SELECT RAISE(ABORT, 'the ledger takes only the next node'); END""",
}


def create_tables(engine: Engine) -> None:
    """Creates tables and triggers where they are missing. Raises LfrError when the tables are there without their triggers."""
    SQLModel.metadata.create_all(engine, tables=[ENTRIES, NODES])
    with engine.connect() as connection:
        _require_sqlite(connection)
        found = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars())
        columns = {name: {c["name"] for c in inspect(connection).get_columns(name)} for name in ("ledger_entry", "ledger_node")}
    if missing := sorted(set(_TRIGGERS) - found):
        raise LfrError(
            f"the ledger has lost its triggers ({', '.join(missing)}): somebody altered the database",
            next_step="compare it with the last checkpoint that a witness cosigned, with lfr-verify",
        )
    if columns != {"ledger_entry": {c.name for c in ENTRIES.columns}, "ledger_node": {c.name for c in NODES.columns}}:
        raise LfrError("the ledger tables are not the ones this version writes", next_step="use the version that made them")


def _install_triggers(_table: Table, connection: Connection, **_kw: Any) -> None:
    """With the tables and only with them: they never exist unprotected, and a dropped trigger is not put back silently."""
    _require_sqlite(connection)
    for name, definition in _TRIGGERS.items():
        if f" ON {_table.name}" in definition:
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {definition}")


def _require_sqlite(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        raise LfrError(
            f"the ledger's triggers are written for SQLite, not for {connection.dialect.name}", next_step="keep the ledger in a SQLite file"
        )


event.listen(ENTRIES, "after_create", _install_triggers)
event.listen(NODES, "after_create", _install_triggers)
