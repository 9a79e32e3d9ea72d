"""The model register played again from the ledger: every step allowed, every review opened where a monitor says so, and no
list sealed for a pipeline that was not in use at that moment."""

import math

from .events import Event
from .evidence import Evidence
from .pipeline import CUMULATIVE, Pipeline
from .report import Subject
from .sequence import evidence_above, lower_bound
from .strict import Failed, Fields, count, digest, exactly, text, texts

LIMIT = 0.001  # R54
ALPHA = 0.025
IN_USE = {
    "operational": frozenset({"operational"}),
    "exercise": frozenset({"certified", "operational"}),
    "demonstration": frozenset({"certified", "operational"}),
}
_STEPS: dict[str, dict[str, tuple[str, ...]]] = {
    "registered": {"tested": ("run_passed",)},
    "tested": {"certified": ("certificate",)},
    "certified": {"operational": ("adopted",), "under_review": ("change", "supplier", "monitor", "retest_due"), "suspended": ("order",)},
    "operational": {"under_review": ("change", "supplier", "monitor", "retest_due"), "suspended": ("order",)},
    "under_review": {"certified": ("cleared",), "under_review": ("monitor",), "suspended": ("order",)},
    "suspended": {"under_review": ("order",)},
}
_NEEDS = {
    "change": {"retest"},
    "supplier": {"human_review", "retest"},
    "monitor": {"human_review", "retest", "ethics_referral"},
    "retest_due": {"retest"},
    "order": {"human_review"},
}
_STANDING = frozenset({"pipeline_digest", "state", "since", "cumulative"})


def check_register(evidence: Evidence) -> dict[str, Pipeline]:
    """Fills the subject `models`."""
    subject = evidence.report.subject("models")
    pipelines: dict[str, Pipeline] = {}
    for event in evidence.office.register:
        with subject.check(f"entry {event.index} of the office ledger"):
            _take(event, pipelines)
    for name, pipeline in pipelines.items():
        if pipeline.owed_since is not None:
            subject.fail("a monitor passed its limit and no review was opened", f"entry {pipeline.owed_since} of the office ledger")
        subject.facts.append(f"{pipeline.model} {name[7:19]}… {pipeline.state.replace('_', ' ')}")
    return pipelines


def check_sealed(event: Event, bundle: Fields, pipelines: dict[str, Pipeline], certificate: Fields, subject: Subject) -> None:
    """The register's line in a sealed list is what the register said at that moment, and it let the pipeline match."""
    standing = exactly(bundle["model"], _STANDING, "the register's line in the bundle")
    name = digest(standing, "pipeline_digest")
    if name != certificate["pipeline_digest"]:
        raise Failed("the bundle carries the register's line on another pipeline than the certified one")
    pipeline = pipelines.get(name)
    if pipeline is None:
        raise Failed("a list was sealed for a pipeline that is not in the model register")
    if (state := pipeline.at(event.index)) != standing["state"]:
        raise Failed(f"the bundle says the pipeline is {str(standing['state'])[:20]}, the register said {state}")
    if state not in IN_USE[event.mode]:
        raise Failed(f"a list was sealed while the pipeline was {state.replace('_', ' ')}")
    _same_figures(event, exactly(standing["cumulative"], frozenset(CUMULATIVE), "the monitor in the bundle"), name, pipelines)
    if event.mode != "operational":
        subject.notes.append(f"the pipeline of deployment {event.deployment} was {state}; real use needs an adopted one")


def _same_figures(event: Event, told: Fields, name: str, pipelines: dict[str, Pipeline]) -> None:
    """The unit goes on from the figures that the ledger had told before: else its monitor begins with less than is known.

    Where a version before this one was told of last, or a review was cleared since, the ledger alone does not give the sum and
    nothing is compared.
    """
    newest: tuple[int, str, tuple[int, ...]] = (-1, name, (0,) * len(CUMULATIVE))
    at: str | None = name
    while at is not None:
        newest = max([newest, *((index, at, counts) for index, counts in pipelines[at].monitored if index < event.index)])
        at = pipelines[at].predecessor
    index, of, counts = newest
    own = pipelines[name]
    cleared = any(state == "certified" and index < entry < event.index for entry, state in own.states) if index >= 0 else own.reviews > 0
    if of != name or cleared:
        return
    for part, value in zip(CUMULATIVE, counts, strict=True):
        if count(told, part) != value:
            raise Failed(f"the bundle gives the unit's monitor {part} {told[part]}, the office's ledger {value}")


def _take(event: Event, pipelines: dict[str, Pipeline]) -> None:
    name = digest(event.body, "pipeline_digest")
    if event.type == "pipeline.registered":
        if name in pipelines:
            raise Failed("a pipeline is registered twice")
        model = text(event.body, "model", 80)
        before = next((each for each, one in reversed(pipelines.items()) if one.model == model), None)
        if event.body["predecessor"] != before:
            raise Failed("a pipeline does not name the newest version of its model, whose monitor it has to carry on")
        reviews = pipelines[before].reviews if before is not None else 0
        pipelines[name] = Pipeline(model, before, [(event.index, "registered")], reviews=reviews)
        return
    pipeline = pipelines.get(name)
    if pipeline is None:
        raise Failed(f"{event.type} is about a pipeline that was never registered")
    if event.type == "pipeline.moved":
        _move(event, pipeline)
    elif event.type == "review.cleared":
        need = text(event.body, "need", 20)
        if pipeline.state != "under_review" or need not in pipeline.needs:
            raise Failed("something was cleared that no review waited for")
        pipeline.needs.discard(need)
    else:
        _monitored(event, pipeline)


def _move(event: Event, pipeline: Pipeline) -> None:
    was, becomes, cause = (text(event.body, part, 20) for part in ("was", "becomes", "cause"))
    if was != pipeline.state:
        raise Failed(f"a pipeline that is {pipeline.state} is said to have been {was}")
    allowed = cause in _STEPS.get(was, {}).get(becomes, ()) or (becomes == "retired" and cause == "withdrawn" and was != "retired")
    if not allowed:
        raise Failed(f"a pipeline that is {was} does not become {becomes} by {cause}")
    needs = _NEEDS[cause] | pipeline.needs if becomes == "under_review" else set()  # what was open before stays open
    if set(texts(event.body, "needs")) != needs:
        raise Failed(f"a review for {cause} was opened without everything it needs")
    if cause == "cleared" and pipeline.needs:
        raise Failed(f"a review ended although {', '.join(sorted(pipeline.needs))} was never cleared")
    pipeline.states.append((event.index, becomes))
    if becomes != "suspended":
        pipeline.needs = set(needs)
    pipeline.monitor_review |= cause == "monitor"
    if cause == "cleared":
        pipeline.reviews, pipeline.monitor_review = pipeline.reviews + pipeline.monitor_review, False
    if becomes not in ("certified", "operational"):
        pipeline.owed_since = None


def _monitored(event: Event, pipeline: Pipeline) -> None:
    body = event.body
    breached = body["breached"]
    if event.type == "pipeline.monitored":
        if count(body, "reviews") != pipeline.reviews:
            raise Failed(f"the monitor starts after review {body['reviews']}, the register has cleared {pipeline.reviews} of its reviews")
        passages, false, undecided = (count(body, name) for name in ("passages", "false_alerts", "undecided"))
        pipeline.monitored.append((event.index, (pipeline.reviews, passages, false, undecided)))
        worst = min(false + undecided, passages)
        evidence = evidence_above(worst, passages, LIMIT) if passages else -math.inf
        if breached is not (evidence >= math.log(1 / ALPHA)):
            raise Failed(f"the monitor is said to have {'' if breached else 'not '}passed its limit; the counts say otherwise")
        for name, k in (("lower", min(false, passages)), ("lower_worst", worst)):
            exact = lower_bound(k, passages, ALPHA) if passages else 0.0
            if abs(_share(body, name) - exact) > 1e-6 + 1e-4 * exact:
                raise Failed(f"{name} of the monitor is given as {body[name]}, the counts give {exact:.9f}")
    if breached is True and event.mode != "demonstration" and pipeline.state in ("certified", "operational"):
        pipeline.owed_since = event.index


def _share(body: Fields, name: str) -> float:
    try:
        return float(text(body, name, 20))
    except ValueError as error:
        raise Failed(f"{name} of the monitor is no number") from error
