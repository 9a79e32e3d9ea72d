"""The monitors: they hold at every look, they agree with the verifier's own computation, and small groups stay hidden (R54, R55, R79)."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.events import AlertDecision, AlertOutcome
from governance.messages.model import Cumulative
from governance.monitors.characteristics import simulate
from governance.monitors.false_alerts import ALPHA, LIMIT, added, look
from governance.monitors.groups import SMALLEST, GroupCount, compare
from governance.monitors.sequence import PRIOR, evidence_above, interval, lower_bound
from governance.verifier import models
from governance.verifier import sequence as verifier
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput
from mobile_unit.journal.answers import AlertSeen
from mobile_unit.journal.tables import AlertState
from mobile_unit.monitors.false_alerts import OPEN_FOR, LiveMonitor

NOW = datetime(2026, 12, 5, 12, tzinfo=UTC)
NOTHING = Cumulative(reviews=0, passages=0, false_alerts=0, undecided=0)


def test_the_verifier_uses_the_same_numbers_written_down_apart() -> None:
    assert (PRIOR, float(LIMIT), ALPHA) == (verifier.PRIOR, models.LIMIT, models.ALPHA)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 200_000), share=st.floats(0, 0.05), rate=st.sampled_from([0.0005, 0.001, 0.01]))
def test_the_closed_form_agrees_with_numerical_integration(n: int, share: float, rate: float) -> None:
    k = int(share * n)
    ours, theirs = evidence_above(k, n, rate), verifier.evidence_above(k, n, rate)
    # Far below the mark the two may differ in digits that decide nothing.
    assert ours == pytest.approx(theirs, abs=0.01) or (ours < -4 and theirs < -4)


@pytest.mark.parametrize(("k", "n"), [(2, 40), (6, 1000), (30, 1000), (23, 10_000), (139, 100_000)])
def test_the_lower_bound_is_where_the_evidence_reaches_its_mark(k: int, n: int) -> None:
    low = lower_bound(k, n, ALPHA)
    assert 0 < low < k / n
    assert evidence_above(k, n, low) == pytest.approx(math.log(1 / ALPHA), abs=1e-6)
    assert low == pytest.approx(verifier.lower_bound(k, n, ALPHA), rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 50_000), k=st.integers(0, 60), rate=st.floats(1e-4, 0.2))
def test_more_false_alerts_are_never_less_evidence_and_a_higher_rate_never_more(n: int, k: int, rate: float) -> None:
    k = min(k, n - 1)
    assert evidence_above(k + 1, n, rate) >= evidence_above(k, n, rate)
    assert evidence_above(k, n, min(0.9, rate * 1.2)) <= evidence_above(k, n, rate) + 1e-9 or k / n < rate


def test_no_counts_no_evidence_and_no_bound() -> None:
    assert evidence_above(0, 0, 0.001) == 0.0
    assert lower_bound(0, 0, ALPHA) == lower_bound(0, 10_000, ALPHA) == 0.0
    assert interval(0, 0, 0.05) == (0.0, 1.0)
    for k, n in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(BadInput):
            evidence_above(k, n, 0.001)


def test_R54_a_healthy_pipeline_is_ever_stopped_at_most_as_often_as_promised() -> None:
    """At the limit itself, the worst healthy case: at most ALPHA of 1,000, with room for chance (three standard errors)."""
    at_limit = simulate(0.001, passages=30_000, runs=1_000, seed=7)
    assert at_limit.stopped <= 1_000 * ALPHA + 3 * math.sqrt(1_000 * ALPHA * (1 - ALPHA))
    assert simulate(0.0002, passages=30_000, runs=500, seed=7).stopped <= 3


def test_R54_a_bad_pipeline_is_stopped_and_the_worse_the_sooner() -> None:
    found = [simulate(rate, passages=60_000, runs=200, seed=3) for rate in (0.003, 0.01, 0.03)]
    assert [one.stopped for one in found] == [200, 200, 200]
    medians = [one.median_passages or 0 for one in found]
    assert medians == sorted(medians, reverse=True)
    assert medians[0] < 6_000


def test_the_promise_holds_where_the_rate_changes_with_what_came_before() -> None:
    """A rate that jumps between 0 and the limit, depending on the past, is no reason to be stopped more often."""
    rng = np.random.default_rng(11)
    stopped = 0
    for _ in range(150):
        k, cautious = 0, False
        for n in range(200, 20_001, 200):
            new = int(rng.binomial(200, 0.0 if cautious else 0.001))
            cautious = k + new > 0.0012 * n  # whoever tunes it down after a bad day
            k += new
            if evidence_above(k, n, 0.001) >= math.log(1 / ALPHA):
                stopped += 1
                break
    assert stopped <= 150 * ALPHA + 3 * math.sqrt(150 * ALPHA)


def test_intervals_of_groups_cover_the_truth_at_every_look() -> None:
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(100):
        seen = np.cumsum(rng.binomial(10, 0.8, size=40))
        missed += any(
            not low <= 0.8 <= high for k, n in zip(seen, range(10, 401, 10), strict=True) for low, high in [interval(int(k), n, 0.05)]
        )
    assert missed <= 100 * 0.05 + 3 * math.sqrt(100 * 0.05 * 0.95)


def test_R55_two_groups_apart_are_named_and_small_ones_hidden() -> None:
    found = compare([GroupCount("A", 90, 100), GroupCount("B", 30, 100), GroupCount("C", 3, SMALLEST - 1)])
    assert found.breached
    assert found.apart == (("B", "A"),)
    hidden = next(line for line in found.lines if line.group == "C")
    assert (hidden.k, hidden.n, found.suppressed) == (None, None, 1)
    assert "B lower than A" in found.wording


def test_R76_no_difference_found_is_never_called_no_bias() -> None:
    found = compare([GroupCount("A", 45, 50), GroupCount("B", 44, 50)])
    assert not found.breached
    assert "could not have been" in found.wording
    assert "bias" not in found.wording
    alone = compare([GroupCount("A", 45, 50), GroupCount("B", 1, 2)])
    assert "nothing can be said" in alone.wording


def test_a_group_named_twice_and_counts_that_are_none_are_bad_input() -> None:
    for counts in ([GroupCount("A", 1, 9), GroupCount("A", 2, 9)], [GroupCount("A", 10, 9)], [GroupCount("A", -1, 9)]):
        with pytest.raises(BadInput):
            compare(counts)


def alert(number: int, decision: AlertDecision | None, outcome: AlertOutcome | None = None, *, age: timedelta = timedelta(0)) -> AlertSeen:
    return AlertSeen(
        alert_id=f"a-{number}",
        deployment_id="dep-1",
        camera_id="camera-1",
        raised_at=format_utc(NOW - age),
        state=AlertState.OPEN if decision is None else AlertState.DECIDED,
        erased=False,
        decision=decision,
        reason=None,
        decided_at=None,
        engagement_officer_id=None,
        operator_id=None,
        engagement=None,
        outcome=outcome,
        identified_by=None,
    )


def test_R54_the_live_monitor_goes_on_from_the_sealed_figures() -> None:
    four = [alert(number, AlertDecision.FALSE) for number in range(4)]
    assert LiveMonitor(NOTHING).look(passages=1000, alerts=four, now=NOW) is None
    before = Cumulative(reviews=0, passages=9_000, false_alerts=20, undecided=0)
    tripped = LiveMonitor(before).look(passages=1000, alerts=four, now=NOW)
    assert tripped is not None
    assert tripped.cumulative == Cumulative(reviews=0, passages=10_000, false_alerts=24, undecided=0)


def test_R54_what_the_live_monitor_counts_as_false() -> None:
    worst = [alert(n, decision) for n, decision in enumerate([AlertDecision.LOST, AlertDecision.INDETERMINATE, AlertDecision.FALSE])]
    old = [alert(3, None, age=OPEN_FOR), alert(4, AlertDecision.TRUE, AlertOutcome.CONFIRMED_FALSE)]
    tripped = LiveMonitor(NOTHING).look(passages=40, alerts=worst + old, now=NOW)
    assert tripped is not None
    assert (tripped.cumulative.false_alerts, tripped.cumulative.undecided) == (2, 3)
    fresh = [alert(n, None) for n in range(9)]
    true = [alert(n, AlertDecision.FALSE, AlertOutcome.CONFIRMED_TRUE) for n in range(9)]
    assert LiveMonitor(NOTHING).look(passages=40, alerts=fresh + true, now=NOW) is None


def test_R54_once_silver_has_decided_only_a_further_false_alert_asks_again() -> None:
    monitor = LiveMonitor(NOTHING)
    five = [alert(number, AlertDecision.FALSE) for number in range(5)]
    assert monitor.look(passages=40, alerts=five, now=NOW) is not None
    assert monitor.look(passages=60, alerts=five, now=NOW) is None
    assert monitor.look(passages=60, alerts=[*five, alert(5, AlertDecision.LOST)], now=NOW) is not None


def test_false_alerts_beyond_the_passages_counted_so_far_do_not_break_the_monitor() -> None:
    """The counters of passages come late; alerts do not wait for them."""
    assert LiveMonitor(NOTHING).look(passages=0, alerts=[alert(n, AlertDecision.FALSE) for n in range(3)], now=NOW) is not None
    assert look(added(NOTHING, passages=2, false_alerts=3, undecided=0)).lower > 0
