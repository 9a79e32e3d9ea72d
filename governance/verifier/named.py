"""Every object that any ledger entry names is in the export, unaltered, and signed by a key that may sign its type."""

from collections.abc import Sequence

from .dsse import verify
from .evidence import Evidence
from .roster import open_roster
from .strict import Failed, parse_json, text

OBJECTS_MAX = 1_000_000
_TYPE = ("application/vnd.lawful-lfr.", ".v1+json")


def check_named_objects(evidence: Evidence, roots: Sequence[bytes]) -> None:
    subject = evidence.report.subject("objects")
    named = dict(evidence.office.named)
    for unit in evidence.units.values():
        named.update({digest: where for digest, where in unit.named.items() if digest not in named})
    if len(named) > OBJECTS_MAX:
        subject.fail(f"the ledgers name more than {OBJECTS_MAX} objects")
        return
    for digest, where in named.items():
        with subject.check(f"named by {where}"):
            _check(evidence, digest, roots)
    subject.facts.append(
        f"{len(named):,} named by the ledgers, all present and signed" if not subject.failures else f"{len(named):,} named"
    )


def _check(evidence: Evidence, digest: str, roots: Sequence[bytes]) -> None:
    envelope = evidence.objects.envelope(digest)
    path = str(evidence.objects.path(digest))
    kind = text(parse_json(envelope), "payloadType", 200)
    start, end = _TYPE
    if not kind.startswith(start) or not kind.endswith(end):
        raise Failed(f"the object has the foreign type {kind[:80]}", path)
    name = kind[len(start) : -len(end)]
    rosters = [roster for _, roster in evidence.rosters.versions]
    signers = {
        "certificate": [key for roster in rosters for key, _ in roster.test_bodies.values()],
        "plan": [key for roster in rosters for key, _ in roster.test_bodies.values()],
        "decision": [roster.office_key for roster in rosters],
        "unit-key": [unit.key for roster in rosters for unit in roster.units.values()],
    }
    signers["purge"] = signers["sync"] = signers["unit-key"]
    if name != "roster" and name not in signers:
        raise Failed(f"no role may sign an object of the type {name[:80]}", path)
    try:
        if name == "roster":
            open_roster(envelope, roots)
        else:
            verify(envelope, name, signers[name])
    except Failed as failed:
        raise Failed(failed.what, path) from failed
