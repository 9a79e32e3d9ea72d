"""Registered tests: a plan is logged and cosigned before its first run, and every run of it is logged, aborted ones included (R100).

A run begins only when a cosigned checkpoint covers its plan, so that nobody can write the plan afterwards. It is entered
before anything is measured; a process that is killed leaves it open, and open it stays on every certificate of this plan.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Field, Session, SQLModel, col, select

from governance.events import PlanRegistered, RunEnded, RunStarted
from governance.ledger.checkpoint import parse_checkpoint
from governance.ledger.note import split_note
from governance.messages.certificate import RunLine
from governance.messages.model import ModelState
from governance.messages.payload import digest_of, opened
from governance.messages.plan import Plan
from governance.office import register
from governance.office.store import Actor, Office
from governance.office.witnessing import cosigned_checkpoint, newest_checkpoint
from governance.rules.model_states import Cause
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, Refused
from watchlist.sealing.keys import VerifyingKey


class RegisteredPlan(SQLModel, table=True):
    """A plan by digest; `entry_index` is its place in the office's ledger."""

    __tablename__ = "plan"

    digest: str = Field(primary_key=True)
    pipeline_digest: str = Field(index=True)
    registered_at: str
    entry_index: int


class PlanRun(SQLModel, table=True):
    """One run. `outcome` is empty until it ended."""

    __tablename__ = "plan_run"

    plan: str = Field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    began_at: str
    outcome: str = ""
    result: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that has begun: what to measure against."""

    digest: str
    ordinal: int
    plan: Plan


def register_plan(office: Office, envelope: bytes) -> str:
    """Check that a test body of the roster signed it, keep it, log it, have it cosigned; its digest.

    Raises VerificationFailed or Refused (R37); the last witness's error where too few answer: then it is logged, but no run
    of it can begin yet.
    """
    plan = read_plan(office, envelope)
    digest = office.keep_object(envelope)
    actor = Actor(plan.issuer, "test_body")
    with office.transaction() as session:
        if session.get(RegisteredPlan, digest) is None:
            register.ensure(
                office,
                session,
                model=plan.pack,
                pack_digest=plan.pack_digest,
                pipeline_digest=plan.pipeline_digest,
                facts=plan.pipeline,
                actor=actor,
            )
            index = office.record(session, PlanRegistered(plan=digest, pipeline_digest=plan.pipeline_digest), actor, objects=(digest,))
            now = format_utc(office.clock.now_utc())
            session.add(RegisteredPlan(digest=digest, pipeline_digest=plan.pipeline_digest, registered_at=now, entry_index=index))
    cosigned_checkpoint(office)
    return digest


def read_plan(office: Office, envelope: bytes) -> Plan:
    """The plan in an envelope signed by the test body it names."""
    keys = [VerifyingKey.from_text(body.spki) for body in office.roster.roster.test_bodies]
    claimed = opened(envelope, Plan, keys).body
    payload = opened(envelope, Plan, [VerifyingKey.from_text(office.roster.test_body(claimed.issuer).spki)])
    office.require_mode(payload.mode, rule_id="R37")
    if digest_of(payload.body.pipeline.encode()) != payload.body.pipeline_digest:
        raise BadInput("the plan spells out another pipeline than its digest names")
    return payload.body


def begin(office: Office, envelope: bytes, *, pipeline_digest: str, data: Mapping[str, str]) -> Begun:
    """Enter the next run of a plan, before anything is measured. `data`: role to digest, as measured now.

    Raises Refused (R100) for a plan that was never registered or is not cosigned, and where pipeline or material are not
    those it names: that would be another test.
    """
    digest, plan = digest_of(envelope), read_plan(office, envelope)
    with office.read() as session:
        row = session.get(RegisteredPlan, digest)
    if row is None:
        raise Refused(
            "this plan is not in the office's ledger", rule_ids=("R100",), next_step="register it before the run: lfr evaluate plan"
        )
    if pipeline_digest != plan.pipeline_digest:
        raise Refused(
            "the pipeline here is not the one this plan is about", rule_ids=("R100",), next_step="register a plan for this pipeline"
        )
    planned = {one.role: one.digest for one in plan.data}
    if different := sorted(role for role in planned.keys() | data.keys() if planned.get(role) != data.get(role)):
        raise Refused(
            f"the material is not the one this plan names: {', '.join(different)}",
            rule_ids=("R100",),
            next_step="bring the planned material, or register another plan",
        )
    _require_cosigned(office, row.entry_index)
    with office.transaction() as session:
        ordinal = len(_runs(session, digest)) + 1
        session.add(PlanRun(plan=digest, ordinal=ordinal, began_at=format_utc(office.clock.now_utc())))
        office.record(session, RunStarted(plan=digest, ordinal=ordinal), Actor(plan.issuer, "test_body"), objects=(digest,))
    return Begun(digest, ordinal, plan)


def end(office: Office, begun: Begun, result: bytes | None) -> RunLine:
    """Enter how a run ended: `result` is the exact bytes of its JSON, None when it was aborted. The criteria decide, nobody else."""
    outcome = "aborted" if result is None else ("passed" if passes(begun.plan, result) else "failed")
    digest = None if result is None else digest_of(result)
    actor = Actor(begun.plan.issuer, "test_body")
    with office.transaction() as session:
        row = session.get(PlanRun, (begun.digest, begun.ordinal))
        if row is None or row.outcome:
            raise BadInput(f"run {begun.ordinal} of this plan has ended already, or never began")
        row.outcome, row.result = outcome, digest
        session.add(row)
        body = RunEnded.model_validate({"plan": begun.digest, "ordinal": begun.ordinal, "outcome": outcome, "result": digest})
        office.record(session, body, actor, objects=(begun.digest,))
        pipeline = register.get(session, begun.plan.pipeline_digest)
        if outcome == "passed" and pipeline.model_state is ModelState.REGISTERED:
            register.move(office, session, pipeline, ModelState.TESTED, Cause.RUN_PASSED, actor)
    return _line(row)


def passes(plan: Plan, result: bytes) -> bool:
    """Whether the figures reach every criterion of the plan. What is no JSON reaches none."""
    try:
        figures = json.loads(result)
    except ValueError:
        return False
    return all(criterion.met_by(figures) for criterion in plan.criteria)


def runs(office: Office, plan: str) -> tuple[RunLine, ...]:
    """Every run of a plan so far, in order."""
    with office.read() as session:
        return tuple(_line(row) for row in _runs(session, plan))


def _runs(session: Session, plan: str) -> list[PlanRun]:
    return list(session.exec(select(PlanRun).where(PlanRun.plan == plan).order_by(col(PlanRun.ordinal))))


def _line(row: PlanRun) -> RunLine:
    fields = {"ordinal": row.ordinal, "began_at": row.began_at, "outcome": row.outcome or "open", "result": row.result}
    return RunLine.model_validate(fields)


def _require_cosigned(office: Office, index: int) -> None:
    newest = newest_checkpoint(office)
    if newest is None or parse_checkpoint(split_note(newest)[0]).size <= index:
        cosigned_checkpoint(office)
