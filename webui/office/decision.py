"""The authorising officer's page: what is needed to decide, in four minutes; then return, refuse, or authorise and sign (R2-R7)."""

import json
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from governance.messages.authority import Authority
from governance.messages.decision import Action, challenge_for
from governance.messages.payload import Mode, digest_of, parse
from governance.messages.roster import Authenticator, Role
from governance.office import accounts, applications, authorities, drills
from governance.office.authorities import case_of
from governance.rules.application import findings
from governance.rules.finding import Level
from lfr_engine.errors import BadInput, LfrError, Refused
from webui.office import forms
from webui.office.access import actor, allow, office, person
from webui.office.applications import names, visible
from webui.office.expectations import expectations
from webui.office.list_figures import list_figures
from webui.office.place_map import zone_map
from webui.office.software_key import sign_with_software_key

pages = Blueprint("decision", __name__)
OUTCOMES: dict[str, Literal["returned", "refused"]] = {"return": "returned", "refuse": "refused"}


class ReasonsForm(forms.PageForm):
    """The officer's own words, for whichever outcome is chosen."""

    reasons = forms.text("Your own reasons", "In your own words. They become part of the signed document", at_most=4000)


class SignForm(forms.PageForm):
    """Stands in for the touch on a passkey while a software authenticator is used."""

    password = forms.password("Your password")


@pages.get("/applications/<uuid:application_id>/decision")
@allow(Role.AUTHORISING_OFFICER)
def page(application_id: UUID) -> str:
    """The decision page."""
    return _show(application_id, ReasonsForm())


@pages.post("/applications/<uuid:application_id>/decision")
@allow(Role.AUTHORISING_OFFICER)
def decide(application_id: UUID) -> Response | tuple[str, int]:
    """Return or refuse at once; authorise leads on to the document that is to be signed."""
    form = ReasonsForm()
    outcome = request.form.get("outcome", "")
    if not form.validate():
        return _show(application_id, form), 400
    try:
        if outcome == "authorise":
            document, _ = authorities.prepare(office(), actor(), str(application_id), reasons=form.reasons.data)
            return redirect(url_for("decision.sign", application_id=application_id, digest=digest_of(document).removeprefix("sha256:")))
        if outcome in OUTCOMES:
            applications.send_back(office(), actor(), str(application_id), OUTCOMES[outcome], form.reasons.data)
            flash(f"The application was {OUTCOMES[outcome]}. The applicant sees your reasons.", "success")
            return redirect(url_for("applications.task_list", application_id=application_id))
        form.reasons.errors = ["Choose what you decide: return, refuse or authorise"]
    except LfrError as error:
        form.reasons.errors = [_sentence(error)]
    return _show(application_id, form), 400


@pages.route("/applications/<uuid:application_id>/decision/<string(length=64):digest>", methods=["GET", "POST"])
@allow(Role.AUTHORISING_OFFICER)
def sign(application_id: UUID, digest: str) -> str | Response | tuple[str, int]:
    """Show the exact document and sign it. What was signed is these bytes and no others."""
    with office().read() as session:
        row = visible(session, application_id)
        document = authorities.served_document(session, f"sha256:{digest}", person().person_id)
    if row.state != "submitted":
        flash("This application was decided before: nothing was signed a second time.")
        return redirect(url_for("decision.page", application_id=application_id))
    form = SignForm()
    if form.validate_on_submit():
        try:
            accounts.check_password(office(), person().person_id, form.password.data)
        except Refused as refusal:
            form.password.errors = [_sentence(refusal)]
        else:
            assertion = sign_with_software_key(office(), person(), Action.AUTHORISE, document)
            granted = _grant(assertion, document)
            return redirect(url_for("deployments.page", deployment_id=granted))
    page = render_template(
        "office/sign.html",
        title="Sign the authority",
        row=row,
        form=form,
        failed=bool(form.errors),
        authority=parse(document, Authority).body,
        pretty=json.dumps(json.loads(document), indent=2, ensure_ascii=False),
        digest=f"sha256:{digest}",
        challenge=challenge_for(Action.AUTHORISE, document).hex(),
        software=all(one.authenticator is Authenticator.SOFTWARE for one in person().credentials),
        signable=office().mode is not Mode.OPERATIONAL,
        names=names(),
    )
    return page, 400 if form.errors else 200


def _grant(assertion: Any, document: bytes) -> str:
    """Grant and log. A witness that does not answer leaves a granted authority without its proof, which can be asked for again."""
    deployment_id = parse(document, Authority).body.deployment_id
    try:
        authorities.grant(office(), assertion, document)
        flash("Authorised. The authority is in the ledger and independent witnesses have signed it.", "success")
    except LfrError as error:
        with office().read() as session:
            try:
                granted = authorities.of_deployment(session, deployment_id)
            except BadInput:
                raise error from None  # it was not granted at all
        if granted.proof:  # by the same officer in another window, a moment ago
            flash("This was authorised before: nothing was granted a second time.")
            return deployment_id
        flash(f"Authorised and in the ledger, but no witness has signed yet ({error.message}). The unit will not start before one has.")
    return deployment_id


def _show(application_id: UUID, form: ReasonsForm) -> str:
    with office().read() as session:
        row = visible(session, application_id)
        case = case_of(office(), session, row, person().person_id)
        drill = drills.plan_of(session, row.application_id)
    compared = len(case.entries) + (len(drill.walkers) if drill else 0)
    found = findings(case)
    content = case.content
    return render_template(
        "office/decision.html",
        title=f"Decide on {content.operation}",
        row=row,
        form=form,
        failed=bool(form.errors),
        content=content,
        case=case,
        findings=[one for one in found if one.level is not Level.MET],
        met=[one for one in found if one.level is Level.MET],
        blocked=any(one.level is Level.BLOCKS for one in found),
        figures=list_figures(case.entries, case.start.date(), office().profile.image_age_warning_years),
        drill=drill,
        compared=compared,
        expected=expectations(case.certificate, compared, content.expected_passers_by) if case.certificate else (),
        map=zone_map(content.place.polygon, content.place.name),
        names=names(),
        unit=next((unit.name for unit in office().roster.roster.units if unit.unit_id == content.unit_id), content.unit_id),
    )


def _sentence(error: LfrError) -> str:
    rules = f" ({', '.join(error.rule_ids)})" if error.rule_ids else ""
    step = f" Next: {error.next_step}." if error.next_step else ""
    return f"{error.message[:1].upper()}{error.message[1:]}{rules}.{step}"
