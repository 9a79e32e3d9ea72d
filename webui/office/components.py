"""What templates may use: the GOV.UK components as macros, our words and times, and the navigation for the person signed in."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, g
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from governance.messages.roster import Role
from webui.office import times, words
from webui.office.applications import READERS

_MACROS = {
    "button": "govukButton",
    "back-link": "govukBackLink",
    "details": "govukDetails",
    "error-summary": "govukErrorSummary",
    "file-upload": "govukFileUpload",
    "generic-header": "govukGenericHeader",
    "inset-text": "govukInsetText",
    "notification-banner": "govukNotificationBanner",
    "pagination": "govukPagination",
    "panel": "govukPanel",
    "phase-banner": "govukPhaseBanner",
    "service-navigation": "govukServiceNavigation",
    "skip-link": "govukSkipLink",
    "summary-list": "govukSummaryList",
    "tag": "govukTag",
    "task-list": "govukTaskList",
    "warning-text": "govukWarningText",
}
_NAVIGATION = (
    ("Home", "/", frozenset(Role)),
    ("Applications", "/applications", frozenset(READERS)),
    ("Deployments", "/deployments", frozenset(READERS)),
    ("Models", "/models", frozenset(READERS)),
    ("Ledger", "/ledger", frozenset(Role)),
    ("Rules", "/rules", frozenset(Role)),
)


def install(app: Flask) -> None:
    """Teach the templates."""
    packages = {name: PackageLoader(name) for name in ("govuk_frontend_jinja", "govuk_frontend_wtf")}
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_loader = ChoiceLoader([PackageLoader("webui", "templates"), PrefixLoader(packages)])
    WTFormsHelpers(app)
    for folder, macro in _MACROS.items():
        module: Any = app.jinja_env.get_template(f"govuk_frontend_jinja/components/{folder}/macro.html").module
        app.jinja_env.globals[macro] = getattr(module, macro)
    for lookup in (words.say, words.colour, times.local, times.local_day, times.duration, times.utc):
        app.add_template_filter(lookup, lookup.__name__)
    app.add_template_global(asset)
    app.context_processor(_page_context)


def asset(name: str) -> str:
    """The address of a static file, with its digest so that a browser never keeps an old one."""
    path = Path(__file__).parent.parent / "static" / name
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "missing"
    return f"/static/{name}?v={digest}"


def _page_context() -> dict[str, Any]:
    from webui.office.access import office  # inside a request only

    person = g.get("person")
    shown = [{"text": text, "href": href} for text, href, roles in _NAVIGATION if person and roles & set(person.roles)]
    return {"signed_in": person, "navigation": shown, "mode": office().mode.value, "force": office().force, "now": office().clock.now_utc()}
