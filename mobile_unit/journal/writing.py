"""Opens the journal and carries out requests, each in one transaction: the row, its event, or neither."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlmodel import Session, SQLModel

from governance.home import UnitHome
from governance.ledger.database import open_database
from governance.ledger.log import Log
from governance.messages.payload import Strict
from lfr_engine.clock import Clock
from mobile_unit.identity import Identity
from mobile_unit.journal import alerts, asking, deployments, drills, looking, packages
from mobile_unit.journal.book import Book
from mobile_unit.journal.tables import TABLES

_HANDLERS: dict[type[Strict], Callable[[Book, Any], Strict]] = {
    asking.Prepare: deployments.prepare,
    asking.GateSaidNo: deployments.gate_said_no,
    asking.GateSaidYes: deployments.gate_said_yes,
    asking.Start: deployments.start,
    asking.CountPassers: deployments.count_passers,
    asking.Pause: deployments.pause,
    asking.Resume: deployments.resume,
    asking.Trip: deployments.trip,
    asking.Release: deployments.release,
    asking.Stop: deployments.stop,
    asking.Order: deployments.order,
    asking.TakeOrder: deployments.take_order,
    asking.Purged: deployments.purged,
    asking.LookAtDeployment: looking.look_at_deployment,
    asking.LookAtUnit: looking.look_at_unit,
    asking.LookAtLedger: looking.look_at_ledger,
    asking.Raise: alerts.raise_alert,
    asking.Show: alerts.show,
    asking.Adjudicate: alerts.adjudicate,
    asking.Resolve: alerts.resolve,
    asking.ErasePurged: alerts.erase_purged,
    asking.EraseDue: alerts.erase_due,
    asking.LookAtAlerts: looking.look_at_alerts,
    asking.Package: packages.package,
    asking.ScheduleDrill: drills.schedule,
    asking.Walked: drills.walked,
    asking.Recognised: drills.recognised,
    asking.LookAtDrill: drills.look_at_drill,
}
_ERASING = (asking.ErasePurged, asking.EraseDue)


class Journal:
    """The one writer of a unit's database. Not for two threads at a time: its process holds a lock around `carry_out`."""

    def __init__(self, home: UnitHome, identity: Identity, clock: Clock) -> None:
        self._engine = open_database(home.journal)
        event.listen(self._engine, "connect", _erase_for_good)
        self._identity, self._clock = identity, clock
        self._log = Log(identity.origin)
        self._log.create(self._engine)
        SQLModel.metadata.create_all(self._engine, tables=TABLES)

    def carry_out(self, request: asking.Request) -> Strict:
        """The answer, once it is durable. Whatever is raised, nothing was changed."""
        with Session(self._engine, expire_on_commit=False) as session:
            book = Book(session=session, log=self._log, identity=self._identity, clock=self._clock)
            answer = _HANDLERS[type(request)](book, request)
            session.commit()
        if isinstance(request, _ERASING):
            _forget_old_pages(self._engine)
        return answer

    def close(self) -> None:
        self._engine.dispose()


def _erase_for_good(connection: DBAPIConnection, _record: Any) -> None:
    """Deleted content is overwritten with zeroes in the file, not only unlinked from it."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _forget_old_pages(engine: Engine) -> None:
    """Pages from before an erasure live on in the write-ahead log until it is folded into the database and cut."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        raw.close()
