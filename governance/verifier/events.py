"""The closed catalogue of ledger entries, as this verifier knows it: type, operation and the fields of its body.

Written apart from the program that makes entries, so that a change there is noticed here.
"""

from dataclasses import dataclass

from .dsse import MODES
from .strict import Failed, Fields, exactly, names, parse_json, wire_time

ENTRY_BYTES_MAX = 16 * 1024
_EVENT = names(
    "v id type op at actor role subject justification deployment authority profile mode principles rule_ids objects recipients body"
)

CATALOGUE: dict[str, tuple[str, frozenset[str]]] = {
    name: (op, names(fields))
    for name, op, fields in (
        ("office.initialised", "configure", "force mode"),
        ("roster.published", "configure", "version roster"),
        ("unit.enrolled", "configure", "unit_id keyid"),
        ("certificate.registered", "configure", "certificate pipeline_digest"),
        ("application.saved", "alteration", "application_id revision content"),
        ("application.submitted", "alteration", "application_id revision content"),
        ("application.returned", "authorise", "application_id outcome reasons"),
        ("entry.collected", "collection", "application_id draft"),
        ("entry.reviewed", "consultation", "application_id draft leaf verdict"),
        ("image.consulted", "consultation", "application_id draft"),
        ("photo.refused", "erasure", "application_id count"),
        ("authority.granted", "authorise", "decision application_id unit_id list_root window_start window_end"),
        ("unit_key.received", "configure", "unit_id unit_key"),
        ("bundle.sealed", "disclosure", "decision unit_id entries"),
        ("stop.ordered", "stop", "decision unit_id"),
        ("sync.received", "collection", "unit_id origin size root sequence package"),
        ("record.published", "publish", "decision"),
        ("export.made", "disclosure", "size"),
        ("session.started", "verify", "succeeded"),
        ("clock.simulated", "configure", "setting"),
        ("blue.collected", "collection", "application_id leaf"),
        ("drill.scheduled", "configure", "schedule walks walkers"),
        ("drill.walked", "verify", "walk walker_id signature scripted"),
        ("drill.recognised", "combination", "walker_id camera_id"),
        ("gate.refused", "verify", "refused_by"),
        ("gate.passed", "verify", "decision bundle certificate would_block"),
        ("unit_key.made", "configure", "unit_key recipient"),
        ("bundle.opened", "consultation", "bundle entries"),
        ("matching.started", "start", "camera_ids list_root pack_digest pipeline_digest threshold sealed lacking"),
        ("passers.counted", "collection", "minute frames dropped passages faces too_small low_quality"),
        ("alert.raised", "combination", "alert_id camera_id candidate"),
        ("alert.shown", "consultation", "alert_id"),
        ("alert.adjudicated", "alteration", "alert_id decision reason decided_after_ms engagement_officer_id operator_id scripted"),
        ("alert.resolved", "alteration", "alert_id engagement outcome identified_by scripted"),
        ("matching.paused", "pause", "reason"),
        ("matching.resumed", "start", "reason"),
        ("matching.stopped", "stop", "reason"),
        ("purge.done", "erasure", "certificate"),
        ("alert.erased", "erasure", "alert_id"),
        ("list.erased", "erasure", "application_id files"),
        ("plan.registered", "configure", "plan pipeline_digest"),
        ("run.started", "verify", "plan ordinal"),
        ("run.ended", "verify", "plan ordinal outcome result"),
        ("pipeline.registered", "configure", "model pipeline_digest pack_digest predecessor"),
        ("pipeline.moved", "configure", "pipeline_digest was becomes cause needs"),
        ("review.cleared", "verify", "pipeline_digest need evidence"),
        ("pipeline.monitored", "verify", "pipeline_digest reviews passages false_alerts undecided lower lower_worst breached"),
        ("groups.monitored", "verify", "pipeline_digest measure groups suppressed table breached"),
        ("monitor.tripped", "pause", "passages false_alerts undecided lower suspended"),
        ("match.tested", "combination", "pack_digest enrolled video"),
    )
}


@dataclass(frozen=True, slots=True)
class Event:
    """One entry that is well formed and in the catalogue; `index` is its place in its log."""

    index: int
    type: str
    at: str
    actor: str
    deployment: str | None
    authority: str | None
    mode: str
    objects: tuple[str, ...]
    body: Fields


def read_event(entry: bytes, index: int) -> Event:
    """Raises Failed on anything outside the catalogue: an unknown type, another field, a missing reason (DPA 2018 s.62)."""
    if len(entry) > ENTRY_BYTES_MAX:
        raise Failed(f"the entry has more than {ENTRY_BYTES_MAX} bytes")
    fields = exactly(parse_json(entry), _EVENT, "the entry")
    kind = fields["type"]
    known = CATALOGUE.get(kind) if isinstance(kind, str) else None
    if known is None or fields["v"] != 1:
        raise Failed(f"the entry is of a type outside the catalogue: {str(kind)[:60]}")
    op, body_fields = known
    if fields["op"] != op or fields["mode"] not in MODES:
        raise Failed(f"the entry {kind} names another operation or mode than it may")
    if op in ("consultation", "disclosure") and not str(fields["justification"]).strip():
        raise Failed(f"the entry {kind} gives no reason for opening or passing on personal data")
    objects = fields["objects"]
    if not isinstance(objects, list) or any(not isinstance(each, str) for each in objects):
        raise Failed(f"the objects of the entry {kind} are not digests")
    for name in ("actor", "deployment", "authority"):
        if not isinstance(fields[name], str) and (name == "actor" or fields[name] is not None):
            raise Failed(f"{name} of the entry {kind} is not a text")
    at = wire_time(fields, "at")
    body = exactly(fields["body"], body_fields, f"the body of {kind}")
    return Event(index, kind, at, fields["actor"], fields["deployment"], fields["authority"], fields["mode"], tuple(objects), body)
