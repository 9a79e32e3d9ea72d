"""What every response carries: a content security policy with a nonce, and no invitation to cache, frame or sniff."""

import secrets

from flask import Flask, Response, current_app, g, request

_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src {images}; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def install(app: Flask, *, embedded_pictures: bool = False) -> None:
    """Set the headers on every response, errors included, and offer `csp_nonce()` to templates.

    `embedded_pictures` lets a page carry its pictures within itself, so that none has an address of its own.
    """
    app.config["LFR_IMG_SRC"] = "'self' data: blob:" if embedded_pictures else "'self'"
    app.after_request(_protect)
    app.add_template_global(csp_nonce)


def csp_nonce() -> str:
    """The nonce of this response: one per request, never again."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY.format(nonce=csp_nonce(), images=current_app.config["LFR_IMG_SRC"])
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=300"
    else:
        response.headers["Cache-Control"] = "no-store"  # a page may hold personal data: no copy stays in the browser
    return response
