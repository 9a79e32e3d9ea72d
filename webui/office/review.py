"""The review queue: one person a screen, kept or removed with a reason by somebody who did not propose them (R4, R18, R19)."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from governance.messages.roster import Role
from governance.office import entries, photo_hints, risk
from lfr_engine.errors import BadInput
from watchlist.background import WHAT_TO_DO
from webui.office import forms
from webui.office.access import actor, allow, office, person
from webui.office.applications import visible

pages = Blueprint("review", __name__)


class ReviewForm(forms.PageForm):
    """The reason is needed for removing only."""

    reason = forms.line("Reason for removing", "For example: no longer wanted; wrong person; photo unusable")


@pages.get("/applications/<uuid:application_id>/review")
@allow(Role.COMPILER, Role.APPLICANT)
def queue(application_id: UUID) -> Response | str:
    """Go to the next person who waits for this reviewer, or say that nobody does."""
    with office().read() as rows:
        row = visible(rows, application_id)
        waiting = [one for one in entries.proposals(rows, row.application_id) if one.state == "collected"]
    mine = [one for one in waiting if one.described["proposer_id"] != person().person_id]
    if mine:
        return redirect(url_for("review.page", application_id=application_id, entry_id=mine[0].entry_id))
    return render_template("office/review_done.html", title="Review", row=row, others=len(waiting))


@pages.get("/applications/<uuid:application_id>/review/<uuid:entry_id>")
@allow(Role.COMPILER, Role.APPLICANT)
def page(application_id: UUID, entry_id: UUID) -> str:
    """One person: what is claimed, the photo once a reason for looking is given, and the decision."""
    return _show(application_id, entry_id, ReviewForm())


@pages.post("/applications/<uuid:application_id>/review/<uuid:entry_id>")
@allow(Role.COMPILER, Role.APPLICANT)
def decide(application_id: UUID, entry_id: UUID) -> Response | tuple[str, int]:
    """Keep or remove, then go to the next. Either can be changed for as long as the application is open."""
    keep = request.form.get("verdict") == "keep"
    form = ReviewForm()
    if request.form.get("verdict") not in {"keep", "remove"}:
        return _show(application_id, entry_id, form, problem="Choose keep or remove"), 400
    if not form.validate():
        return _show(application_id, entry_id, form), 400
    try:
        done = entries.review(office(), actor(), str(application_id), str(entry_id), keep=keep, reason=form.reason.data)
    except BadInput as error:
        form.reason.errors = [f"{error.message[:1].upper()}{error.message[1:]}"]
        return _show(application_id, entry_id, form), 400
    session["last_review"] = str(entry_id)
    if request.form.get("again"):
        flash(f"Your decision on {done.described['subject_ref']} was changed.", "success")
    return redirect(url_for("review.queue", application_id=application_id))


def _show(application_id: UUID, entry_id: UUID, form: ReviewForm, problem: str = "") -> str:
    with office().read() as rows:
        row = visible(rows, application_id)
        everybody = entries.proposals(rows, row.application_id)
        near = risk.nearness_of(rows, str(entry_id))
        hints = photo_hints.hints_for(rows, str(entry_id))
    found = next((one for one in everybody if one.entry_id == str(entry_id)), None)
    if found is None:
        raise BadInput("there is no such entry in this application")
    last = next((one for one in everybody if one.entry_id == session.get("last_review") and one is not found), None)
    return render_template(
        "office/review.html",
        title=f"Review {found.described['subject_ref']}",
        row=row,
        entry=found,
        fields=found.described,
        form=form,
        problem=problem,
        failed=bool(form.errors or problem),
        own=found.described["proposer_id"] == person().person_id,
        left=sum(one.state == "collected" and one.described["proposer_id"] != person().person_id for one in everybody),
        reason=session.get("photo_reason", {}).get(str(application_id), ""),
        last=last,
        near=near,
        hints=hints,
        what_to_do=WHAT_TO_DO,
    )
