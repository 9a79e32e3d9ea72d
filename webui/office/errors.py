"""Errors become pages here and nowhere else: what happened, which rules it rests on, and what to do next."""

import logging

from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed

_LOG = logging.getLogger(__name__)
_TITLES = {BadInput: "This cannot be used", Refused: "This is not allowed", VerificationFailed: "A check failed"}
_STATUS = {BadInput: 400, Refused: 409, VerificationFailed: 422}
_PAGES = {
    400: ("This request could not be read", "Go back, reload the page and try again. Nothing was changed."),
    403: ("You may not open this page", "Your role does not include it. If your work needs it, ask an administrator to change the roster."),
    404: ("Page not found", "Check the address, or go to the home page: everything that waits for you is listed there."),
    405: ("This address does not take that", "Go to the home page and start from there."),
    413: ("This is too large", "Nothing was taken in. Send fewer or smaller files at a time; lists can be added in several parts."),
    500: ("Something went wrong here", "Nothing that was saved is lost. Try again; if it happens again, tell your administrator the time."),
}


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(LfrError, _known)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _known(error: LfrError) -> tuple[str, int]:
    kind = type(error)
    title = next((text for family, text in _TITLES.items() if issubclass(kind, family)), _PAGES[500][0])
    status = next((code for family, code in _STATUS.items() if issubclass(kind, family)), 500)
    if status == 500:
        _LOG.error("fault in %s: %s", request.endpoint, kind.__name__)
    return _page(title, error.message, error.next_step, status, error.rule_ids)


def _stale_form(_: CSRFError) -> tuple[str, int]:
    return _page(
        "This form is no longer valid",
        "It did not come from your present session, so nothing was changed.",
        "Go back, copy what you typed, reload the page and send it again.",
        400,
    )


def _http(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    title, next_step = _PAGES.get(code, _PAGES[500])
    return _page(title, "", next_step, code)


def _unknown(error: Exception) -> tuple[str, int]:
    # The kind and the place only: a message or a trace of values might hold somebody's name.
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "an unknown place"
    _LOG.error("fault in %s: %s at %s", request.endpoint, type(error).__name__, where)
    title, next_step = _PAGES[500]
    return _page(title, "", next_step, 500)


def _page(title: str, message: str, next_step: str, status: int, rule_ids: tuple[str, ...] = ()) -> tuple[str, int]:
    return render_template("office/error.html", title=title, message=message, next_step=next_step, rule_ids=rule_ids), status
