"""Every rule of the system, how far it is met and where: for oversight and for whoever must answer for a deployment (R106)."""

from functools import cache

from flask import Blueprint, render_template, request

from governance.rules.register import Rule, traced
from webui.office.access import ANYBODY_SIGNED_IN, allow

pages = Blueprint("rules", __name__)
STATUSES = {"done": "Met", "partly": "Partly met", "not": "Not yet"}


@pages.get("/rules")
@allow(*ANYBODY_SIGNED_IN)
def page() -> str:
    """All of them, or those of one status."""
    chosen = request.args.get("status", "")
    rules = _traced()
    return render_template(
        "office/rules.html",
        title="Rules",
        rules=[rule for rule in rules if chosen not in STATUSES or rule.status == chosen],
        chosen=chosen if chosen in STATUSES else "",
        statuses=STATUSES,
        counted={name: sum(rule.status == name for rule in rules) for name in STATUSES},
    )


@cache
def _traced() -> tuple[Rule, ...]:
    """The source tree does not change under a running office."""
    return traced()
