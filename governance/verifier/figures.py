"""A published deployment record, every figure of it counted again from the unit's ledger."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

from .authority import Authority
from .drills import check_drill
from .events import Event
from .intervals import clopper_pearson
from .objects import Decision, Objects
from .roster import Roster
from .strict import Failed, Fields, count, digest, exactly, hex32, names, read_file, text
from .unit_ledger import UnitDeployment

_RECORD_BYTES_MAX = 256 * 1024
_RATE = frozenset({"k", "n", "low", "high", "wording"})
_RANGE = frozenset({"origin", "first", "stop", "root"})
_RECORD = names(
    """
    deployment_id force operation use_case location window_start window_end matching_started_at matching_ended_at ended_because
    authority certificate purge_certificate watchlist_size watchlist_by_category under_18 threshold engine_sealed engine_lacking
    passages counting_method too_small low_quality frames dropped alerts true_alerts false_alerts confirmed_true confirmed_false
    indeterminate open_alerts lost_alerts engagements false_per_passage false_per_passage_worst false_per_alert true_per_alert
    drill decided_by ledger notes
    """
)


def open_record(event: Event, roster: Roster, objects: Objects) -> Decision:
    """The record's document with its range in the right form. Raises Failed."""
    decided = objects.decision(digest(event.body, "decision"), "publish", "record", roster=roster)
    exactly(decided.body, _RECORD, "the record")
    ledger = exactly(decided.body["ledger"], _RANGE, "the record's ledger range")
    for check, name in ((count, "first"), (count, "stop"), (hex32, "root")):
        check(ledger, name)
    return decided


def check_record(event: Event, decided: Decision, authority: Authority, unit: UnitDeployment) -> None:
    """Who asserted it, and every figure. Raises Failed naming the figure that differs."""
    body = decided.body
    decided.asserted_by(authority.officer_id, "authorising_officer", event.at)
    silver = [person for person in decided.person_ids if person != authority.officer_id]
    if not any(_asserted(decided, person, event.at) for person in silver):
        raise Failed("the record was not asserted by a second person in the role silver")
    if body["ledger"]["first"] > unit.first_index:
        raise Failed("the record's ledger range leaves out the beginning of the deployment")
    for name, value in {**_from_authority(authority), **_from_ledger(unit)}.items():
        if body[name] != value:
            raise Failed(f"{name} is published as {str(body[name])[:60]}, the ledger gives {value}")
    for name, (k, n) in _rates(unit).items():
        _check_rate(name, body[name], k, n)
    check_drill(body["drill"], authority.drill, unit)


def check_published(path: Path, decided: Decision) -> None:
    """The public file is byte for byte the document that was asserted. Raises Failed."""
    if read_file(path, _RECORD_BYTES_MAX) != decided.document:
        raise Failed("the published record is not the one that was asserted", str(path))


def summary(unit: UnitDeployment) -> str:
    """`passages 9,913, alerts 3, false 0 of 9,913 (up to 0.037 %, 95 %)`, with the worst bound where it differs."""
    rates = _rates(unit)
    best, worst = rates["false_per_passage"], rates["false_per_passage_worst"]
    parts = [f"passages {unit.totals['passages']:,}", f"alerts {len(unit.alerts):,}", f"false {_with_bounds(*best)}"]
    if worst != best:
        parts.append(f"at worst {_with_bounds(*worst)}")
    return ", ".join(parts)


def _asserted(decided: Decision, person_id: str, at: str) -> bool:
    try:
        decided.asserted_by(person_id, "silver", at)
    except Failed:
        return False
    return True


def _from_authority(authority: Authority) -> Fields:
    body, watchlist = authority.body, authority.body["watchlist"]
    return {
        "deployment_id": body["deployment_id"],
        "force": body["force"],
        "operation": body["operation"],
        "use_case": body["use_case"],
        "window_start": authority.start,
        "window_end": authority.end,
        "authority": authority.digest,
        "certificate": body["certificate"],
        "watchlist_size": watchlist["size"],
        "watchlist_by_category": watchlist["by_category"],
        "under_18": watchlist["under_18"],
        "threshold": body["threshold"],
    }


def _from_ledger(unit: UnitDeployment) -> Fields:
    started, stopped = unit.events["matching.started"], unit.events["matching.stopped"]
    if not started or not stopped:
        raise Failed("the unit's ledger does not show matching from start to end")
    alerts = list(unit.alerts.values())
    return {
        "matching_started_at": started[0].at,
        "matching_ended_at": stopped[-1].at,
        "ended_because": stopped[-1].body["reason"],
        "engine_sealed": started[0].body["sealed"],
        "engine_lacking": started[0].body["lacking"],
        "purge_certificate": unit.one("purge.done").body["certificate"],
        **{name: unit.totals[name] for name in ("passages", "too_small", "low_quality", "frames", "dropped")},
        "alerts": len(alerts),
        "true_alerts": _standing(unit, "true"),
        "false_alerts": _standing(unit, "false"),
        "confirmed_true": sum(alert.outcome == "confirmed_true" for alert in alerts),
        "confirmed_false": sum(alert.outcome == "confirmed_false" for alert in alerts),
        "indeterminate": sum(alert.decision == "indeterminate" for alert in alerts),
        "open_alerts": sum(alert.decision is None for alert in alerts),
        "lost_alerts": sum(alert.decision == "not_adjudicated" for alert in alerts),
        "engagements": sum(alert.engaged for alert in alerts),
        "decided_by": "scripted officer reading the rehearsal's truth" if unit.scripted else "officers",
    }


def _rates(unit: UnitDeployment) -> dict[str, tuple[int, int]]:
    """k and n; the worst bound takes every alert that was not found true for a false one."""
    alerts, passages = len(unit.alerts), unit.totals["passages"]
    true, false = _standing(unit, "true"), _standing(unit, "false")
    return {
        "false_per_passage": (min(false, passages), passages),
        "false_per_passage_worst": (min(alerts - true, passages), passages),
        "false_per_alert": (false, alerts),
        "true_per_alert": (true, alerts),
    }


def _standing(unit: UnitDeployment, verdict: str) -> int:
    return sum(alert.standing == verdict for alert in unit.alerts.values())


def _check_rate(name: str, value: object, k: int, n: int) -> None:
    rate = exactly(value, _RATE, name)
    if (count(rate, "k"), count(rate, "n")) != (k, n):
        raise Failed(f"{name} is published as {rate['k']} of {rate['n']}, the ledger gives {k} of {n}")
    for bound, exact in zip(("low", "high"), clopper_pearson(k, n), strict=True):
        if not _written_right(text(rate, bound, 40), exact):
            raise Failed(f"the {bound} bound of {name} is published as {rate[bound]}, it is {exact:.6g}")


def _written_right(written: str, exact: float) -> bool:
    """Equal to six significant digits, or to twelve decimals where that is coarser; 0 and 1 exactly."""
    try:
        number = Decimal(written)
    except InvalidOperation:
        return False
    if not number.is_finite() or exact in (0.0, 1.0):
        return number == Decimal(exact)
    return abs(float(number) - exact) <= max(5.01e-6 * exact, 5.01e-13)


def _with_bounds(k: int, n: int) -> str:
    low, high = clopper_pearson(k, n)
    bounds = f"up to {_percent(high)}" if k == 0 else f"{_percent(low)} to {_percent(high)}"
    return f"{k:,} of {n:,} ({bounds}, 95 %)"


def _percent(share: float) -> str:
    return f"{float(f'{share * 100:.2g}'):.10f}".rstrip("0").rstrip(".") + " %"
