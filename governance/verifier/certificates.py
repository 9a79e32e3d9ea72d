"""Each certificate against the ledger: its plans were logged and cosigned before their runs, and it names every run of them.

Nobody can shop for a good result: a run that failed or was broken off before the certificate was registered stands on its
face, or the certificate does not hold. Every run of every plan is listed, also where no certificate came of it.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from .certificate import read_certificate
from .events import Event
from .evidence import Evidence
from .strict import Failed, Fields, as_datetime, count, digest, exactly, names, text, wire_time

LASTS_DAYS_MAX = 731  # R102: no certificate for more than 24 months
_BEGAN_TOLERANCE_S = 5.0
_EVIDENCE = frozenset({"plan", "run", "result", "runs"})
_RUN = frozenset({"ordinal", "began_at", "outcome", "result"})
_PLAN = names("title purpose test pack pack_digest pipeline_digest pipeline data_statement data thresholds criteria issuer")


@dataclass(slots=True)
class LoggedRun:
    """One run in the ledger; `ended` is None while nothing says how it went."""

    started: Event
    ended: Event | None = None

    def line(self, before: int) -> tuple[str, str | None]:
        """(outcome, result) as it stood at entry `before`."""
        if self.ended is None or self.ended.index >= before:
            return "open", None
        return text(self.ended.body, "outcome", 20), self.ended.body["result"]


@dataclass(slots=True)
class LoggedPlan:
    """A plan in the ledger and its runs in order."""

    registered: Event
    runs: list[LoggedRun] = field(default_factory=list)

    def told(self, before: int) -> str:
        """All runs in a line."""
        return ", ".join(f"run {number} {run.line(before)[0]}" for number, run in enumerate(self.runs, 1)) or "no run"


def check_certificates(evidence: Evidence) -> None:
    """Fills the subject `certificates`."""
    subject = evidence.report.subject("certificates")
    plans = _plans(evidence)
    certified: set[str] = set()
    for event in evidence.office.tests["certificate.registered"]:
        with subject.check(f"entry {event.index} of the office ledger"):
            body = _check(evidence, event, plans)
            certified.update(one["plan"] for one in body["evidence"])
            faces = "; ".join(_face(one, plans[one["plan"]], event.index) for one in body["evidence"])
            subject.facts.append(f"{body['pack']}: {faces}")
    for name, plan in plans.items():
        if plan.runs and name not in certified:
            subject.notes.append(f"plan {name[:19]}… led to no certificate: {plan.told(1 << 62)}")


def _plans(evidence: Evidence) -> dict[str, LoggedPlan]:
    """Every plan and run of the ledger; a run out of turn is a failure."""
    subject = evidence.report.subject("certificates")
    plans: dict[str, LoggedPlan] = {}
    open_runs: dict[tuple[str, int], LoggedRun] = {}
    for event in sorted(
        (one for kind in ("plan.registered", "run.started", "run.ended") for one in evidence.office.tests[kind]), key=_index
    ):
        with subject.check(f"entry {event.index} of the office ledger"):
            name = digest(event.body, "plan")
            if event.type == "plan.registered":
                if name in plans:
                    raise Failed("a plan is registered twice")
                plans[name] = LoggedPlan(event)
                continue
            plan, ordinal = plans.get(name), count(event.body, "ordinal")
            if plan is None:
                raise Failed("a run was logged before its plan")
            if event.type == "run.started":
                if ordinal != len(plan.runs) + 1:
                    raise Failed(f"run {ordinal} of a plan follows run {len(plan.runs)}")
                logged_at = evidence.logged_at(plan.registered.index)
                if logged_at is None or logged_at > event.at:
                    raise Failed("no witness had cosigned the plan when a run of it began")
                plan.runs.append(LoggedRun(event))
                open_runs[name, ordinal] = plan.runs[-1]
            elif (run := open_runs.pop((name, ordinal), None)) is None:
                raise Failed(f"run {ordinal} of a plan ended without having begun, or twice")
            else:
                run.ended = event
    return plans


def _check(evidence: Evidence, event: Event, plans: dict[str, LoggedPlan]) -> Fields:
    roster, objects = evidence.rosters.at(event.index), evidence.objects
    signed, _ = read_certificate(digest(event.body, "certificate"), roster, objects)
    body = signed.body
    if "sha256:" + hashlib.sha256(text(body, "pipeline").encode()).hexdigest() != digest(body, "pipeline_digest"):
        raise Failed("the pipeline that the certificate spells out does not have the digest it names")
    if body["pipeline_digest"] != event.body["pipeline_digest"]:
        raise Failed("the ledger registers the certificate for another pipeline")
    lasts = as_datetime(wire_time(body, "valid_to")) - as_datetime(signed.issued_at)
    if lasts.days > LASTS_DAYS_MAX:
        raise Failed(f"the certificate lasts {lasts.days} days")
    resting = body["evidence"]
    if not isinstance(resting, list) or not resting:
        raise Failed("the certificate rests on no run of any plan")
    for one in resting:
        exactly(one, _EVIDENCE, "the evidence of the certificate")
        _check_evidence(evidence, one, body, plans.get(digest(one, "plan")), event.index)
    return body


def _check_evidence(evidence: Evidence, one: Fields, certificate: Fields, plan: LoggedPlan | None, at: int) -> None:
    if plan is None or plan.registered.index >= at:
        raise Failed("the certificate names a plan that was not logged before it")
    key = evidence.rosters.at(plan.registered.index).test_bodies.get(text(certificate, "issuer"), (b"", False))[0]
    document = exactly(evidence.objects.signed_by(one["plan"], "plan", key).body, _PLAN, "the plan")
    if (document["pipeline_digest"], document["pack_digest"]) != (certificate["pipeline_digest"], certificate["pack_digest"]):
        raise Failed("the certificate's plan is about another pipeline")
    logged = [run for run in plan.runs if run.started.index < at]
    told = one["runs"]
    if not isinstance(told, list) or len(told) != len(logged):
        raise Failed(
            f"the certificate names {len(told) if isinstance(told, list) else 'no'} runs of its plan, the ledger has {len(logged)}"
        )
    for number, (line, run) in enumerate(zip(told, logged, strict=True), 1):
        _same_run(number, exactly(line, _RUN, "a run on the certificate"), run, at)
    own = count(one, "run")
    if not 1 <= own <= len(logged) or logged[own - 1].line(at) != ("passed", one["result"]):
        raise Failed("the certificate rests on a run that did not pass, or on another result than that run's")


def _same_run(number: int, line: dict[str, Any], run: LoggedRun, at: int) -> None:
    outcome, result = run.line(at)
    if (line["ordinal"], line["outcome"], line["result"]) != (number, outcome, result):
        raise Failed(f"the certificate says run {number} {str(line['outcome'])[:20]}, the ledger says {outcome}")
    if abs((as_datetime(wire_time(line, "began_at")) - as_datetime(run.started.at)).total_seconds()) > _BEGAN_TOLERANCE_S:
        raise Failed(f"the certificate gives run {number} another time than the ledger")


def _face(one: Fields, plan: LoggedPlan, at: int) -> str:
    return f"rests on run {one['run']} of {len(one['runs'])} ({plan.told(at)})"


def _index(event: Event) -> int:
    return event.index
