"""The journal as a real process over a real SQLite file: what it answers is on disk with its ledger entry, or nothing is."""

import os
import signal
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.events import AlertDecision
from governance.messages.payload import Strict
from lfr_engine.errors import BadInput, LfrError, Refused
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient, JournalSilent, any_journal, running_journal
from tests.unit_van import Van, decide, ledger, matching_van, resolve, types
from tests.unit_world import DEPLOYMENT


@pytest.fixture
def van(tmp_path: Path) -> Van:
    return matching_van(tmp_path)


@pytest.fixture
def matching(van: Van) -> Iterator[JournalClient]:
    with van.journal() as journal:
        yield journal


@pytest.fixture
def process(van: Van) -> Iterator[JournalClient]:
    with van.process() as journal:
        yield journal


def test_a_deployment_begins_in_the_ledger_in_order(matching: JournalClient) -> None:
    assert types(matching) == ["unit_key.made", "gate.passed", "bundle.opened", "matching.started"]
    entries = ledger(matching)
    assert {event.deployment for event, _ in entries} == {DEPLOYMENT}
    assert {event.mode.value for event, _ in entries} == {"demonstration"}
    assert len({event.authority for event, _ in entries[1:]}) == 1


def test_the_journal_and_its_socket_are_the_units_alone(van: Van, process: JournalClient) -> None:
    for path, mode in ((van.home.root, 0o700), (van.home.root / "journal.sock", 0o600), (van.home.journal, 0o600)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_very_long_folder_still_has_a_socket(tmp_path: Path) -> None:
    with matching_van(tmp_path / ("x" * 90) / ("y" * 90)).process() as journal:
        assert types(journal)[0] == "unit_key.made"


def test_a_second_journal_is_kept_out_but_a_second_asker_shares_the_first(van: Van, process: JournalClient) -> None:
    with pytest.raises(LfrError, match="another process"), running_journal(van.home, van.clock):
        pass
    with any_journal(van.home, van.clock) as shared:
        assert types(shared) == types(process)


def test_an_alert_is_decided_exactly_once_even_by_two_consoles_at_once(van: Van, process: JournalClient) -> None:
    alert = van.raise_alert(process)
    assert alert.state == "open"
    told: list[object] = []

    def console(who: str) -> None:
        try:
            told.append(process.ask(decide(alert.alert_id, who=who), answers.AlertSeen))
        except Refused as error:
            told.append(error)

    threads = [threading.Thread(target=console, args=(who,)) for who in ("eo-01", "eo-02") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [answer for answer in told if isinstance(answer, answers.AlertSeen)]
    lost = [answer for answer in told if isinstance(answer, Refused)]
    assert (len(won), len(lost)) == (1, 7)
    assert f"decided as adjudicated_true by {won[0].engagement_officer_id}" in lost[0].message
    assert lost[0].rule_ids == ("R46",)
    assert types(process).count("alert.adjudicated") == 1


def test_only_people_of_this_deployment_decide_and_only_for_a_listed_reason(van: Van, matching: JournalClient) -> None:
    alert = van.raise_alert(matching)
    with pytest.raises(Refused, match="not engagement officer") as caught:
        matching.ask(decide(alert.alert_id, who="op-01"), answers.AlertSeen)
    assert caught.value.rule_ids == ("R46",)
    with pytest.raises(BadInput, match="not a reason for adjudicated_false"):
        matching.ask(decide(alert.alert_id, "adjudicated_false", "features_agree"), answers.AlertSeen)
    with pytest.raises(BadInput, match="no alert"):
        matching.ask(decide("nothing"), answers.AlertSeen)
    assert "alert.adjudicated" not in types(matching)


def test_to_look_at_an_alert_one_says_why_and_the_ledger_knows(van: Van, matching: JournalClient) -> None:
    alert = van.raise_alert(matching)
    with pytest.raises(BadInput) as caught:
        matching.ask(asking.Show(alert_id=alert.alert_id, who="eo-01", why=""), answers.AlertShown)
    assert caught.value.rule_ids == ("R65",)
    shown = matching.ask(asking.Show(alert_id=alert.alert_id, who="eo-01", why="adjudication"), answers.AlertShown)
    assert shown.content == van.content(0)
    assert types(matching)[-1] == "alert.shown"
    assert ledger(matching)[-1][0].justification == "adjudication"


@pytest.mark.parametrize(
    ("engagement", "outcome", "by", "rule_id"),
    [
        ("engaged", "confirmed_true", "not_engaged", "R50"),
        ("none", "confirmed_true", "not_engaged", "R51"),
        ("none", "unconfirmed", "document", "R50"),
        ("engaged", "confirmed_true", "rehearsal_truth", "R50"),
    ],
)
def test_nobody_is_confirmed_by_a_score(van: Van, matching: JournalClient, engagement: str, outcome: str, by: str, rule_id: str) -> None:
    alert = van.raise_alert(matching)
    matching.ask(decide(alert.alert_id), answers.AlertSeen)
    with pytest.raises(Refused) as caught:
        matching.ask(resolve(alert.alert_id, engagement, outcome, by), answers.AlertSeen)
    assert caught.value.rule_ids == (rule_id,)
    matching.ask(resolve(alert.alert_id), answers.AlertSeen)
    with pytest.raises(Refused):
        matching.ask(resolve(alert.alert_id), answers.AlertSeen)
    assert types(matching).count("alert.resolved") == 1


def test_an_alert_decided_false_has_no_outcome(van: Van, matching: JournalClient) -> None:
    alert = van.raise_alert(matching)
    matching.ask(decide(alert.alert_id, "adjudicated_false", "features_differ"), answers.AlertSeen)
    with pytest.raises(Refused):
        matching.ask(resolve(alert.alert_id), answers.AlertSeen)


def test_pictures_are_on_disk_only_under_the_alerts_own_key(van: Van, matching: JournalClient) -> None:
    alert = van.raise_alert(matching)
    on_disk = b"".join(path.read_bytes() for path in van.home.root.glob("journal.sqlite*"))
    assert van.world.people[0].leaf.encode() not in on_disk
    assert van.world.people[0].content not in on_disk
    assert van.content().probes[0].encode() not in on_disk
    with sqlite3.connect(van.home.journal) as plain:
        assert plain.execute("SELECT count(*) FROM unit_alert_key").fetchone() == (1,)
    assert alert.erased is False


def test_an_erased_alert_leaves_no_key_in_any_file_of_the_journal(van: Van, matching: JournalClient) -> None:
    kept, false = van.raise_alert(matching, 0), van.raise_alert(matching, 1)
    with sqlite3.connect(van.home.journal) as plain:
        keys = dict(plain.execute("SELECT alert_id, key FROM unit_alert_key").fetchall())
    matching.ask(decide(false.alert_id, "adjudicated_false", "features_differ"), answers.AlertSeen)
    erased = matching.ask(asking.ErasePurged(deployment_id=DEPLOYMENT), answers.Erased)
    assert (erased.alert_ids, erased.kept) == ((false.alert_id,), 1)
    on_disk = b"".join(path.read_bytes() for path in van.home.root.glob("journal.sqlite*"))
    assert keys[false.alert_id] not in on_disk
    assert keys[kept.alert_id] in on_disk  # the positive control: this scan can find a key
    assert types(matching)[-1] == "alert.erased"
    with pytest.raises(Refused, match="erased"):
        matching.ask(asking.Show(alert_id=false.alert_id, who="eo-01", why="review"), answers.AlertShown)
    assert matching.ask(asking.ErasePurged(deployment_id=DEPLOYMENT), answers.Erased).alert_ids == ()


def test_after_the_stop_no_alert_is_taken_but_open_ones_are_still_decided(van: Van, matching: JournalClient) -> None:
    alert = van.raise_alert(matching)
    for reason in ("end_time", "operator"):  # the first reason counts
        matching.ask(
            asking.REQUESTS.validate_python({"do": "stop", "deployment_id": DEPLOYMENT, "who": "op-01", "reason": reason}), answers.Done
        )
    with pytest.raises(Refused) as caught:
        van.raise_alert(matching)
    assert caught.value.rule_ids == ("R8",)
    matching.ask(decide(alert.alert_id), answers.AlertSeen)
    seen = matching.ask(asking.LookAtDeployment(deployment_id=DEPLOYMENT), answers.DeploymentSeen)
    assert (seen.state, seen.ended_because) == ("ended", "end_time")
    assert types(matching).count("matching.stopped") == 1


def test_a_deployment_runs_once(van: Van, matching: JournalClient) -> None:
    with pytest.raises(Refused) as caught:
        van.start(matching)
    assert caught.value.rule_ids == ("R59",)
    assert types(matching)[-1] == "gate.refused"


def test_a_request_that_fails_changes_nothing(van: Van, matching: JournalClient) -> None:
    before = matching.ask(asking.LookAtUnit(), answers.UnitSeen)
    with pytest.raises(BadInput):
        matching.ask(asking.Pause(deployment_id=DEPLOYMENT, who="op-01", reason="because"), answers.Done)
    with pytest.raises(Refused):
        matching.ask(asking.Resume(deployment_id=DEPLOYMENT, who="op-01", reason="technical"), answers.Done)
    assert matching.ask(asking.LookAtUnit(), answers.UnitSeen) == before


def test_orders_are_taken_once_in_order(matching: JournalClient) -> None:
    for what in ("pause", "resume", "stop"):
        matching.ask(
            asking.REQUESTS.validate_python({"do": "order", "deployment_id": DEPLOYMENT, "what": what, "who": "op-01"}), answers.Done
        )
    taken = [matching.ask(asking.TakeOrder(deployment_id=DEPLOYMENT), answers.OrderTaken).what for _ in range(4)]
    assert taken == ["pause", "resume", "stop", None]


def test_a_journal_that_was_killed_is_silent_and_comes_back_with_everything_it_acknowledged(van: Van) -> None:
    with running_journal(van.home, van.clock) as journal:
        alert = van.raise_alert(journal)
        found = subprocess.run(["pgrep", "-f", f"journal.process {van.home.root}"], capture_output=True, check=True)
        pid = int(found.stdout.split()[0])
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(JournalSilent):
            journal.ask(decide(alert.alert_id), answers.AlertSeen)
    with van.journal() as journal:
        assert journal.ask(asking.LookAtAlerts(deployment_id=DEPLOYMENT), answers.AlertsSeen).alerts == (alert,)
        assert journal.ask(decide(alert.alert_id), answers.AlertSeen).decision is AlertDecision.TRUE


def test_malformed_questions_are_answered_with_an_error(process: JournalClient) -> None:
    class Odd(Strict):
        do: str = "drop_tables"

    with pytest.raises(BadInput, match="does not understand"):
        process.ask(Odd(), answers.Done)  # type: ignore[arg-type]
