"""One deployment's authority: who asserted what, in which role, and that it was logged and cosigned before matching started."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .certificate import read_certificate, require_real_use
from .drills import Drill, read_drill
from .events import Event
from .objects import Decision, Objects
from .roster import RANKS, Roster
from .strict import Failed, Fields, as_datetime, count, digest, exactly, hex32, names, text, texts, wire_time
from .unit_ledger import UnitDeployment

LOWEST_RANK = "superintendent"  # R2: an authorising officer is a superintendent or above
STOP_GRACE_S = 5.0  # R14: matching ends within five seconds
_AUTHORITY = names(
    """
    server_random revision application_id deployment_id force operating_forces operation applicant_id authorising_officer_id
    operator_ids use_case objective necessity proportionality alternatives seriousness_of_harm policy place camera_ids window
    unit_id watchlist drill certificate threshold documents retention notice_published_at officer_reasons findings
    """
)
_BAND = frozenset({"max_entries", "threshold", "false_alerts", "misses"})


@dataclass(frozen=True, slots=True)
class Authority:
    """What later checks compare with; read from the asserted document and the certificate it names."""

    digest: str
    body: Fields
    mode: str
    officer_id: str
    unit_id: str
    start: str
    end: str
    list_root: bytes
    list_size: int
    drill: Drill | None
    certificate: Fields
    rank: str


def check_authority(event: Event, roster: Roster, objects: Objects) -> Authority:
    """The document, its assertion, the people in it and its certificate. Raises Failed at the first thing that does not hold."""
    decided = objects.decision(digest(event.body, "decision"), "authorise", "authority", roster=roster)
    body = exactly(decided.body, _AUTHORITY, "the authority")
    window = exactly(body["window"], frozenset({"start", "end"}), "the window")
    watchlist = exactly(body["watchlist"], frozenset({"root", "size", "by_category", "by_source", "under_18"}), "the list summary")
    start, end = wire_time(window, "start"), wire_time(window, "end")
    if start >= end:
        raise Failed("the authorised window ends before it starts")
    _same_as_entry(event, body, start, end, hex32(watchlist, "root"), decided.payload.mode)
    officer_id, rank = _check_people(body, decided, event.at, roster)
    drill = read_drill(body["drill"], start, end, digest(event.body, "decision"))
    compared_with = count(watchlist, "size") + (len(drill.tokens) if drill else 0)
    certificate = _check_certificate(body, compared_with, end, decided.payload.mode, roster, objects)
    return Authority(
        digest=digest(event.body, "decision"),
        body=body,
        mode=decided.payload.mode,
        officer_id=officer_id,
        unit_id=text(body, "unit_id", 80),
        start=start,
        end=end,
        list_root=hex32(watchlist, "root"),
        list_size=count(watchlist, "size"),
        drill=drill,
        certificate=certificate,
        rank=rank,
    )


def check_matching(authority: Authority, unit: UnitDeployment, logged_at: str | None) -> None:
    """What the unit did, against what it was allowed to do. Raises Failed."""
    if unit.unit_id != authority.unit_id:
        raise Failed(f"unit {unit.unit_id} matched under an authority for unit {authority.unit_id}")
    for started in unit.events["matching.started"]:
        if logged_at is None or logged_at > started.at:
            raise Failed(f"no witness had cosigned the authority when matching started at {started.at}", _place(unit, started))
        if not authority.start <= started.at < authority.end:
            raise Failed(f"matching started at {started.at}, outside the authorised window", _place(unit, started))
        for name, allowed in (("threshold", authority.body["threshold"]), ("pipeline_digest", authority.certificate["pipeline_digest"]),
                              ("pack_digest", authority.certificate["pack_digest"]), ("list_root", authority.list_root.hex())):  # fmt: skip
            if started.body[name] != allowed:
                raise Failed(f"matching started with another {name} than was authorised", _place(unit, started))
        if not set(texts(started.body, "camera_ids")) <= set(texts(authority.body, "camera_ids")):
            raise Failed("matching started with a camera that was not authorised", _place(unit, started))
    for passed in unit.events["gate.passed"]:
        if passed.body["decision"] != authority.digest or passed.body["certificate"] != authority.body["certificate"]:
            raise Failed("the gate passed on another authority or certificate", _place(unit, passed))
    for stopped in unit.events["matching.stopped"]:
        if (as_datetime(stopped.at) - as_datetime(authority.end)).total_seconds() > STOP_GRACE_S:
            raise Failed(f"matching went on until {stopped.at}, after the authorised end", _place(unit, stopped))


def _same_as_entry(event: Event, body: Fields, start: str, end: str, root: bytes, mode: str) -> None:
    wanted = {
        "application_id": body["application_id"],
        "unit_id": body["unit_id"],
        "list_root": root.hex(),
        "window_start": start,
        "window_end": end,
    }
    for name, value in wanted.items():
        if event.body[name] != value:
            raise Failed(f"the ledger entry and the asserted document name a different {name}")
    if event.deployment != body["deployment_id"] or event.mode != mode or event.actor != body["authorising_officer_id"]:
        raise Failed("the ledger entry and the asserted document differ in deployment, mode or officer")


def _check_people(body: Fields, decided: Decision, at: str, roster: Roster) -> tuple[str, str]:
    officer_id, applicant_id = text(body, "authorising_officer_id", 80), text(body, "applicant_id", 80)
    decided.asserted_by(officer_id, "authorising_officer", at)
    rank = roster.person(officer_id, "authorising_officer", at).rank
    if RANKS.index(rank) < RANKS.index(LOWEST_RANK):
        raise Failed(f"the authorising officer is a {rank}, below {LOWEST_RANK}")
    roster.person(applicant_id, "applicant", at)
    if officer_id == applicant_id or officer_id in texts(body, "operator_ids"):
        raise Failed("the authorising officer is also the applicant or an operator")
    roster.unit(text(body, "unit_id", 80), at)
    return officer_id, rank


def _check_certificate(body: Fields, entries: int, end: str, mode: str, roster: Roster, objects: Objects) -> Fields:
    signed, independent = read_certificate(digest(body, "certificate"), roster, objects)
    certificate = signed.body
    if wire_time(certificate, "valid_to") < end:
        raise Failed("the certificate expired before the end of the window")
    bands = [exactly(each, _BAND, "a band") for each in certificate["bands"]] if isinstance(certificate["bands"], list) else []
    fitting = sorted((count(band, "max_entries"), text(band, "threshold", 20)) for band in bands if count(band, "max_entries") >= entries)
    if not fitting:
        raise Failed(f"the certificate has no threshold for a list of {entries}")
    try:
        below = Decimal(text(body, "threshold", 20)) < Decimal(fitting[0][1])
    except InvalidOperation as error:
        raise Failed("a threshold is not a decimal number") from error
    if below:
        raise Failed(f"the authorised threshold {body['threshold']} is below the certified {fitting[0][1]}")
    if mode == "operational":
        require_real_use(certificate, next(band for band in bands if band["max_entries"] == fitting[0][0]), independent)
    return certificate


def _place(unit: UnitDeployment, event: Event) -> str:
    return f"entry {event.index} of the ledger of unit {unit.unit_id}"
