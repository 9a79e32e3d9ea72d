"""The watchlist of one application: who is on it, adding people from a table with their photos, the report of each addition."""

import csv
import io
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_wtf.file import MultipleFileField
from govuk_frontend_wtf.wtforms_widgets import GovFileInput
from werkzeug.wrappers import Response as AnyResponse

from governance.messages.roster import Role
from governance.office import entries, intake
from lfr_engine.errors import BadInput
from webui.office import forms
from webui.office.access import actor, allow, office, pack, person
from webui.office.applications import OPEN, READERS, visible
from webui.office.upload import MAX_UPLOAD_BYTES, photos_of

pages = Blueprint("watchlist", __name__)
PER_PAGE = 50
STATES = ("collected", "kept", "removed")


class AddForm(forms.PageForm):
    """The table and its photos go together."""

    table = forms.document("The table (CSV)", "One row a person. The columns are listed below")
    photos = MultipleFileField("The photos", description="Choose all of them together, or one zip file", widget=GovFileInput(multiple=True))


@pages.get("/applications/<uuid:application_id>/watchlist")
@allow(*READERS)
def listing(application_id: UUID) -> str:
    """Everybody proposed, without pictures: those are opened one by one, each with a reason."""
    state = request.args.get("state", "")
    with office().read() as session:
        row = visible(session, application_id)
        found = entries.proposals(session, row.application_id)
    counts = {one: sum(proposal.state == one for proposal in found) for one in STATES}
    mine_to_review = sum(one.state == "collected" and one.described["proposer_id"] != person().person_id for one in found)
    shown = [one for one in found if not state or one.state == state]
    number = max(1, request.args.get("page", type=int, default=1))
    return render_template(
        "office/watchlist.html",
        title="Watchlist",
        row=row,
        shown=shown[(number - 1) * PER_PAGE : number * PER_PAGE],
        total=len(shown),
        number=number,
        last=max(1, -(-len(shown) // PER_PAGE)),
        counts=counts,
        states=STATES,
        state=state if state in STATES else "",
        mine_to_review=mine_to_review,
        growing=row.state in OPEN and bool(set(person().roles) & {Role.APPLICANT, Role.COMPILER}),
    )


@pages.route("/applications/<uuid:application_id>/watchlist/add", methods=["GET", "POST"])
@allow(Role.COMPILER, Role.APPLICANT, max_bytes=MAX_UPLOAD_BYTES)
def add(application_id: UUID) -> str | AnyResponse | tuple[str, int]:
    """Hand in a table with photos. What cannot be used is reported, the rest is taken."""
    with office().read() as session:
        row = visible(session, application_id)
    form = AddForm()
    if form.validate_on_submit():
        if form.table.data and form.table.data.filename:
            try:
                table = form.table.data.stream.read(intake.MAX_TABLE_BYTES + 1)
                report = intake.take_in(office(), actor(), row.application_id, table, photos_of(form.photos.data or ()), pack())
                return redirect(url_for("watchlist.report", application_id=application_id, report_id=report.report_id))
            except BadInput as error:
                form.table.errors = [f"{error.message[:1].upper()}{error.message[1:]}. Next: {error.next_step or 'mend it and try again'}."]
        else:
            form.table.errors = ["Choose the table"]
    failed = bool(form.errors)
    page = render_template("office/watchlist_add.html", title="Add people", row=row, form=form, failed=failed, columns=intake.COLUMNS)
    return page, 400 if failed else 200


@pages.get("/applications/<uuid:application_id>/watchlist/report/<uuid:report_id>")
@allow(Role.COMPILER, Role.APPLICANT)
def report(application_id: UUID, report_id: UUID) -> str:
    """Who was taken and who was refused, and why. It can be opened again for as long as the list exists."""
    with office().read() as session:
        row = visible(session, application_id)
    found = intake.report_of(office(), row.application_id, str(report_id))
    return render_template("office/intake_report.html", title="What was taken in", row=row, report=found)


@pages.get("/applications/<uuid:application_id>/watchlist/report/<uuid:report_id>.csv")
@allow(Role.COMPILER, Role.APPLICANT)
def report_csv(application_id: UUID, report_id: UUID) -> Response:
    """The refused rows for mending: line, reference, photo, why, what to do."""
    with office().read() as session:
        row = visible(session, application_id)
    found = intake.report_of(office(), row.application_id, str(report_id))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("line", "subject_ref", "image", "why", "what to do"))
    writer.writerows(tuple(_inert(cell) for cell in (str(r.line), r.subject_ref, r.image, r.why, r.next_step)) for r in found.refused)
    return Response(out.getvalue(), mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=refused.csv"})


def _inert(cell: str) -> str:
    """A spreadsheet runs what begins like a formula; a quote in front keeps it text."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell
