"""Errors on the console: what happened, what to do, and the way back to the live page in one touch."""

import logging

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException

from lfr_engine.errors import LfrError

_LOG = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(LfrError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _known(error: LfrError) -> tuple[str, int]:
    status = {"bad_input": 400, "refused": 409, "verification_failed": 422}.get(error.code, 500)
    return _page(error.message, error.next_step, status, error.rule_ids)


def _http(error: HTTPException) -> tuple[str, int]:
    known = {
        400: "this form is no longer valid: reload the page and try again",
        404: "there is no such page",
        413: "that is too large",
    }
    return _page(known.get(error.code or 500, "that did not work"), "go back to the live page", error.code or 500)


def _unknown(error: Exception) -> tuple[str, int]:
    _LOG.error("fault in %s: %s", request.endpoint, type(error).__name__)  # no message: it might hold a name
    return _page("something went wrong in the console; matching is not affected", "reload; if it stays, stop matching", 500)


def _page(message: str, next_step: str, status: int, rule_ids: tuple[str, ...] = ()) -> tuple[str, int]:
    return render_template("unit/error.html", message=message, next_step=next_step, rule_ids=rule_ids), status
