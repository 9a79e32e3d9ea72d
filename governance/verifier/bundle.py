"""The sealed list of a deployment: compiled by the right person, for this unit's one-use key, from the approved leaves only."""

from .authority import Authority
from .events import Event
from .objects import Objects
from .roster import Roster
from .strict import Failed, Fields, as_datetime, count, digest, exactly, hex32, names, text, texts, wire_time
from .tree import leaf_hash, root_of
from .unit_ledger import UnitDeployment

COMPILED_BEFORE_START_H = 24  # R20
_BUNDLE = names(
    "deployment_id unit_id recipient authority list_root leaves removals compiled_at not_before not_after pack_digest model plain cipher"
)
_UNIT_KEY = frozenset({"deployment_id", "unit_id", "recipient", "created_at"})


def one_use_recipient(event: Event, authority: Authority, roster: Roster, objects: Objects) -> str:
    """The public half of the one-use key, signed by the authorised unit. Raises Failed."""
    key = roster.unit(authority.unit_id, event.at).key
    body = exactly(objects.signed_by(digest(event.body, "unit_key"), "unit-key", key).body, _UNIT_KEY, "the unit's key")
    if body["deployment_id"] != event.deployment or body["unit_id"] != authority.unit_id:
        raise Failed("the unit's one-use key is for another deployment or unit")
    return text(body, "recipient", 200)


def check_bundle(event: Event, authority: Authority, recipients: list[str], roster: Roster, objects: Objects) -> Fields:
    """The bundle's document. Raises Failed at the first thing that does not hold."""
    decided = objects.decision(digest(event.body, "decision"), "seal", "bundle", roster=roster)
    body = exactly(decided.body, _BUNDLE, "the bundle")
    if not decided.person_ids or event.actor not in decided.person_ids:
        raise Failed("the bundle was asserted by another person than the entry names")
    decided.asserted_by(event.actor, "compiler", event.at)
    if (body["deployment_id"], body["unit_id"], body["authority"]) != (event.deployment, authority.unit_id, authority.digest):
        raise Failed("the bundle is for another deployment, unit or authority")
    if body["recipient"] not in recipients:
        raise Failed("the bundle is encrypted to another key than the unit's one-use key")
    leaves, removals = texts(body, "leaves"), texts(body, "removals")
    if hex32(body, "list_root") != authority.list_root or _list_root(leaves) != authority.list_root:
        raise Failed("the sealed list is not the one the officer approved: its root differs")
    if not set(removals) <= set(leaves) or len(set(removals)) != len(removals):
        raise Failed("the bundle removes somebody who was never on the list")
    if count(event.body, "entries") != len(leaves) - len(removals) or len(leaves) != authority.list_size:
        raise Failed("the number of sealed entries is not approved entries less removals")
    if body["pack_digest"] != authority.certificate["pack_digest"]:
        raise Failed("the templates come from another model pack than the certified one")
    compiled = wire_time(body, "compiled_at")
    if (as_datetime(authority.start) - as_datetime(compiled)).total_seconds() > COMPILED_BEFORE_START_H * 3600:
        raise Failed(f"the list was compiled more than {COMPILED_BEFORE_START_H} h before the start")
    if wire_time(body, "not_after") > authority.end or wire_time(body, "not_before") < compiled:
        raise Failed("the bundle is valid before it was compiled or after the authorised end")
    return body


def check_opening(unit: UnitDeployment, sealed: dict[str, Fields]) -> None:
    """Each opening the unit logged was of a sealed bundle, once, in its time. Raises Failed."""
    for opened in unit.events["bundle.opened"]:
        where = f"entry {opened.index} of the ledger of unit {unit.unit_id}"
        body = sealed.get(digest(opened.body, "bundle"))
        if body is None:
            raise Failed("the unit opened a bundle that the office never sealed for this deployment", where)
        if not body["not_before"] <= opened.at < body["not_after"]:
            raise Failed(f"the bundle was opened at {opened.at}, outside its time", where)
        if count(opened.body, "entries") != len(body["leaves"]) - len(body["removals"]):
            raise Failed("the unit opened another number of entries than were sealed", where)
    if len(unit.events["bundle.opened"]) > 1 and len(unit.events["matching.started"]) < len(unit.events["bundle.opened"]):
        raise Failed("the bundle was opened more often than matching was started")


def _list_root(leaves: tuple[str, ...]) -> bytes:
    try:
        decoded = [bytes.fromhex(leaf) for leaf in sorted(leaves)]
    except ValueError as error:
        raise Failed("a leaf of the list is not 32 bytes in hex") from error
    if len(set(decoded)) != len(decoded) or any(len(leaf) != 32 for leaf in decoded):
        raise Failed("the list holds the same leaf twice, or one of another length")
    return root_of(leaf_hash(leaf) for leaf in decoded)
