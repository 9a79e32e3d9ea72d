"""R54 on a unit: the monitor's trip is written down, matching waits, and only Silver lets it go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from governance.events import MonitorTripped
from governance.messages.payload import Mode
from lfr_engine.errors import Refused
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.journal.tables import State
from mobile_unit.journal.writing import Journal
from mobile_unit.recovery import recover
from tests.unit_van import DirectJournal, Van, ledger, matching_van, types
from tests.unit_world import DEPLOYMENT

TRIP = asking.Trip(deployment_id=DEPLOYMENT, passages=400, false_alerts=3, undecided=2, lower="0.002100000")


@contextmanager
def journal_of(van: Van, mode: Mode) -> Iterator[JournalClient]:
    identity = replace(van.identity, facts=van.identity.facts.model_copy(update={"mode": mode}))
    journal = Journal(van.home, identity, van.clock)
    try:
        yield DirectJournal(van.home, journal)
    finally:
        journal.close()


def state(journal: JournalClient) -> State:
    return journal.ask(asking.LookAtDeployment(deployment_id=DEPLOYMENT), answers.DeploymentSeen).state


@pytest.mark.parametrize("mode", [Mode.EXERCISE, Mode.OPERATIONAL])
def test_R54_a_trip_suspends_matching_until_silver_releases_it(tmp_path: Path, mode: Mode) -> None:
    van = matching_van(tmp_path)
    with journal_of(van, mode) as journal:
        journal.ask(TRIP, answers.Done)
        assert state(journal) is State.SUSPENDED
        with pytest.raises(Refused):
            journal.ask(asking.Resume(deployment_id=DEPLOYMENT, who="op-01", reason="technical"), answers.Done)
        with pytest.raises(Refused):
            journal.ask(asking.Pause(deployment_id=DEPLOYMENT, who="op-01", reason="technical"), answers.Done)
        journal.ask(asking.Release(deployment_id=DEPLOYMENT, who="si-01"), answers.Done)
        assert state(journal) is State.MATCHING
        event, body = next((event, body) for event, body in ledger(journal) if isinstance(body, MonitorTripped))
        assert (body.false_alerts, body.undecided, body.suspended) == (3, 2, True)
        assert "R54" in event.rule_ids
        resumed = [event for event, _ in ledger(journal) if event.type == "matching.resumed"]
        assert [(event.actor, event.role) for event in resumed] == [("si-01", "silver")]


def test_in_a_demonstration_a_trip_is_shown_and_matching_goes_on(tmp_path: Path) -> None:
    van = matching_van(tmp_path)
    with journal_of(van, Mode.DEMONSTRATION) as journal:
        journal.ask(TRIP, answers.Done)
        assert state(journal) is State.MATCHING
        body = next(body for _, body in ledger(journal) if isinstance(body, MonitorTripped))
        assert body.suspended is False


def test_nothing_is_released_that_was_not_suspended(tmp_path: Path) -> None:
    van = matching_van(tmp_path)
    with journal_of(van, Mode.EXERCISE) as journal:
        with pytest.raises(Refused) as caught:
            journal.ask(asking.Release(deployment_id=DEPLOYMENT, who="si-01"), answers.Done)
        assert caught.value.rule_ids == ("R54",)


def test_a_power_cut_while_suspended_ends_the_deployment_like_any_other(tmp_path: Path) -> None:
    van = matching_van(tmp_path)
    with journal_of(van, Mode.EXERCISE) as journal:
        journal.ask(TRIP, answers.Done)
    with van.journal() as journal:
        recover(home=van.home, identity=van.identity, journal=journal, clock=van.clock)
        assert state(journal) is State.PURGED
        assert "matching.stopped" in types(journal)
