"""The console's pages over a real journal: one decision per alert, nothing chosen beforehand, nothing lost, no stranger obeyed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from mobile_unit.console import Console
from mobile_unit.console_views import LedgerLine
from mobile_unit.journal.client import JournalClient
from mobile_unit.runtime.deployment import Deployment
from tests.integration.test_web_structure import check_page, token
from tests.unit_van import Van, ledger, prepared_van
from tests.unit_world import CAMERA
from webui.unit import create_app

Desk = tuple[Van, Console, FlaskClient]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A console at which operator and engagement officer have said who they are."""
    van = prepared_van(tmp_path)
    with van.process() as journal:
        ready, wish = van.start(journal), van.wish()
        common = {"identity": van.identity, "journal": journal, "clock": van.clock, "ready": ready, "wish": wish}
        console = Console(**common, running=Deployment(**common))
        client = create_app(console).test_client()
        asked = client.get("/live", follow_redirects=True)
        assert "Who is at this console?" in asked.text
        check_page(asked.text, "/who")
        client.post("/who", data={"csrf_token": token(asked.text), "operator": "op-01", "officer": "eo-01"})
        yield van, console, client


def send(client: FlaskClient, address: str, **fields: str) -> tuple[int, str]:
    answer = client.post(address, data={"csrf_token": token(client.get("/live").text), **fields})
    return answer.status_code, answer.text


def test_every_page_is_sound_and_says_possible_match_without_a_number(desk: Desk) -> None:
    van, _, client = desk
    raised = van.raise_alert(JournalClient(van.home), 1)
    for address in ("/gate", "/live", "/alerts", f"/alerts/{raised.alert_id}", "/end", "/nothing-here"):
        answer = client.get(address)
        assert answer.status_code in {200, 404}
        check_page(answer.text, address)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    shown = client.get("/live").text
    assert "POSSIBLE MATCH" in shown
    assert "just above the threshold" in shown
    assert "0.71" not in shown
    assert "%" not in re.sub(r"data:image[^\"]*", "", shown)
    assert "checked" not in shown
    assert "details open" not in shown


def test_looking_at_an_alert_is_an_event_with_its_reason(desk: Desk) -> None:
    van, _, client = desk
    raised = van.raise_alert(JournalClient(van.home), 1)
    client.get(f"/alerts/{raised.alert_id}")
    shown = [event for event, _ in ledger(JournalClient(van.home)) if event.type == "alert.shown"]
    assert [event.actor for event in shown] == ["op-01"]
    assert shown[0].justification


def test_a_decision_needs_a_reason_counts_once_and_leads_to_the_outcome(desk: Desk) -> None:
    van, console, client = desk
    address = f"/alerts/{van.raise_alert(JournalClient(van.home), 1).alert_id}"
    assert send(client, f"{address}/decision", decision="adjudicated_true")[0] == 400
    assert send(client, f"{address}/decision", reason="features_agree")[0] == 400
    assert send(client, f"{address}/decision", decision="adjudicated_true", reason="because")[0] == 400
    assert console.open_alerts()
    status, _ = send(client, f"{address}/decision", decision="adjudicated_true", reason="features_agree")
    assert status == 302
    status, text = send(client, f"{address}/decision", decision="adjudicated_false", reason="features_differ")
    assert status == 409
    assert "R46" in text
    check_page(client.get(f"{address}/outcome").text, "outcome")
    status, text = send(client, f"{address}/outcome", engagement="engaged", outcome="confirmed_true", identified_by="not_engaged")
    assert status == 409  # a score alone establishes nobody
    assert "R50" in text
    assert send(client, f"{address}/outcome", engagement="engaged", outcome="confirmed_true", identified_by="document")[0] == 302
    line = console.alerts()[0]
    assert (line.outcome, line.engagement_officer_id, line.operator_id) == ("confirmed_true", "eo-01", "op-01")


def test_no_order_is_taken_without_the_pages_own_token_or_under_another_host(desk: Desk) -> None:
    van, console, client = desk
    alert = van.raise_alert(JournalClient(van.home), 1).alert_id
    for address in ("/stop", "/pause", "/resume", "/who", f"/alerts/{alert}/decision", f"/alerts/{alert}/outcome"):
        assert client.post(address, data={"decision": "adjudicated_true", "reason": "features_agree"}).status_code == 400, address
    assert client.get("/live", headers={"Host": "rebound.example"}).status_code == 400
    assert console.status().state == "matching"
    assert console.open_alerts()


def test_nobody_but_those_named_at_the_start_can_be_at_the_console(desk: Desk) -> None:
    _, console, _ = desk
    stranger = create_app(console).test_client()
    asked = stranger.get("/who").text
    assert stranger.post("/who", data={"csrf_token": token(asked), "operator": "op-01", "officer": "ao-01"}).status_code == 400
    assert stranger.get("/live").status_code == 302


def test_the_stream_starts_after_the_position_that_the_page_embeds(desk: Desk) -> None:
    van, _, client = desk
    position = re.search(r'data-position="(\d+)"', client.get("/alerts").text)
    assert position is not None
    van.raise_alert(JournalClient(van.home), 2)
    stream = client.get(f"/events?after={position[1]}", buffered=False)
    assert stream.mimetype == "text/event-stream"
    lines = ""
    for chunk in stream.response:
        lines += chunk.decode() if isinstance(chunk, bytes) else chunk
        if "event: status" in lines:
            break
    stream.close()
    assert '"type": "alert.raised"' in lines
    assert f"id: {int(position[1]) + 1}" in lines


def test_an_earlier_deployments_purge_does_not_pass_for_this_ones(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _, console, client = desk
    earlier = LedgerLine(0, "purge.done", console.status().now, {"certificate": "sha256:" + "a1" * 32})
    monkeypatch.setattr(Console, "events_after", lambda _self, position, **_: (earlier,) if position == 0 else ())
    shown = client.get("/end").text
    assert "The one-use key is destroyed" not in shown
    assert "The list is destroyed by itself when matching has ended" in shown


def test_pictures_are_of_named_cameras_only(desk: Desk) -> None:
    _, _, client = desk
    assert client.get(f"/cameras/{CAMERA}.jpg").status_code == 204  # no engine, no picture yet
    assert client.get("/cameras/other.jpg").status_code == 404
