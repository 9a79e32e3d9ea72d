"""The two tables of a log. They come with the triggers that keep them append-only, and never without."""

from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, LargeBinary, Table, event, inspect
from sqlmodel import Field, SQLModel

from governance.ledger import triggers
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


def create_tables(engine: Engine) -> None:
    """Creates tables and triggers where they are missing. Raises LfrError when the tables are there without their triggers."""
    SQLModel.metadata.create_all(engine, tables=[ENTRIES, NODES])
    with engine.connect() as connection:
        lost = triggers.missing(connection)
        columns = {name: {c["name"] for c in inspect(connection).get_columns(name)} for name in ("ledger_entry", "ledger_node")}
    if lost:
        raise LfrError(
            f"the ledger has lost its triggers ({', '.join(lost)}): somebody altered the database",
            next_step="compare it with the last checkpoint that a witness cosigned, with lfr-verify",
        )
    if columns != {"ledger_entry": {c.name for c in ENTRIES.columns}, "ledger_node": {c.name for c in NODES.columns}}:
        raise LfrError("the ledger tables are not the ones this version writes", next_step="use the version that made them")


def _install_triggers(table: Table, connection: Connection, **_kw: Any) -> None:
    triggers.install(connection, table.name)


event.listen(ENTRIES, "after_create", _install_triggers)
event.listen(NODES, "after_create", _install_triggers)
