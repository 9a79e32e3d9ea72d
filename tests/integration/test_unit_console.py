"""The console's object over a real journal: what pages see and order, without an engine behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.events import AlertDecision, AlertOutcome
from lfr_engine.errors import BadInput, Refused
from mobile_unit.console import Console
from mobile_unit.journal.client import JournalClient
from mobile_unit.runtime.deployment import Deployment
from tests.unit_van import Van, prepared_van
from tests.unit_world import CAMERA, DEPLOYMENT


@pytest.fixture
def console(tmp_path: Path) -> Iterator[tuple[Van, Console]]:
    van = prepared_van(tmp_path)
    with van.process() as journal:
        ready, wish = van.start(journal), van.wish()
        common = {"identity": van.identity, "journal": journal, "clock": van.clock, "ready": ready, "wish": wish}
        yield van, Console(**common, running=Deployment(**common))


def test_a_day_at_the_console(console: tuple[Van, Console]) -> None:
    van, desk = console
    shown = desk.deployment
    assert (shown.deployment_id, shown.watchlist_size, shown.camera_ids) == (DEPLOYMENT, 3, (CAMERA,))
    assert [member.name for member in shown.engagement_officers] == ["Name of eo-01", "Name of eo-02"]
    assert [finding.rule_id for finding in shown.would_block] == ["R27", "R37", "R38"]

    before = desk.status()
    assert (before.state, before.open_alerts) == ("matching", 0)
    assert desk.events_after(before.position, timeout_s=0.05) == ()
    raised = van.raise_alert(JournalClient(van.home), 1)
    events = desk.events_after(before.position, timeout_s=5.0)
    assert [(event.position, event.type) for event in events] == [(before.position, "alert.raised")]
    assert desk.open_alerts()[0].alert_id == raised.alert_id

    view = desk.show(raised.alert_id, who="eo-01", why="adjudication")
    assert len(view.probes) == 2
    assert view.entry.entry_id == "entry-1"
    assert view.thumb == van.world.people[1].thumb
    assert view.band == "just above the threshold"
    line = desk.adjudicate(
        raised.alert_id, decision=AlertDecision.TRUE, reason="features_agree", engagement_officer_id="eo-01", operator_id="op-01"
    )
    assert (line.state, line.decision) == ("decided", AlertDecision.TRUE)
    with pytest.raises(Refused) as caught:
        desk.adjudicate(
            raised.alert_id, decision=AlertDecision.FALSE, reason="features_differ", engagement_officer_id="eo-02", operator_id="op-01"
        )
    assert caught.value.rule_ids == ("R46",)
    resolved = desk.resolve(
        raised.alert_id,
        engagement="engaged",
        outcome=AlertOutcome.CONFIRMED_TRUE,
        identified_by="document",
        engagement_officer_id="eo-01",
    )
    assert (resolved.state, resolved.outcome) == ("resolved", AlertOutcome.CONFIRMED_TRUE)
    after = desk.status()
    assert (after.open_alerts, after.decided[AlertDecision.TRUE]) == (0, 1)


def test_values_from_outside_the_closed_lists_are_bad_input_and_write_nothing(console: tuple[Van, Console]) -> None:
    van, desk = console
    alert_id = van.raise_alert(JournalClient(van.home)).alert_id
    position = desk.status().position
    with pytest.raises(BadInput):
        desk.show(alert_id, who="eo-01", why="curious")
    with pytest.raises(BadInput):
        desk.resolve(alert_id, engagement="chased", outcome=AlertOutcome.UNCONFIRMED, identified_by="score", engagement_officer_id="eo-01")
    with pytest.raises(BadInput):
        desk.show(alert_id, who="not an id!", why="adjudication")
    assert desk.status().position == position
