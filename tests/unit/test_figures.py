"""Figures are counted from ledger entries and from nothing else; what cannot have happened is not counted but refused (R43-R51, R74)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.events import (
    AlertAdjudicated,
    AlertDecision,
    AlertOutcome,
    AlertRaised,
    AlertResolved,
    EventBody,
    MatchingStarted,
    MatchingStopped,
    PassersCounted,
    entry_bytes,
)
from governance.figures import Figures, count
from governance.messages.payload import Mode, digest_of
from lfr_engine.clock import Clock
from lfr_engine.errors import BadInput, VerificationFailed
from lfr_engine.sealed.facts import Seal

CLOCK = Clock(sim_start=datetime(2026, 12, 5, 10, tzinfo=UTC), sim_rate=0.0)
STARTED = MatchingStarted(
    camera_ids=("c",),
    list_root="ab" * 32,
    pack_digest=digest_of(b"a"),
    pipeline_digest=digest_of(b"b"),
    threshold="0.60",
    sealed=(Seal.WRITES_NOTHING,),
    lacking=(),
)


def counted(bodies: Iterable[EventBody], deployment: str = "dep-1") -> Figures:
    return count([told(body, deployment) for body in bodies], "dep-1")


def told(body: EventBody, deployment: str | None = "dep-1") -> bytes:
    return entry_bytes(
        body, clock=CLOCK, actor="p-1", role="r", justification="why", mode=Mode.DEMONSTRATION, profile="uk", deployment=deployment
    )


def passers(**numbers: int) -> PassersCounted:
    fields = dict.fromkeys(("frames", "dropped", "passages", "faces", "too_small", "low_quality"), 0)
    return PassersCounted(minute="2026-12-05T10:00:00.000Z", **{**fields, **numbers})


def raised(alert: str) -> AlertRaised:
    return AlertRaised(alert_id=alert, camera_id="c", candidate="cd" * 32)


def decided(alert: str, decision: AlertDecision, **changes: Any) -> AlertAdjudicated:
    fields: dict[str, Any] = {"decided_after_ms": 1, "engagement_officer_id": "e", "operator_id": "o", "scripted": False}
    return AlertAdjudicated(alert_id=alert, decision=decision, reason="chin", **{**fields, **changes})


def resolved(alert: str, outcome: AlertOutcome, engagement: Any = "engaged") -> AlertResolved:
    return AlertResolved(alert_id=alert, engagement=engagement, outcome=outcome, identified_by="document", scripted=False)


def test_counters_add_up_and_other_deployments_do_not_count() -> None:
    entries = [
        told(STARTED),
        told(passers(frames=10, passages=3, faces=40, too_small=1)),
        told(passers(frames=5, passages=2, low_quality=4, dropped=1)),
        told(passers(frames=999, passages=999), "dep-2"),
        told(raised("x"), "dep-2"),
        told(passers(frames=1), None),
        told(MatchingStopped(reason="end_time")),
    ]
    figures = count(entries, "dep-1")
    assert (figures.frames, figures.passages, figures.faces, figures.too_small, figures.low_quality, figures.dropped) == (
        15,
        5,
        40,
        1,
        4,
        1,
    )
    assert (figures.alerts, figures.ended_because, figures.threshold) == (0, "end_time", "0.60")


STANDINGS: list[tuple[AlertDecision | None, AlertOutcome | None, str]] = [
    (None, None, "undecided"),
    (AlertDecision.TRUE, None, "true"),
    (AlertDecision.FALSE, None, "false"),
    (AlertDecision.INDETERMINATE, None, "undecided"),
    (AlertDecision.LOST, None, "undecided"),
    (AlertDecision.TRUE, AlertOutcome.CONFIRMED_TRUE, "true"),
    (AlertDecision.TRUE, AlertOutcome.CONFIRMED_FALSE, "false"),
    (AlertDecision.TRUE, AlertOutcome.UNCONFIRMED, "true"),
    (AlertDecision.INDETERMINATE, AlertOutcome.CONFIRMED_TRUE, "true"),
    (AlertDecision.INDETERMINATE, AlertOutcome.CONFIRMED_FALSE, "false"),
    (AlertDecision.INDETERMINATE, AlertOutcome.UNCONFIRMED, "undecided"),
]


def history(alert: str, decision: AlertDecision | None, outcome: AlertOutcome | None) -> list[EventBody]:
    return [raised(alert), *([decided(alert, decision)] if decision else []), *([resolved(alert, outcome)] if outcome else [])]


@pytest.mark.parametrize(("decision", "outcome", "standing"), STANDINGS)
def test_R51_the_outcome_stands_above_the_adjudication(decision: AlertDecision | None, outcome: AlertOutcome | None, standing: str) -> None:
    assert counted(history("a", decision, outcome)).standing("a") == standing


@given(st.lists(st.sampled_from(STANDINGS), max_size=12))
def test_every_alert_is_in_exactly_one_of_true_false_undecided(chosen: list[tuple[AlertDecision | None, AlertOutcome | None, str]]) -> None:
    figures = counted([body for number, (one, two, _) in enumerate(chosen) for body in history(f"a-{number}", one, two)])
    assert figures.alerts == len(chosen)
    assert figures.true_alerts + figures.false_alerts + figures.undecided == figures.alerts


IMPOSSIBLE: dict[str, list[EventBody]] = {
    "decided twice": [raised("a"), decided("a", AlertDecision.TRUE), decided("a", AlertDecision.FALSE)],
    "decided the same way twice": [raised("a"), decided("a", AlertDecision.TRUE), decided("a", AlertDecision.TRUE)],
    "decided and never raised": [decided("a", AlertDecision.TRUE)],
    "decided before it was raised": [decided("a", AlertDecision.TRUE), raised("a")],
    "raised twice": [raised("a"), raised("a")],
    "raised again to be decided again": [raised("a"), decided("a", AlertDecision.FALSE), raised("a"), decided("a", AlertDecision.TRUE)],
    "an outcome of an alert never raised": [resolved("a", AlertOutcome.CONFIRMED_TRUE)],
    "an outcome before a decision": [raised("a"), resolved("a", AlertOutcome.CONFIRMED_TRUE)],
    "two outcomes": [*history("a", AlertDecision.TRUE, AlertOutcome.CONFIRMED_FALSE), resolved("a", AlertOutcome.CONFIRMED_TRUE)],
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_what_cannot_have_happened_is_not_counted(what: str) -> None:
    with pytest.raises(VerificationFailed):
        counted(IMPOSSIBLE[what])


def test_the_same_alert_id_in_another_deployment_is_another_alert() -> None:
    entries = [told(raised("a")), told(raised("a"), "dep-2"), told(decided("a", AlertDecision.TRUE), "dep-2")]
    assert count(entries, "dep-1").undecided == 1


def test_engagements_and_scripted_decisions_are_said() -> None:
    figures = counted(
        [
            *history("a", AlertDecision.TRUE, AlertOutcome.CONFIRMED_TRUE),
            raised("b"),
            decided("b", AlertDecision.TRUE, scripted=True),
            resolved("b", AlertOutcome.UNCONFIRMED, "attempted_lost"),
        ]
    )
    assert figures.engaged == {"a"}
    assert figures.scripted


def test_an_entry_outside_the_catalogue_stops_the_count() -> None:
    with pytest.raises(BadInput):
        count([told(raised("a")), b"{}"], "dep-1")


def test_after_an_interruption_the_first_start_and_the_last_end_stand() -> None:
    entries = [told(STARTED), told(MatchingStopped(reason="power_loss")), told(STARTED), told(MatchingStopped(reason="end_time"))]
    assert count(entries, "dep-1").ended_because == "end_time"
