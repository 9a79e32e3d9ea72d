"""What a run of the demonstration found, counted afterwards from the ledger's record and the rehearsal's truth."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webui.cli.demo_refusals import Refusal
from webui.cli.demo_subject import Subject


@dataclass(frozen=True, slots=True)
class Found:
    """Everything the report is made of; each part comes from the process that made it."""

    record: bytes
    run: dict[str, Any]
    verified: dict[str, Any]
    refusals: Sequence[Refusal]
    refused_photos: Sequence[tuple[str, str]]
    listed: Sequence[str]
    seed: int
    seconds: float


def demo_report(found: Found, subject: Subject) -> dict[str, Any]:
    """The JSON of `lfr demo --json`."""
    record = json.loads(found.record)["body"]
    truth = subject.truth()
    passed = [passage.person for passage in truth.passages] if truth else []
    same = sorted({person for person in passed if person in found.listed and person in subject.same_photo})
    return {
        "mode": "demonstration",
        "seed": found.seed,
        "faces_counted": record["passages"],
        "faces_passed": len(passed) if truth else None,
        "distinct_people": len(set(passed)) if truth else None,
        "listed": len(found.listed),
        "listed_passers": sum(person in found.listed for person in passed) if truth else None,
        "same_photo_pairs": len(same),
        "alerts": record["alerts"],
        "true_alerts": record["true_alerts"],
        "false_alerts": record["false_alerts"],
        "undecided_alerts": record["alerts"] - record["true_alerts"] - record["false_alerts"],
        "refused_photos": [{"subject_ref": ref, "why": why} for ref, why in found.refused_photos],
        "refusals": [refusal.as_json() for refusal in found.refusals],
        "purge": {
            "verified": bool(found.verified["purge"]) and not found.run["purge"]["bundle_opens_after"],
            "bundle_opens_after": found.run["purge"]["bundle_opens_after"],
            "certificate": found.run["purge"]["digest"],
        },
        "ledger": {"entries": found.verified["entries"], "verified": found.verified["ok"]},
        "ended_because": record["ended_because"],
        "record": record,
        "people": list(subject.said),
        "seconds": round(found.seconds, 1),
    }
