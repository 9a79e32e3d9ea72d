"""Folding a deployment into its pipeline's monitors when its ledger arrives, and what follows from it (R54, R55, R79).

A monitor that passes its limit puts the pipeline under review: human review, retest, and the ethics committee again. Until all
three are cleared no authority is granted, no list is sealed, and no gate opens for it. In a demonstration it is only shown.
"""

from collections.abc import Iterable

from sqlmodel import Session

from governance.events import GroupsMonitored, PipelineMonitored
from governance.figures import count
from governance.intervals import fixed
from governance.messages.model import ModelState
from governance.messages.payload import Mode
from governance.monitors.false_alerts import Monitored, look
from governance.monitors.groups import Compared
from governance.office import register
from governance.office.register import MonitoredDeployment, RegisteredPipeline
from governance.office.store import OFFICE, Actor, Office
from governance.rules.model_states import Cause
from lfr_engine.errors import VerificationFailed

_IN_USE = (ModelState.CERTIFIED, ModelState.OPERATIONAL)


def fold(office: Office, session: Session, *, deployment_id: str, pipeline_digest: str, entries: Iterable[bytes]) -> Monitored | None:
    """Take a deployment's figures as they stand now; None where it has not matched or its ledger does not add up.

    A ledger that does not add up cannot become a record either (R74), so nothing is gained by breaking it.
    """
    try:
        figures = count(entries, deployment_id)
    except VerificationFailed:
        return None
    if not figures.started_at:
        return None
    pipeline = register.get(session, pipeline_digest)
    row = session.get(MonitoredDeployment, deployment_id)
    told = (figures.passages, figures.false_alerts, figures.undecided)
    if row is None:
        row = MonitoredDeployment(
            deployment_id=deployment_id,
            pipeline_digest=pipeline_digest,
            reviews=pipeline.reviews,
            passages=0,
            false_alerts=0,
            undecided=0,
        )
    elif told == (row.passages, row.false_alerts, row.undecided):
        return None
    row.passages, row.false_alerts, row.undecided = told
    session.add(row)
    session.flush()
    monitored = look(register.cumulative(session, pipeline))
    counted = monitored.cumulative
    body = PipelineMonitored(
        pipeline_digest=pipeline_digest,
        reviews=counted.reviews,
        passages=counted.passages,
        false_alerts=counted.false_alerts,
        undecided=counted.undecided,
        lower=fixed(monitored.lower),
        lower_worst=fixed(monitored.lower_worst),
        breached=monitored.breached,
    )
    office.record(session, body, OFFICE, deployment=deployment_id)
    for version in register.listing(session) if monitored.breached else ():
        if pipeline_digest in register.lineage(session, version) and register.past_limit(office, session, version):
            _review(office, session, version)  # a later version has inherited these very counts
    return monitored


def compared(office: Office, session: Session, pipeline_digest: str, measure: str, table: str, found: Compared, actor: Actor) -> None:
    """Enter a comparison of groups; `table` is the digest of the counts it rests on. Two groups apart open a review."""
    body = GroupsMonitored.model_validate(
        {
            "pipeline_digest": pipeline_digest,
            "measure": measure,
            "groups": len(found.lines),
            "suppressed": found.suppressed,
            "table": table,
            "breached": found.breached,
        }
    )
    office.record(session, body, actor)
    if found.breached:
        _review(office, session, register.get(session, pipeline_digest))


def _review(office: Office, session: Session, pipeline: RegisteredPipeline) -> None:
    if office.mode is not Mode.DEMONSTRATION and pipeline.model_state in _IN_USE:
        register.move(office, session, pipeline, ModelState.UNDER_REVIEW, Cause.MONITOR, OFFICE)
