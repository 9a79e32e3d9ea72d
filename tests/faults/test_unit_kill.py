"""kill -9 all along a purge, a decision and a sync, on real files and a real database: no half-state, nothing lost.

The kills fall on every n-th line that runs. With STRIDE = 1 it is every line: 269 kills of the purge and 106 of the decision
when this was written, in four minutes on a busy machine.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from governance.events import read_entry
from governance.home import UnitHome
from governance.messages.payload import Mode, opened
from governance.messages.unit import PurgeCertificate
from lfr_engine.errors import Refused
from mobile_unit import identity, one_use_key
from mobile_unit.handed_over import bundle_places
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient, JournalSilent
from mobile_unit.purge import purge
from mobile_unit.sync import sync
from tests.unit_van import Van, copied, decide, ledger, matching_van
from tests.unit_world import DEPLOYMENT
from watchlist.sealing import merkle

MAX_LINES = 3000
STRIDE = 5


def killed_at_line(number: int, files: tuple[str, ...], work: Callable[[], None]) -> bool:
    """Do `work` in a forked process that is killed before the `number`-th line it runs in `files`; False when it got through."""
    child = os.fork()
    if child == 0:
        left = number

        def trace(frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal left
            if not frame.f_code.co_filename.endswith(files):
                return None
            if event == "line":
                left -= 1
                if left <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            sys.settrace(trace)
            work()
        finally:
            os._exit(0 if sys.exc_info()[0] is None else 1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def every_kill(van: Van, folder: Path, files: tuple[str, ...], work: Callable[[Van], None]) -> Iterator[Van]:
    """A copy of `van` for each kill; the last one is the copy in which `work` got through."""
    for number in range(1, MAX_LINES, STRIDE):
        copy = copied(van, folder / str(number))
        killed = killed_at_line(number, files, lambda copy=copy: work(copy))
        yield copy
        shutil.rmtree(folder / str(number))
        if not killed:
            return
    raise AssertionError("it never got through")


def sound(van: Van, journal: JournalClient) -> list[str]:
    """The ledger's entries are of the catalogue and hash to the root it states; the events, by type."""
    seen = journal.ask(asking.LookAtLedger(position=0, limit=500), answers.LedgerSeen)
    entries = [line.entry.encode() for line in seen.entries]
    unit = journal.ask(asking.LookAtUnit(), answers.UnitSeen)
    assert (unit.size, unit.root) == (len(entries), merkle.root([merkle.leaf_hash(entry) for entry in entries]).hex())
    return [read_entry(entry)[0].type for entry in entries]


@pytest.fixture
def ended(tmp_path: Path) -> Van:
    """Matching has ended; one alert was decided true, one false."""
    van = matching_van(tmp_path)
    with van.journal() as journal:
        true, false = van.raise_alert(journal, 0), van.raise_alert(journal, 1)
        journal.ask(decide(true.alert_id), answers.AlertSeen)
        journal.ask(decide(false.alert_id, "adjudicated_false", "features_differ"), answers.AlertSeen)
        journal.ask(asking.Stop(deployment_id=DEPLOYMENT, who="unit-3", reason="end_time"), answers.Done)
    return van


def purge_of(van: Van) -> None:
    with van.journal() as journal:
        purge(home=van.home, identity=van.identity, journal=journal, clock=van.clock, deployment_id=DEPLOYMENT)


def test_a_purge_killed_anywhere_is_finished_by_the_next_one(ended: Van, tmp_path: Path) -> None:
    files = ("mobile_unit/purge.py", "lfr_engine/durable.py", "mobile_unit/one_use_key.py", "journal/writing.py", "journal/book.py")
    kills = 0
    for van in every_kill(ended, tmp_path / "copies", files, purge_of):
        kills += 1
        with van.journal() as journal:
            events = sound(van, journal)
            state = journal.ask(asking.LookAtDeployment(deployment_id=DEPLOYMENT), answers.DeploymentSeen).state
            key_is_there = one_use_key.path_of(van.home, DEPLOYMENT).exists()
            erased = [alert.erased for alert in journal.ask(asking.LookAtAlerts(deployment_id=DEPLOYMENT), answers.AlertsSeen).alerts]
        assert (state == "purged") == ("purge.done" in events)
        assert not (state == "purged" and key_is_there)  # nothing is certified before it is true
        assert erased in ([False, False], [False, True])
        assert events.count("alert.erased") == sum(erased)
        purge_of(van)
        with van.journal() as journal:
            events = sound(van, journal)
        assert events[-2:] == ["alert.erased", "purge.done"] and events.count("purge.done") == 1  # noqa: PT018 - one fact
        assert not one_use_key.path_of(van.home, DEPLOYMENT).exists()
        assert not any(place.exists() for place in bundle_places(van.home, DEPLOYMENT))
        envelope = (van.home.outbox / DEPLOYMENT / "purge.dsse.json").read_bytes()
        assert opened(envelope, PurgeCertificate, [van.identity.key.public]).body.bundle_opens_after is False
    print(f"purge: {kills} kills")
    assert kills > 200 / STRIDE


def test_a_decision_killed_anywhere_is_there_once_or_not_at_all_and_never_lost_once_acknowledged(tmp_path: Path) -> None:
    matching = matching_van(tmp_path)
    with matching.journal() as journal:
        alert_id = matching.raise_alert(journal).alert_id
    kills = acknowledged = 0
    files = ("journal/alerts.py", "journal/writing.py", "journal/book.py", "ledger/log.py", "journal/deployments.py")

    def work(van: Van) -> None:
        with van.journal() as journal:
            journal.ask(decide(alert_id), answers.AlertSeen)
            (van.home.root / "acknowledged").touch()

    for van in every_kill(matching, tmp_path / "copies", files, work):
        kills += 1
        told = (van.home.root / "acknowledged").exists()
        acknowledged += told
        with van.journal() as journal:
            events = sound(van, journal)
            alert = journal.ask(asking.LookAtAlerts(deployment_id=DEPLOYMENT), answers.AlertsSeen).alerts[0]
            assert events.count("alert.adjudicated") == (alert.decision is not None)
            if told:
                assert alert.decision is not None
            if alert.decision is not None:
                with pytest.raises(Refused):
                    journal.ask(decide(alert_id, who="eo-02"), answers.AlertSeen)
            else:
                journal.ask(decide(alert_id, who="eo-02"), answers.AlertSeen)
            assert sound(van, journal).count("alert.adjudicated") == 1
    print(f"decision: {kills} kills, {acknowledged} acknowledged")
    assert kills > 80 / STRIDE


def test_a_sync_killed_anywhere_never_makes_two_different_packages_of_one_number(ended: Van, tmp_path: Path) -> None:
    purge_of(ended)

    def work(van: Van) -> None:
        with van.journal() as journal:
            sync(home=van.home, journal=journal, deployment_id=DEPLOYMENT)

    for van in every_kill(ended, tmp_path / "copies", ("mobile_unit/sync.py", "lfr_engine/durable.py", "journal/packages.py"), work):
        left = {path.name: path.read_bytes() for path in (van.home.outbox / DEPLOYMENT).glob("sync-*")}
        with van.journal() as journal:
            made = sync(home=van.home, journal=journal, deployment_id=DEPLOYMENT)
        assert made.sequence == 1
        assert left in ({}, {made.path.name: made.path.read_bytes()})


def test_the_journal_process_killed_under_load_keeps_every_acknowledged_decision(tmp_path: Path) -> None:
    matching = matching_van(tmp_path)
    with matching.journal() as journal:
        alerts = [matching.raise_alert(journal, number % 3).alert_id for number in range(40)]
    rng = random.Random(7)
    for attempt in range(5):
        van = copied(matching, tmp_path / f"round-{attempt}")
        acknowledged: list[str] = []

        def console(client: JournalClient, who: str, acknowledged: list[str] = acknowledged) -> None:
            for alert_id in alerts:
                try:
                    client.ask(decide(alert_id, who=who), answers.AlertSeen)
                    acknowledged.append(alert_id)
                except Refused:
                    continue
                except JournalSilent:
                    return

        command = [sys.executable, "-m", "mobile_unit.journal.process", str(van.home.root)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            consoles = [threading.Thread(target=console, args=(JournalClient(van.home), who)) for who in ("eo-01", "eo-02")]
            for thread in consoles:
                thread.start()
            time.sleep(rng.uniform(0.02, 0.3))
            process.kill()
            for thread in consoles:
                thread.join()
        with van.journal() as journal:
            decided = [body.model_dump()["alert_id"] for event, body in ledger(journal) if event.type == "alert.adjudicated"]
            rows = journal.ask(asking.LookAtAlerts(deployment_id=DEPLOYMENT), answers.AlertsSeen).alerts
            sound(van, journal)
        assert len(decided) == len(set(decided))
        assert set(acknowledged) <= set(decided) == {alert.alert_id for alert in rows if alert.decision is not None}
        assert len(acknowledged) == len(set(acknowledged))
        print(f"round {attempt}: {len(acknowledged)} acknowledged, {len(decided)} on disk")


def test_a_unit_killed_while_enrolling_can_be_enrolled_again(tmp_path: Path) -> None:
    files = ("mobile_unit/identity.py", "lfr_engine/durable.py", "sealing/keys.py", "governance/home.py")

    def enrol(folder: Path) -> None:
        identity.enrol(UnitHome(folder), unit_id="unit-3", force="f", name="x", mode=Mode.DEMONSTRATION, profile="uk-app-2022")

    for number in range(1, MAX_LINES, STRIDE):
        folder = tmp_path / str(number)
        killed = killed_at_line(number, files, lambda folder=folder: enrol(folder))
        if not (folder / "unit.json").exists():
            enrol(folder)
        loaded = identity.load(UnitHome(folder))
        assert loaded.key.keyid != loaded.log_key.keyid
        if not killed:
            break
