"""One part of an application on its own page; what is typed is kept even when it is not yet enough."""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from governance.messages.roster import Role
from governance.office import applications
from lfr_engine.errors import LfrError
from webui.office.access import actor, allow, office
from webui.office.applications import editable, visible
from webui.office.forms import MAX_DOCUMENT_BYTES
from webui.office.parts import PARTS, gaps_of
from webui.office.place_map import zone_map

pages = Blueprint("application_parts", __name__)


@pages.route("/applications/<uuid:application_id>/<any(why, where, when, safeguards):slug>", methods=["GET", "POST"])
@allow(Role.APPLICANT, max_bytes=MAX_DOCUMENT_BYTES)
def page(application_id: UUID, slug: str) -> str | Response | tuple[str, int]:
    """Show the part, or save it. A form that cannot be saved comes back with everything that was typed."""
    part = PARTS[slug]
    with office().read() as session:
        row = visible(session, application_id)
    if not editable(row):
        abort(403)
    form = part.form(office(), row.draft)
    problem: LfrError | None = None
    if form.validate_on_submit():
        revision = request.form.get("revision", type=int, default=0)
        try:
            applications.save(office(), actor(), row.application_id, revision, part.changes(form, row.draft))
        except LfrError as error:
            problem = error
        else:
            flash(f"{part.title}: saved.", "success")
            return redirect(url_for("applications.task_list", application_id=application_id))
    failed = bool(form.errors or problem)
    place = row.draft.get("place", {})
    shown = render_template(
        "office/part.html",
        title=part.title,
        row=row,
        part=part,
        form=form,
        problem=problem,
        failed=failed,
        missing=[] if failed or request.method == "POST" else gaps_of(row, slug),
        map=zone_map(place.get("polygon", ()), place.get("name", "")) if slug == "where" else "",
    )
    return shown, 400 if failed else 200
