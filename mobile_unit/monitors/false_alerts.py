"""R54 on the unit: the pipeline's cumulative monitor, carried on from the figures that were sealed with the list. Pure.

An alert that nobody has looked at for ten minutes counts as undecided, one that is lost or indeterminate does at once, and the
worst bound takes both for false. Once the limit is passed matching waits for Silver; whoever lets it go on hears of the next
false alert again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from governance.events import AlertDecision, AlertOutcome
from governance.messages.model import Cumulative
from governance.monitors.false_alerts import Monitored, added, look
from lfr_engine.clock import parse_utc
from mobile_unit.journal.answers import AlertSeen

OPEN_FOR = timedelta(minutes=10)
"""How long an alert may wait for a decision before it counts as undecided. Ours."""


class LiveMonitor:
    """`before`: what the pipeline's line in the sealed list said."""

    def __init__(self, before: Cumulative) -> None:
        self._before = before
        self._answered = 0

    def look(self, *, passages: int, alerts: Iterable[AlertSeen], now: datetime) -> Monitored | None:
        """The verdict when the limit is passed and nobody has been asked about as many alerts yet; None otherwise."""
        false = undecided = 0
        for alert in alerts:
            verdict = _standing(alert, now)
            false += verdict == "false"
            undecided += verdict == "undecided"
        if false + undecided <= self._answered:
            return None
        found = look(added(self._before, passages=max(passages, false + undecided), false_alerts=false, undecided=undecided))
        if not found.breached:
            return None
        self._answered = false + undecided
        return found


def _standing(alert: AlertSeen, now: datetime) -> str:
    """The outcome of an engagement stands above the adjudication (R51)."""
    if alert.outcome is AlertOutcome.CONFIRMED_TRUE:
        return "true"
    if alert.outcome is AlertOutcome.CONFIRMED_FALSE or alert.decision is AlertDecision.FALSE:
        return "false"
    if alert.decision is AlertDecision.TRUE:
        return "true"
    if alert.decision is None and now - parse_utc(alert.raised_at) < OPEN_FOR:
        return "open"
    return "undecided"
