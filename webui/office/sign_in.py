"""Signing in and out. A new session gets a new token and an empty cookie, so that nobody can prepare one for somebody else."""

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from governance.office import accounts
from lfr_engine.errors import Refused
from webui.office import forms
from webui.office.access import ANYBODY_SIGNED_IN, allow, office, own_path

pages = Blueprint("sign_in", __name__)


class SignInForm(forms.PageForm):
    """Who, and the password."""

    person_id = forms.line("Person id", "The id you were given with your account", at_most=80)
    password = forms.password("Password")


@pages.route("/sign-in", methods=["GET", "POST"])
@allow()
def page() -> str | Response | tuple[str, int]:
    """The only page for people not yet signed in."""
    if g.person is not None:
        return redirect(url_for("home.page"))
    form = SignInForm()
    if form.validate_on_submit():
        try:
            person = accounts.check_password(office(), form.person_id.data, form.password.data)
        except Refused as refusal:
            form.person_id.errors = [
                f"{refusal.message[:1].upper()}{refusal.message[1:]}. {refusal.next_step[:1].upper()}{refusal.next_step[1:]}."
            ]
        else:
            session.clear()
            session.permanent = True
            session["token"] = accounts.start_session(office(), person.person_id)
            return redirect(own_path(request.args.get("to", "/")))
    return render_template("office/sign_in.html", form=form, failed=bool(form.errors)), 400 if form.errors else 200


@pages.post("/sign-out")
@allow(*ANYBODY_SIGNED_IN)
def leave() -> Response:
    """End the session here and in the browser."""
    accounts.end_session(office(), session.get("token", ""))
    session.clear()
    return redirect(url_for("sign_in.page"))
