"""Deny by default: an endpoint that does not say who may open it is open to nobody (R33).

`allow` declares the roles at the view; `guard` runs before everything else in a request, reads who is signed in, and puts
`g.person` and `g.actor` in place. The actor acts in the first declared role that the person holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from governance.messages.roster import Person, Role
from governance.office import accounts
from governance.office.store import Actor, Office
from lfr_engine.errors import Refused
from lfr_engine.packs.store import OpenPack

View = TypeVar("View", bound=Callable[..., Any])
ANYBODY_SIGNED_IN: tuple[Role, ...] = tuple(Role)
FORM_BYTES = 512 * 1024  # a form of text; pages that take files declare more


@dataclass(frozen=True, slots=True)
class Access:
    """Who may open an endpoint: `roles` in the order in which one is chosen to act in; none means people not yet signed in."""

    roles: tuple[Role, ...]
    max_bytes: int


PUBLIC_FILES = Access((), 0)  # style sheets and scripts


def allow(*roles: Role, max_bytes: int = FORM_BYTES) -> Callable[[View], View]:
    """Declare who may open this view and how much it accepts."""

    def declare(view: View) -> View:
        view.lfr_access = Access(roles, max_bytes)  # type: ignore[attr-defined]  # every view is a function, and takes attributes
        return view

    return declare


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What an endpoint declares; None where nothing is, and then nobody gets in."""
    if endpoint == "static":
        return PUBLIC_FILES
    return getattr(app.view_functions[endpoint], "lfr_access", None)


def guard() -> Response | None:
    """Before every request: signed in, in an allowed role, and not sending more than the endpoint takes."""
    g.person, g.actor = None, None
    if request.endpoint is None:
        return None  # nothing is there: 404
    access = access_of(current_app, request.endpoint)
    if access is None:
        abort(403)
    request.max_content_length = access.max_bytes
    if access is PUBLIC_FILES:
        return None
    g.person = _signed_in()
    if not access.roles:
        return None
    if g.person is None:
        return redirect(url_for("sign_in.page", to=own_path(request.full_path) if request.method == "GET" else None))
    role = next((one for one in access.roles if one in g.person.roles), None)
    if role is None:
        abort(403)
    g.actor = Actor(g.person.person_id, role.value)
    return None


def office() -> Office:
    """The open office of this application."""
    found: Office = current_app.extensions["lfr_office"]
    return found


def pack() -> OpenPack:
    """The model pack that photos are enrolled with."""
    found: OpenPack = current_app.extensions["lfr_pack"]
    return found


def actor() -> Actor:
    """Who acts in this request; only behind `allow(...)` with roles."""
    found: Actor = g.actor
    return found


def person() -> Person:
    """The same as the roster knows them."""
    found: Person = g.person
    return found


def own_path(target: str) -> str:
    """A path on this site to go on to, else the home page: nobody is led elsewhere by a crafted link."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target.rstrip("?")


def _signed_in() -> Person | None:
    token = session.get("token")
    person_id = accounts.person_of(office(), token) if isinstance(token, str) else None
    if person_id is None:
        return None
    try:
        return office().roster.person(person_id)
    except Refused:
        return None  # left the roster since
