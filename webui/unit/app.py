"""The console's application factory: one running deployment, one blueprint each for what is watched and what is decided."""

import secrets

from flask import Flask
from flask_wtf import CSRFProtect

from mobile_unit.console import Console
from webui import headers
from webui.unit import alerts, crew, errors, live, words

FORM_BYTES = 64 * 1024


def create_app(console: Console) -> Flask:
    """The console's WSGI application. The key that signs its cookie lives as long as the process: a restart asks who is there."""
    app = Flask("webui", static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME="lfr_unit",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=FORM_BYTES,
        TRUSTED_HOSTS=["localhost", "127.0.0.1"],
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["lfr_console"] = console
    app.before_request(crew.guard)
    CSRFProtect(app)
    headers.install(app, embedded_pictures=True)
    errors.install(app)
    for pages in (crew.pages, live.pages, alerts.pages):
        app.register_blueprint(pages)
    for lookup in (words.say, words.clock, words.time_left, words.raised):
        app.add_template_filter(lookup, lookup.__name__)
    app.context_processor(_page_context)
    return app


def _page_context() -> dict[str, object]:
    running = crew.console()
    return {"shown": running.deployment, "status": running.status(), "crew": crew.present()}
