"""Deciding: one alert at a time, a decision and one reason; then what became of it. Nothing is chosen beforehand (R46, R47, R50, R51)."""

import base64
from datetime import date

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from governance.events import AlertDecision, AlertOutcome
from lfr_engine.errors import BadInput
from mobile_unit.console import AlertLine, AlertView
from mobile_unit.reasons import REASONS
from webui.unit.crew import console, crew
from webui.unit.words import DECISIONS, ENGAGEMENTS, IDENTIFIED_BY, OUTCOMES

pages = Blueprint("alerts", __name__)
OLD_PHOTO_DAYS = 5 * 365  # ours, as R24's warning
DIM = 0.5  # ours: quality below this is pointed out


@pages.get("/alerts")
def listing() -> str:
    """All alerts of this deployment, oldest first."""
    return render_template("unit/alerts.html", title="Alerts", lines=console().alerts())


@pages.get("/alerts/<string(maxlength=80):alert_id>")
def page(alert_id: str) -> str:
    """One alert; looking is an event in the ledger (R65)."""
    _line_of(alert_id)
    view = console().show(alert_id, who=crew().operator.person_id, why="adjudication")
    return render_template("unit/alert.html", title="Alert", view=view, waiting=len(console().open_alerts()))


@pages.post("/alerts/<string(maxlength=80):alert_id>/decision")
def decide(alert_id: str) -> Response:
    """The first stage: exactly once, by the engagement officer with the operator."""
    try:
        decision = AlertDecision(request.form.get("decision", ""))
    except ValueError as error:
        raise BadInput("choose a decision", rule_ids=("R47",), next_step="go back to the alert") from error
    people = crew()
    line = console().adjudicate(
        alert_id,
        decision=decision,
        reason=request.form.get("reason", ""),
        engagement_officer_id=people.officer.person_id,
        operator_id=people.operator.person_id,
    )
    if needs_outcome(line):
        return redirect(url_for("alerts.outcome", alert_id=alert_id))
    return redirect(url_for("live.page"))


@pages.route("/alerts/<string(maxlength=80):alert_id>/outcome", methods=["GET", "POST"])
def outcome(alert_id: str) -> str | Response:
    """The second stage: what became of it, and how identity was established (never by a score)."""
    line = _line_of(alert_id)
    if request.method == "POST":
        console().resolve(
            alert_id,
            engagement=request.form.get("engagement", ""),
            outcome=_outcome(request.form.get("outcome", "")),
            identified_by=request.form.get("identified_by", ""),
            engagement_officer_id=crew().officer.person_id,
        )
        return redirect(url_for("live.page"))
    if not needs_outcome(line):
        return redirect(url_for("alerts.listing"))
    choices = (
        ("engagement", "Engagement", ENGAGEMENTS),
        ("outcome", "Outcome", OUTCOMES),
        ("identified_by", "Established by", IDENTIFIED_BY),
    )
    return render_template("unit/outcome.html", title="Outcome", line=line, choices=choices)


def needs_outcome(line: AlertLine) -> bool:
    """Decided to engage or not decidable, and nothing recorded since."""
    return line.decision in {AlertDecision.TRUE, AlertDecision.INDETERMINATE} and line.outcome is None


def picture(jpeg: bytes) -> str:
    """A picture within the page: it has no address, so that nothing keeps it when the page is gone."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def warnings(view: AlertView, on: date) -> list[str]:
    """What makes this alert harder to judge."""
    found = []
    if view.quality.get("score", 1.0) < DIM:
        found.append("the view of the passer-by is poor")
    years = (on - view.entry.image_date).days // 365
    if (on - view.entry.image_date).days > OLD_PHOTO_DAYS:
        found.append(f"the photo on the list is {years} years old")
    if view.others:
        found.append(f"{view.others} other {'person' if view.others == 1 else 'people'} on the list came close")
    if view.entry.under_18(on):
        found.append("under 18, or age not known")
    return found + [f"officer safety: {marker}" for marker in view.entry.safety_markers]


def _outcome(code: str) -> AlertOutcome:
    try:
        return AlertOutcome(code)
    except ValueError as error:
        raise BadInput("choose an outcome", rule_ids=("R51",), next_step="go back and choose one") from error


def _line_of(alert_id: str) -> AlertLine:
    line = next((one for one in console().alerts() if one.alert_id == alert_id), None)
    if line is None:
        abort(404)
    return line


@pages.app_context_processor
def _for_panels() -> dict[str, object]:
    return {"decisions": DECISIONS, "reasons": REASONS, "picture": picture, "warnings": warnings, "needs_outcome": needs_outcome}
