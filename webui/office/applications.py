"""Applications: the list, a new one, its task list, check answers, submit."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response

from governance.messages.roster import Role
from governance.office import applications, entries
from governance.office.applications import Application
from lfr_engine.errors import BadInput
from webui.office import forms
from webui.office.access import actor, allow, office, person
from webui.office.parts import PARTS, gaps, gaps_of
from webui.office.place_map import zone_map

pages = Blueprint("applications", __name__)
READERS = (
    Role.APPLICANT,
    Role.COMPILER,
    Role.AUTHORISING_OFFICER,
    Role.SILVER,
    Role.DPO,
    Role.OVERSIGHT,
)  # whoever is only an applicant sees their own
STATES = ("draft", "submitted", "returned", "refused", "authorised")
OPEN = ("draft", "returned")


class NewForm(forms.PageForm):
    """Only a name: everything else has its own page."""

    operation = forms.line("Name of the operation", "As people will call it, for example NORTHGATE. You can change it later")


@pages.get("/applications")
@allow(*READERS)
def listing() -> str:
    """Those the reader may see, by state."""
    state = request.args.get("state", "")
    chosen = (state,) if state in STATES else ()
    own = person().person_id if only_applicant() else None
    with office().read() as session:
        rows = applications.listing(session, applicant_id=own, states=chosen)
    return render_template("office/applications.html", title="Applications", rows=rows, states=STATES, state=state, names=names())


@pages.route("/applications/new", methods=["GET", "POST"])
@allow(Role.APPLICANT)
def new() -> str | Response | tuple[str, int]:
    """Start a draft with the few answers that are the same every time."""
    form = NewForm()
    if form.validate_on_submit():
        if len(form.operation.data) >= 3:
            usual: dict[str, Any] = {
                "operation": form.operation.data,
                "operating_forces": [office().force],
                "sensitive_places": [],
                "sensitive_rationale": "",
                "documents": [],
                "retention": {"alert_h": office().profile.alert_retention_h, "watchlist_after_end_h": 0, "cctv_d": 0},
                "notice_published_at": None,
            }
            row = applications.create(office(), actor(), usual)
            return redirect(url_for("applications.task_list", application_id=row.application_id))
        form.operation.errors = ["Give the operation a name of at least 3 characters"]
    return render_template("office/new_application.html", form=form, failed=bool(form.errors)), 400 if form.errors else 200


@pages.get("/applications/<uuid:application_id>")
@allow(*READERS)
def task_list(application_id: UUID) -> str:
    """What is done, what is not, and what comes next."""
    with office().read() as session:
        row = visible(session, application_id)
        found = entries.proposals(session, row.application_id)
    tasks = [{"part": part, "gaps": gaps_of(row, part.slug)} for part in PARTS.values()]
    people = {
        "kept": sum(one.state == "kept" for one in found),
        "to_review": sum(one.state == "collected" for one in found),
        "total": len(found),
    }
    return render_template(
        "office/task_list.html", title=row.title, row=row, tasks=tasks, people=people, editable=editable(row), names=names()
    )


@pages.get("/applications/<uuid:application_id>/check")
@allow(*READERS)
def check(application_id: UUID) -> str:
    """Everything on one page, as it will be put before the officer."""
    with office().read() as session:
        row = visible(session, application_id)
        kept = len(entries.kept(session, row.application_id))
        to_review = sum(one.state == "collected" for one in entries.proposals(session, row.application_id))
    missing = gaps(row)
    if not kept:
        missing.append(("people", "Nobody is on the list: add people and have them reviewed"))
    if to_review:
        missing.append(("people", f"{to_review} people still wait for review"))
    draft = row.draft
    return render_template(
        "office/check_answers.html",
        title="Check the application",
        row=row,
        draft=draft,
        missing=missing,
        kept=kept,
        editable=editable(row),
        names=names(),
        map=zone_map(draft.get("place", {}).get("polygon", ()), draft.get("place", {}).get("name", "")),
        failed=bool(missing) and editable(row),
    )


@pages.post("/applications/<uuid:application_id>/submit")
@allow(Role.APPLICANT)
def submit(application_id: UUID) -> Response:
    """Hand it to the authorising officers. An empty or unreviewed list is refused here already (R18, R19)."""
    with office().read() as session:
        found = entries.proposals(session, str(application_id))
    if not any(one.state == "kept" for one in found) or any(one.state == "collected" for one in found):
        raise BadInput(
            "the list is empty, or somebody on it still waits for review",
            rule_ids=("R18", "R19"),
            next_step="finish the review, then submit",
        )
    applications.submit(office(), actor(), str(application_id))
    flash("The application now waits for an authorising officer.", "success")
    return redirect(url_for("applications.task_list", application_id=application_id))


def visible(session: Session, application_id: UUID) -> Application:
    """The application, or 404 where there is none that this person may see."""
    try:
        row = applications.get(session, str(application_id))
    except BadInput:
        abort(404)
    if only_applicant() and row.applicant_id != person().person_id:
        abort(404)
    return row


def editable(row: Application) -> bool:
    """Whether the person reading may change it: their own, not handed over."""
    return row.state in OPEN and row.applicant_id == person().person_id


def only_applicant() -> bool:
    """No role beyond applying (and what is done on the unit)."""
    return not set(person().roles) & (set(READERS) - {Role.APPLICANT})


def names() -> dict[str, str]:
    """Person id -> name, for pages."""
    return {one.person_id: one.name for one in office().roster.roster.persons}
