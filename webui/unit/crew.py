"""Who is at this console. Operator and engagement officers were named when the unit was started; nobody else can be chosen here."""

from dataclasses import dataclass

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from lfr_engine.errors import BadInput
from mobile_unit.console import Console, StaffMember

pages = Blueprint("crew", __name__)


@dataclass(frozen=True, slots=True)
class Crew:
    """The two who decide together (R46)."""

    operator: StaffMember
    officer: StaffMember


def console() -> Console:
    """The running deployment of this process."""
    found: Console = current_app.extensions["lfr_console"]
    return found


def present() -> Crew | None:
    """Who was chosen in this browser; without a choice to make, those named at the start."""
    shown = console().deployment
    operator = _of(shown.operators, session.get("operator"))
    officer = _of(shown.engagement_officers, session.get("officer"))
    return Crew(operator, officer) if operator and officer else None


def crew() -> Crew:
    """The same, behind the guard."""
    found = present()
    assert found is not None
    return found


def guard() -> Response | None:
    """Every page but this one needs to know who is there."""
    if request.endpoint in {"static", "crew.page", None} or present() is not None:
        return None
    return redirect(url_for("crew.page"))


@pages.route("/who", methods=["GET", "POST"])
def page() -> str | Response:
    """Choose among those named at the start."""
    shown = console().deployment
    if request.method == "POST":
        operator = _of(shown.operators, request.form.get("operator"))
        officer = _of(shown.engagement_officers, request.form.get("officer"))
        if operator is None or officer is None:
            raise BadInput("choose an operator and an engagement officer", next_step="go back and choose both", rule_ids=("R46",))
        session.clear()
        session["operator"], session["officer"] = operator.person_id, officer.person_id
        return redirect(url_for("live.page"))
    return render_template("unit/who.html", title="Who is here")


def _of(people: tuple[StaffMember, ...], person_id: object) -> StaffMember | None:
    if len(people) == 1:
        return people[0]
    return next((one for one in people if one.person_id == person_id), None)
