"""The triggers that keep the ledger's tables append-only, in the words of each database.

An entry's index must be the next one: a gap, a second entry at one index and REPLACE are refused before anything is written;
UPDATE and DELETE always, and on PostgreSQL TRUNCATE. Triggers catch mistakes. Against an owner who drops them there are the
witnesses.
"""

from sqlalchemy import Connection

from lfr_engine.errors import LfrError

_NEXT = {
    "ledger_entry": 'SELECT COALESCE(MAX("index") + 1, 0) FROM ledger_entry WHERE origin = NEW.origin',
    "ledger_node": 'SELECT COALESCE(MAX("index") + 1, 0) FROM ledger_node WHERE origin = NEW.origin AND level = NEW.level',
}
_NEVER, _ONLY_NEXT = "the ledger is append-only", "the ledger takes only the next one"


def install(connection: Connection, table: str) -> None:
    """With the table and only with it: it never exists unprotected, and a dropped trigger is not put back silently."""
    for statement in _statements(connection, table):
        connection.exec_driver_sql(statement)


def missing(connection: Connection) -> list[str]:
    """The triggers that should be there and are not, or are switched off."""
    if connection.dialect.name == "sqlite":
        found = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars())
    else:
        found = set(
            connection.exec_driver_sql("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal").scalars()
        )
    return sorted({name for table in _NEXT for name in _names(connection, table)} - found)


def _names(connection: Connection, table: str) -> list[str]:
    kinds = ["no_update", "no_delete", "next_only"] + ([] if connection.dialect.name == "sqlite" else ["no_truncate"])
    return [f"{table}_{kind}" for kind in kinds]


def _statements(connection: Connection, table: str) -> list[str]:
    if connection.dialect.name == "sqlite":
        never = f"BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END"
        return [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {never}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {never}",
            f'CREATE TRIGGER {table}_next_only BEFORE INSERT ON {table} WHEN NEW."index" IS NOT ({_NEXT[table]}) '
            f"BEGIN SELECT RAISE(ABORT, '{_ONLY_NEXT}'); END",
        ]
    if connection.dialect.name == "postgresql":
        return [
            f"CREATE FUNCTION {table}_never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_NEVER}'; END $$",
            f"CREATE FUNCTION {table}_next() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.\"index\" IS DISTINCT FROM ({_NEXT[table]}) THEN RAISE EXCEPTION '{_ONLY_NEXT}'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_never()",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_never()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_never()",
            f"CREATE TRIGGER {table}_next_only BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_next()",
        ]
    raise LfrError(f"the ledger's triggers are not written for {connection.dialect.name}", next_step="use SQLite or PostgreSQL")
