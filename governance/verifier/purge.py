"""The purge of a deployment, as far as the unit attests it: which key was destroyed, when, and in time."""

from .authority import Authority
from .objects import Objects
from .roster import Roster
from .strict import Failed, Fields, as_datetime, count, digest, exactly, names, wire_time
from .unit_ledger import UnitDeployment

ENDED_TOLERANCE_S = 5.0
_PURGE = names(
    "deployment_id unit_id recipient bundle matching_ended_at ended_because destroyed_at destroyed bundle_opens_after method proves"
)


def check_purge(
    deployment: str, unit: UnitDeployment, authority: Authority, recipients: list[str], roster: Roster, objects: Objects
) -> Fields:
    """The purge certificate. Raises Failed at the first thing that does not hold."""
    done = unit.one("purge.done")
    name = digest(done.body, "certificate")
    body = exactly(objects.signed_by(name, "purge", roster.unit(authority.unit_id, done.at).key).body, _PURGE, "the purge certificate")
    where = str(objects.path(name))
    if body["deployment_id"] != deployment or body["unit_id"] != authority.unit_id:
        raise Failed("the purge certificate is for another deployment or unit", where)
    if body["recipient"] not in recipients:
        raise Failed("the purge certificate names another key than the unit's one-use key", where)
    opened = {event.body["bundle"] for event in unit.events["bundle.opened"]}
    if opened and body["bundle"] not in opened:
        raise Failed("the purge certificate names another bundle than the one that was opened", where)
    if body["bundle_opens_after"] is not False:
        raise Failed("the bundle could still be opened after the purge", where)
    if not isinstance(body["destroyed"], list) or not sum(count(each, "count") for each in body["destroyed"]):
        raise Failed("the purge certificate destroyed nothing", where)
    _check_times(body, unit, authority, where)
    return body


def _check_times(body: Fields, unit: UnitDeployment, authority: Authority, where: str) -> None:
    ended, destroyed = wire_time(body, "matching_ended_at"), wire_time(body, "destroyed_at")
    if destroyed < ended:
        raise Failed("the key was destroyed before matching ended, by the certificate's own times", where)
    stops = unit.events["matching.stopped"]
    if unit.events["matching.started"]:
        if not stops:
            raise Failed("the unit's ledger never says that matching stopped", where)
        if abs((as_datetime(stops[-1].at) - as_datetime(ended)).total_seconds()) > ENDED_TOLERANCE_S:
            raise Failed(f"the certificate says matching ended at {ended}, the unit's ledger {stops[-1].at}", where)
    allowed_h = count(
        exactly(authority.body["retention"], frozenset({"alert_h", "watchlist_after_end_h", "cctv_d"}), "retention"),
        "watchlist_after_end_h",
    )
    late_s = (as_datetime(destroyed) - as_datetime(authority.end)).total_seconds()
    if late_s > allowed_h * 3600 and late_s > ENDED_TOLERANCE_S:
        raise Failed(f"the key was destroyed {late_s / 3600:.1f} h after the end; {allowed_h} h were allowed", where)
