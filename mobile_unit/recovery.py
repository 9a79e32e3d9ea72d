"""After a power cut: end what was left running, finish every purge, erase what is due. Run as often as you like."""

from dataclasses import dataclass

from governance.home import UnitHome
from lfr_engine.clock import Clock
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.journal.tables import RUNNING, State
from mobile_unit.purge import Purge, purge
from mobile_unit.run_lock import only_run


@dataclass(frozen=True, slots=True)
class Recovery:
    """Deployments that had been left running, purges that are now done, alerts erased because their time had come."""

    ended: tuple[str, ...]
    purges: tuple[Purge, ...]
    erased: tuple[str, ...]


def recover(*, home: UnitHome, identity: Identity, journal: JournalClient, clock: Clock) -> Recovery:
    """Raises Refused when a deployment is running. Matching that a cut interrupted is never taken up again: it is purged."""
    with only_run(home):
        found = journal.ask(asking.LookAtUnit(), answers.UnitSeen).deployments
        running = tuple(one.deployment_id for one in found if one.state in RUNNING)
        for deployment_id in running:
            journal.ask(asking.Stop(deployment_id=deployment_id, who=identity.unit_id, reason="power_loss"), answers.Done)
        purges = tuple(
            purge(home=home, identity=identity, journal=journal, clock=clock, deployment_id=one.deployment_id)
            for one in found
            if one.deployment_id in running or one.state == State.ENDED
        )
        return Recovery(running, purges, journal.ask(asking.EraseDue(), answers.Erased).alert_ids)
