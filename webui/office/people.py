"""Looking at somebody's photo: only with a reason, and every look is in the ledger (R33, R65)."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from governance.messages.roster import Role
from governance.office import entries
from lfr_engine.errors import BadInput
from webui.office.access import actor, allow, office, own_path
from webui.office.applications import visible

pages = Blueprint("people", __name__)
LOOKERS = (Role.COMPILER, Role.APPLICANT, Role.AUTHORISING_OFFICER)
REASONS = {
    "review": "review for this deployment",
    "authorising": "deciding on the authority",
    "identity_check": "checking that photo and reference belong together",
    "rights": "a request of the person concerned",
}


@pages.get("/applications/<uuid:application_id>/people/<uuid:entry_id>")
@allow(*LOOKERS)
def page(application_id: UUID, entry_id: UUID) -> str:
    """One entry in full; the photo once a reason is given."""
    with office().read() as rows:
        row = visible(rows, application_id)
        found = next((one for one in entries.proposals(rows, row.application_id) if one.entry_id == str(entry_id)), None)
    if found is None:
        raise BadInput("there is no such entry in this application")
    reason = session.get("photo_reason", {}).get(str(application_id), "")
    return render_template(
        "office/person.html", title=found.described["subject_ref"], row=row, entry=found, fields=found.described, reason=reason
    )


@pages.post("/applications/<uuid:application_id>/photo-reason")
@allow(*LOOKERS)
def give_reason(application_id: UUID) -> AnyResponse:
    """Remember, for this session and this list, why photos are opened."""
    reason = request.form.get("reason", "")
    if reason not in REASONS:
        raise BadInput("choose why you open these photos", rule_ids=("R65",), next_step="go back and choose one of the reasons")
    session["photo_reason"] = {**session.get("photo_reason", {}), str(application_id): reason}
    return redirect(own_path(request.form.get("to") or url_for("watchlist.listing", application_id=application_id)))


@pages.get("/applications/<uuid:application_id>/people/<uuid:entry_id>/photo.jpg")
@allow(*LOOKERS)
def photo(application_id: UUID, entry_id: UUID) -> Response:
    """The small photo. Refused without a reason."""
    reason = session.get("photo_reason", {}).get(str(application_id), "")
    with office().read() as rows:
        visible(rows, application_id)
    picture = entries.thumb(office(), actor(), str(application_id), str(entry_id), justification=REASONS.get(reason, ""))
    return Response(picture, mimetype="image/jpeg")
