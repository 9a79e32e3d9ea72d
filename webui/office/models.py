"""The model register: what may match, how it was tested, what it is known not to do, and every step it took (R98, R99, R102)."""

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, render_template
from sqlmodel import Session

from governance.events import Event, read_entry
from governance.messages.certificate import Certificate
from governance.monitors.false_alerts import Monitored, look
from governance.office import certificates, register
from governance.office.register import RegisteredPipeline
from lfr_engine.errors import Refused
from webui.office.access import allow, office
from webui.office.applications import READERS

pages = Blueprint("models", __name__)
_CHANGES = frozenset({"pipeline.registered", "pipeline.moved", "review.cleared", "pipeline.monitored", "groups.monitored"})
_TESTS = frozenset({"plan.registered", "run.started", "run.ended"})


@dataclass(frozen=True, slots=True)
class Line:
    """A pipeline in the list of all."""

    row: RegisteredPipeline
    monitored: Monitored
    certificates: int


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate as it is shown."""

    digest: str
    body: Certificate


@pages.get("/models")
@allow(*READERS)
def listing() -> str:
    """Every pipeline, newest first."""
    with office().read() as session:
        lines = [
            Line(row, look(register.cumulative(session, row)), len(certificates.of_pipeline(session, row.pipeline_digest)))
            for row in register.listing(session)
        ]
    return render_template("office/models.html", title="Model register", lines=lines)


@pages.get("/models/<string(length=64):digest>")
@allow(*READERS)
def page(digest: str) -> str:
    """One pipeline: state, certificates, figures, parts, and its change log."""
    with office().read() as session:
        try:
            row = register.get(session, f"sha256:{digest}")
        except Refused:
            abort(404)
        held = [Held(one.digest, _certificate(one.digest)) for one in certificates.of_pipeline(session, row.pipeline_digest)]
        monitored = look(register.cumulative(session, row))
        plans = {one.plan for each in held for one in each.body.evidence}
        events = _events(session, row.pipeline_digest, plans)
    return render_template(
        "office/model.html",
        title=row.model,
        row=row,
        held=held,
        monitored=monitored,
        parts=list(_parts(json.loads(row.facts))),
        events=events,
    )


def _certificate(digest: str) -> Certificate:
    return certificates.read(office(), office().object_bytes(digest))


def _events(session: Session, pipeline: str, plans: set[str]) -> list[tuple[int, Event]]:
    """The change log is the ledger itself, newest first."""
    log = office().log
    read = ((index, read_entry(entry)[0]) for index, entry in enumerate(log.entries(session, 0, log.size(session))))
    own = [
        (index, event)
        for index, event in read
        if (event.type in _CHANGES | _TESTS or event.type == "certificate.registered")
        and (event.body.get("pipeline_digest") == pipeline or event.body.get("plan") in plans)
    ]
    return own[::-1]


def _parts(facts: Any, path: str = "") -> list[tuple[str, str]]:
    """Everything that decides who is alerted on, as name and value."""
    if not isinstance(facts, dict):
        return [(path, str(facts))]
    return [part for name, one in facts.items() for part in _parts(one, f"{path}.{name}" if path else name)]
