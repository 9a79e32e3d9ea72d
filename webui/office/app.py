"""The application factory: wires an open office and a model pack to the blueprints."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask
from flask_wtf import CSRFProtect

from governance.messages.payload import Mode
from governance.office import accounts
from governance.office.store import Office
from lfr_engine.packs.store import OpenPack
from webui import headers
from webui.office import (
    access,
    application_parts,
    applications,
    components,
    decision,
    deployments,
    errors,
    home,
    ledger,
    models,
    people,
    review,
    rules,
    sign_in,
    watchlist,
)

IDLE = timedelta(hours=1)  # ours: then sign in again
BLUEPRINTS = (
    sign_in.pages,
    home.pages,
    applications.pages,
    application_parts.pages,
    watchlist.pages,
    review.pages,
    people.pages,
    decision.pages,
    deployments.pages,
    ledger.pages,
    models.pages,
    rules.pages,
)


def create_app(office: Office, pack: OpenPack, secret_key: bytes) -> Flask:
    """The office's WSGI application. `secret_key` signs cookies; whoever restarts with another one signs everybody out."""
    app = Flask("webui", static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=secret_key,
        SESSION_COOKIE_NAME="lfr_office",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=office.mode is Mode.OPERATIONAL,
        PERMANENT_SESSION_LIFETIME=IDLE,
        MAX_CONTENT_LENGTH=access.FORM_BYTES,
        MAX_FORM_PARTS=3000,
        TRUSTED_HOSTS=_hosts(office),
        WTF_CSRF_TIME_LIMIT=None,  # a form may stand open over lunch; the session is what ends
    )
    app.extensions["lfr_office"], app.extensions["lfr_pack"] = office, pack
    accounts.create_tables(office)
    app.before_request(access.guard)  # first: before CSRF reads the form, an unknown sender's upload is refused
    CSRFProtect(app)
    headers.install(app)
    errors.install(app)
    components.install(app)
    for pages in BLUEPRINTS:
        app.register_blueprint(pages)
    return app


def _hosts(office: Office) -> list[str]:
    """The names this site answers to: a page from elsewhere must not reach it under its own name (DNS rebinding)."""
    origins = office.roster.roster.origins
    return sorted({"localhost", "127.0.0.1", *(urlsplit(origin).hostname or "localhost" for origin in origins)})
