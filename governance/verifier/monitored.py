"""The cumulative monitors against the units' own ledgers: no passage, false alert or undecided alert is missing from them (R54, R79)."""

from .events import Event
from .evidence import Evidence
from .strict import Failed, count
from .unit_ledger import UnitDeployment


def check_totals(evidence: Evidence) -> None:
    """The last word of each pipeline's monitor is the sum over the deployments that were folded into it since its last review."""
    subject = evidence.report.subject("models")
    units = {name: one for ledger in evidence.units.values() for name, one in ledger.deployments.items()}
    folded: dict[str, tuple[str, int, int]] = {}  # deployment -> pipeline, reviews when first folded in, entry of the last time
    newest: dict[str, Event] = {}
    for event in evidence.office.register:
        if event.type != "pipeline.monitored":
            continue
        pipeline, deployment = str(event.body["pipeline_digest"]), str(event.deployment)
        first = folded.get(deployment, (pipeline, event.body["reviews"], 0))
        folded[deployment] = (first[0], first[1], event.index)
        newest[pipeline] = event
    for pipeline, event in newest.items():
        lineage = _lineage(evidence, pipeline)
        summed = [name for name, (of, reviews, _) in folded.items() if of in lineage and reviews == event.body["reviews"]]
        if any(folded[name][2] > event.index or name not in units or units[name].after_stop for name in summed):
            continue  # a later entry says more, or belongs to a record that was closed before
        with subject.check(f"entry {event.index} of the office ledger"):
            _same(event, [units[name] for name in summed])
    unfolded = [
        name for name, one in units.items() if one.events["matching.started"] and name in evidence.office.deployments and name not in folded
    ]
    if unfolded:
        subject.fail(f"{len(unfolded)} deployments that matched are in no monitor", f"deployment {unfolded[0]}")


def _lineage(evidence: Evidence, pipeline: str) -> set[str]:
    """The pipeline and every version before it."""
    found: set[str] = set()
    at: str | None = pipeline
    while at is not None and at not in found and at in evidence.pipelines:
        found.add(at)
        at = evidence.pipelines[at].predecessor
    return found


def _same(event: Event, deployments: list[UnitDeployment]) -> None:
    standings = [alert.standing for one in deployments for alert in one.alerts.values()]
    exact = {
        "passages": sum(one.totals["passages"] for one in deployments),
        "false_alerts": standings.count("false"),
        "undecided": standings.count("undecided"),
    }
    for name, value in exact.items():
        if count(event.body, name) != value:
            raise Failed(f"{name} of the monitor are given as {event.body[name]}, the units' ledgers give {value}")
