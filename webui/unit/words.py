"""The console's words (R40): a candidate is a possible match, and how alike is never a percentage."""

from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from governance.events import AlertDecision
from mobile_unit.console import Status

DECISIONS = (
    (AlertDecision.TRUE, "E", "Engage"),
    (AlertDecision.FALSE, "N", "False"),
    (AlertDecision.LOST, "L", "Lost"),
    (AlertDecision.INDETERMINATE, "?", "Indeterminate"),
)
ENGAGEMENTS = {"engaged": "The person was spoken to", "attempted_lost": "Tried, but the person was lost", "none": "Nobody was spoken to"}
OUTCOMES = {
    "confirmed_true": "It is the person on the list",
    "confirmed_false": "It is somebody else",
    "unconfirmed": "Not established",
}
IDENTIFIED_BY = {
    "document": "A document",
    "fingerprint": "Fingerprint",
    "known_to_officer": "Known to an officer",
    "other": "Another way, noted by the officer",
    "not_engaged": "Nobody was spoken to",
}
_WORDS = {
    "adjudicated_true": "engage",
    "adjudicated_false": "false alert",
    "not_adjudicated": "lost",
    "indeterminate": "indeterminate",
    "wanted_by_courts": "Wanted by the courts",
    "suspect": "Suspect",
    "breach_of_conditions": "Breach of conditions",
    "missing_at_risk": "Missing, at risk",
    "risk_of_harm": "Risk of harm",
    "police_other": "Police photo",
    "custody": "Custody photo",
    "red": "RED: call the owner first",
    "amber": "AMBER: engage",
    "safeguarding": "SAFEGUARDING: care first",
    "open": "waits for a decision",
    "end_time": "the end time was reached",
    "stop_order": "a stop order",
    "operator": "the operator stopped it",
    "clock": "the clock was turned back",
    "engine_lost": "the engine was lost",
    "sources_ended": "the cameras or files ended",
    "lost": "lost",
}


def say(code: object) -> str:
    """The words for a code."""
    text = str(code.value) if isinstance(code, Enum) else str(code)
    plain = text.replace("_", " ")
    return _WORDS.get(text) or plain[:1].upper() + plain[1:]


def clock(at: datetime) -> str:
    """Local time of day to the second."""
    try:
        return f"{at.astimezone(ZoneInfo('Europe/London')):%H:%M:%S}"
    except ZoneInfoNotFoundError:
        return f"{at:%H:%M:%S} UTC"


def raised(status: Status) -> int:
    """Alerts so far by the ledger, which is ahead of the engine's counters."""
    return status.open_alerts + sum(status.decided.values())


def time_left(status: Status) -> str:
    """`3 h 12 min`, or `4 min 09 s` in the last hour; nothing is left once matching has ended."""
    if status.state not in {"matching", "paused"}:
        return "ended"
    whole = max(0, int(status.left_s))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60:02d} s"
