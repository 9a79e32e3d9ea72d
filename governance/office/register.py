"""The model register: every pipeline the office knows, where it stands, and each step it took, as events (R98, R99, R102).

A pipeline is a model in one exact configuration. Another file, setting, runtime or precision has another digest and is a new
version: it starts from `registered` and inherits the cumulative monitors of the version before it.
"""

from sqlmodel import Field, Session, SQLModel, col, select

from governance.events import PipelineMoved, PipelineRegistered, ReviewCleared
from governance.messages.model import Cumulative, ModelStanding, ModelState, Need
from governance.messages.payload import Mode
from governance.monitors.false_alerts import look
from governance.office.store import OFFICE, Actor, Office
from governance.rules.model_states import Cause, require_allowed, still_needed
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, Refused


class RegisteredPipeline(SQLModel, table=True):
    """One version. `needs` are the codes of what its review still lacks; `reviews` counts the reviews of a monitor cleared so far,
    `monitor_review` says that one is open."""

    __tablename__ = "pipeline"

    pipeline_digest: str = Field(primary_key=True)
    model: str = Field(index=True)
    pack_digest: str
    facts: str
    predecessor: str | None
    registered_at: str = Field(index=True)
    state: str
    since: str
    needs: str = ""
    reviews: int = 0
    monitor_review: bool = False

    @property
    def model_state(self) -> ModelState:
        return ModelState(self.state)

    @property
    def open_needs(self) -> tuple[Need, ...]:
        return tuple(Need(code) for code in self.needs.split())


class MonitoredDeployment(SQLModel, table=True):
    """What one deployment adds to its pipeline's cumulative monitor, as far as it has been synced."""

    __tablename__ = "monitored_deployment"

    deployment_id: str = Field(primary_key=True)
    pipeline_digest: str = Field(index=True)
    reviews: int
    passages: int
    false_alerts: int
    undecided: int


def ensure(office: Office, session: Session, *, model: str, pack_digest: str, pipeline_digest: str, facts: str, actor: Actor) -> None:
    """Register a version that is not known yet; the newest one of the same model is its predecessor."""
    if session.get(RegisteredPipeline, pipeline_digest) is not None:
        return
    versions = session.exec(select(RegisteredPipeline).where(RegisteredPipeline.model == model)).all()
    followed = {one.predecessor for one in versions}
    newest = next((one for one in versions if one.pipeline_digest not in followed), None)
    now = format_utc(office.clock.now_utc())
    session.add(
        RegisteredPipeline(
            pipeline_digest=pipeline_digest,
            model=model,
            pack_digest=pack_digest,
            facts=facts,
            predecessor=newest.pipeline_digest if newest else None,
            registered_at=now,
            state=ModelState.REGISTERED.value,
            since=now,
            reviews=newest.reviews if newest else 0,
        )
    )
    session.flush()
    office.record(
        session,
        PipelineRegistered(
            model=model,
            pipeline_digest=pipeline_digest,
            pack_digest=pack_digest,
            predecessor=newest.pipeline_digest if newest else None,
        ),
        actor,
    )


def get(session: Session, pipeline_digest: str) -> RegisteredPipeline:
    """Raises Refused (R98) for a pipeline the register does not have."""
    row = session.get(RegisteredPipeline, pipeline_digest)
    if row is None:
        raise Refused(
            "this pipeline is not in the model register", rule_ids=("R98",), next_step="lfr evaluate plan, then lfr models certify"
        )
    return row


def listing(session: Session) -> list[RegisteredPipeline]:
    """All versions, newest first."""
    return list(session.exec(select(RegisteredPipeline).order_by(col(RegisteredPipeline.registered_at).desc())))


def move(office: Office, session: Session, row: RegisteredPipeline, becomes: ModelState, cause: Cause, actor: Actor) -> None:
    """One step, logged in the same transaction. Raises Refused (R98) on a step the state machine does not have.

    What a review still lacks outlives a suspension: nobody sheds a retest by pausing.
    """
    was = row.model_state
    require_allowed(was, becomes, cause)
    lacking = still_needed(row.open_needs, becomes, cause)
    needs = lacking if becomes is ModelState.UNDER_REVIEW else ()
    row.state, row.since = becomes.value, format_utc(office.clock.now_utc())
    row.needs = " ".join(need.value for need in lacking)
    row.monitor_review |= cause is Cause.MONITOR
    if cause is Cause.CLEARED:
        row.reviews, row.monitor_review = row.reviews + row.monitor_review, False
    session.add(row)
    body = PipelineMoved(pipeline_digest=row.pipeline_digest, was=was, becomes=becomes, cause=cause, needs=needs)
    office.record(session, body, actor)


def clear(office: Office, session: Session, row: RegisteredPipeline, need: Need, evidence: str, actor: Actor) -> None:
    """Enter that something a review needed was done, shown by the object or document with this digest.

    With the last of them the pipeline is certified again. Where a monitor had opened the review, it starts anew, and what it held
    stays on record; where it passed its limit meanwhile, its own review follows first. Raises BadInput where the review does not
    wait for this.
    """
    if row.model_state is not ModelState.UNDER_REVIEW or need not in row.open_needs:
        raise BadInput(f"no review of this pipeline waits for {need.value.replace('_', ' ')}")
    office.record(session, ReviewCleared(pipeline_digest=row.pipeline_digest, need=need, evidence=evidence), actor)
    row.needs = " ".join(one.value for one in row.open_needs if one is not need)
    session.add(row)
    if row.needs:
        return
    if not row.monitor_review and past_limit(office, session, row):
        move(office, session, row, ModelState.UNDER_REVIEW, Cause.MONITOR, OFFICE)
    else:
        move(office, session, row, ModelState.CERTIFIED, Cause.CLEARED, actor)


def past_limit(office: Office, session: Session, row: RegisteredPipeline) -> bool:
    """Whether this version's cumulative monitor, what it inherited included, stands past its limit; only shown in a demonstration."""
    return office.mode is not Mode.DEMONSTRATION and look(cumulative(session, row)).breached


def cumulative(session: Session, row: RegisteredPipeline) -> Cumulative:
    """This version and every one before it, since the last review was cleared: a new version starts with their past (R79)."""
    folded = session.exec(
        select(MonitoredDeployment).where(
            col(MonitoredDeployment.pipeline_digest).in_(lineage(session, row)),
            MonitoredDeployment.reviews == row.reviews,
        )
    ).all()
    return Cumulative(
        reviews=row.reviews,
        passages=sum(one.passages for one in folded),
        false_alerts=sum(one.false_alerts for one in folded),
        undecided=sum(one.undecided for one in folded),
    )


def standing(session: Session, pipeline_digest: str) -> ModelStanding:
    """What travels with a sealed list."""
    row = get(session, pipeline_digest)
    return ModelStanding(pipeline_digest=pipeline_digest, state=row.model_state, since=row.since, cumulative=cumulative(session, row))


def lineage(session: Session, row: RegisteredPipeline) -> list[str]:
    """The digests of this version and of every one before it."""
    found = [row.pipeline_digest]
    while row.predecessor is not None and row.predecessor not in found:
        row = get(session, row.predecessor)
        found.append(row.pipeline_digest)
    return found
