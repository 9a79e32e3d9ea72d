"""One deployment on one page, in the same seven parts for everybody."""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from governance.events import Event, read_entry
from governance.figures import Figures, count
from governance.messages.payload import parse
from governance.messages.record import DeploymentRecord
from governance.messages.roster import Role
from governance.office import applications, authorities, records, syncing
from governance.office.authorities import GrantedAuthority
from governance.office.records import PublishedRecord
from governance.office.syncing import TakenSync
from lfr_engine.errors import BadInput
from webui.office.access import allow, office
from webui.office.applications import READERS, names
from webui.office.place_map import zone_map

pages = Blueprint("deployments", __name__)
# The list, the authority and the figures name nobody; whoever governs may read them, whoever only applies may too (R72).
SEALING_EVENTS = {"unit_key.received", "bundle.sealed"}


@dataclass(frozen=True, slots=True)
class UnitStory:
    """What the unit's own ledger says, as far as it has been synced."""

    synced: TakenSync | None
    figures: Figures | None
    events: tuple[tuple[int, Event], ...]

    @property
    def state(self) -> str:
        """One word for how far it is."""
        types = {event.type for _, event in self.events}
        if "purge.done" in types:
            return "purged"
        if "matching.stopped" in types:
            return "ended"
        return "active" if "matching.started" in types else "authorised"


@pages.get("/deployments")
@allow(*READERS)
def listing() -> str:
    """All that were authorised, newest first."""
    with office().read() as session:
        rows = applications.listing(session, states=("authorised",))
        published = {one.deployment_id for one in records.published(session)}
    return render_template("office/deployments.html", title="Deployments", rows=rows, published=published)


@pages.get("/deployments/<uuid:deployment_id>")
@allow(*READERS)
def page(deployment_id: UUID) -> str:
    """Application, Watchlist, Authority, Live, Outcomes, Records, Ledger."""
    with office().read() as session:
        granted = _granted(session, deployment_id)
        row = applications.get(session, granted.application_id)
        story = _story(session, granted)
        record = _record(session, granted)
        own = _office_events(session, granted.deployment_id)
    authority = granted.authority
    return render_template(
        "office/deployment.html",
        title=authority.operation,
        row=row,
        granted=granted,
        authority=authority,
        story=story,
        record=parse(record.document, DeploymentRecord).body if record else None,
        record_decision=record.decision if record else "",
        sealed=[event for _, event in own if event.type in SEALING_EVENTS],
        events=own,
        names=names(),
        map=zone_map(authority.place.polygon, authority.place.name),
    )


@pages.post("/deployments/<uuid:deployment_id>/witness")
@allow(Role.AUTHORISING_OFFICER, Role.COMPILER, Role.SILVER)
def witness(deployment_id: UUID) -> AnyResponse:
    """Ask the witnesses again for an authority that has no proof yet."""
    with office().read() as session:
        _granted(session, deployment_id)
    authorities.attach_proof(office(), str(deployment_id))
    flash("The witnesses have signed. A unit can now check the authority offline.", "success")
    return redirect(url_for("deployments.page", deployment_id=deployment_id))


@pages.get("/deployments/<uuid:deployment_id>/record.json")
@allow(*READERS)
def record_json(deployment_id: UUID) -> Response:
    """The published record, the exact bytes that were asserted."""
    with office().read() as session:
        record = _record(session, _granted(session, deployment_id))
    if record is None:
        abort(404)
    return Response(record.document, mimetype="application/json")


def _granted(session: Session, deployment_id: UUID) -> GrantedAuthority:
    try:
        return authorities.of_deployment(session, str(deployment_id))
    except BadInput:
        abort(404)


def _record(session: Session, granted: GrantedAuthority) -> PublishedRecord | None:
    return next((one for one in records.published(session) if one.deployment_id == granted.deployment_id), None)


def _story(session: Session, granted: GrantedAuthority) -> UnitStory:
    synced = syncing.newest_sync(session, granted.unit_id)
    if synced is None:
        return UnitStory(None, None, ())
    entries = list(syncing.unit_entries(office(), session, granted.unit_id))
    read = [(index, read_entry(entry)[0]) for index, entry in enumerate(entries)]
    events = tuple((index, event) for index, event in read if event.deployment == granted.deployment_id)
    return UnitStory(synced, count(entries, granted.deployment_id), events)


def _office_events(session: Session, deployment_id: str) -> list[tuple[int, Event]]:
    log = office().log
    read = ((index, read_entry(entry)[0]) for index, entry in enumerate(log.entries(session, 0, log.size(session))))
    return [(index, event) for index, event in read if event.deployment == deployment_id]
