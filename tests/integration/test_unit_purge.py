"""Purge, sync, recovery and preparation on a real unit: what is gone is gone, what is signed is chained, repeating is safe."""

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from governance.ledger.checkpoint import parse_checkpoint
from governance.ledger.note import open_note
from governance.messages.bundle import UnitKey
from governance.messages.payload import digest_of, opened
from governance.messages.unit import PurgeCertificate, SyncPackage
from lfr_engine.clock import Clock
from lfr_engine.errors import BadInput, LfrError, Refused
from mobile_unit import identity, one_use_key
from mobile_unit.handed_over import bundle_places
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.preparing import prepare
from mobile_unit.purge import Purge, purge
from mobile_unit.recovery import recover
from mobile_unit.run_lock import only_run
from mobile_unit.sync import sync
from tests.unit_van import PASSPHRASE, Van, decide, ledger, matching_van, prepared_van, types
from tests.unit_world import DEPLOYMENT, ROOT_TEXT_OF_ANOTHER_FORCE
from watchlist.sealing import age, merkle


@pytest.fixture
def van(tmp_path: Path) -> Van:
    return matching_van(tmp_path)


@pytest.fixture
def journal(van: Van) -> Iterator[JournalClient]:
    with van.journal() as journal:
        yield journal


def stopped(journal: JournalClient) -> None:
    journal.ask(asking.Stop(deployment_id=DEPLOYMENT, who="unit-3", reason="end_time"), answers.Done)


def purged(van: Van, journal: JournalClient) -> Purge:
    return purge(home=van.home, identity=van.identity, journal=journal, clock=van.clock, deployment_id=DEPLOYMENT)


def test_the_purge_destroys_the_key_and_every_copy_and_certifies_it(van: Van, journal: JournalClient) -> None:
    true, false = van.raise_alert(journal, 0), van.raise_alert(journal, 1)
    journal.ask(decide(true.alert_id), answers.AlertSeen)
    journal.ask(decide(false.alert_id, "adjudicated_false", "features_differ"), answers.AlertSeen)
    stopped(journal)
    done = purged(van, journal)
    assert not one_use_key.path_of(van.home, DEPLOYMENT).exists()
    assert [place.exists() for place in bundle_places(van.home, DEPLOYMENT)] == [False, False]
    certificate = opened((van.home.outbox / DEPLOYMENT / "purge.dsse.json").read_bytes(), PurgeCertificate, [van.identity.key.public]).body
    assert certificate == done.certificate
    assert (certificate.recipient, certificate.ended_because, certificate.bundle_opens_after) == (van.world.recipient, "end_time", False)
    assert {one.what: one.count for one in certificate.destroyed}["alert keys"] == 1
    event = ledger(journal)[-1][0]
    assert (event.type, event.objects) == ("purge.done", (done.digest,))
    with pytest.raises(Refused) as caught:
        one_use_key.unlock(van.home, DEPLOYMENT, PASSPHRASE)
    assert caught.value.rule_ids == ("R31",)


def test_while_matching_runs_nothing_is_purged(van: Van, journal: JournalClient) -> None:
    with pytest.raises(Refused) as caught:
        purged(van, journal)
    assert caught.value.rule_ids == ("R59",)
    assert one_use_key.unlock(van.home, DEPLOYMENT, PASSPHRASE).startswith("AGE-SECRET-KEY-1")


def test_a_second_purge_hands_out_the_first_certificate(van: Van, journal: JournalClient) -> None:
    stopped(journal)
    first = purged(van, journal)
    (van.home.outbox / DEPLOYMENT / "purge.dsse.json").unlink()
    assert purged(van, journal).envelope == first.envelope
    assert types(journal).count("purge.done") == 1


def test_a_key_left_in_the_clear_anywhere_on_the_unit_keeps_the_certificate_back(van: Van, journal: JournalClient) -> None:
    stopped(journal)
    (van.home.root / "notes.txt").write_text(f"do not lose: {one_use_key.unlock(van.home, DEPLOYMENT, PASSPHRASE)}\n")
    with pytest.raises(LfrError, match="still opens the list") as caught:
        purged(van, journal)
    assert caught.value.rule_ids == ("R61",)
    assert "purge.done" not in types(journal)
    (van.home.root / "notes.txt").write_text(f"somebody else's: {age.new_identity()[0]}\n")  # the list's copies are gone: any key counts
    with pytest.raises(LfrError):
        purged(van, journal)
    (van.home.root / "notes.txt").unlink()
    purged(van, journal)


def test_a_key_for_another_list_does_not_keep_the_certificate_back(van: Van, journal: JournalClient) -> None:
    stopped(journal)
    (van.home.root / "notes.txt").write_text(f"somebody else's: {age.new_identity()[0]}\n")
    purged(van, journal)


def test_alerts_are_erased_when_their_time_has_come(van: Van, journal: JournalClient) -> None:
    alert = van.raise_alert(journal)
    assert journal.ask(asking.EraseDue(), answers.Erased).alert_ids == ()
    tomorrow = Clock(sim_start=van.world.now + timedelta(hours=25), sim_rate=1.0, anchor_boot_s=Clock().boot_s())
    with replace(van, clock=tomorrow).journal() as later:
        assert later.ask(asking.EraseDue(), answers.Erased).alert_ids == (alert.alert_id,)


def test_a_simulated_clock_is_an_event_of_its_own(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    simulated = Clock(sim_start=Clock().now_utc(), sim_rate=2.0, anchor_boot_s=Clock().boot_s())
    van = replace(van, clock=simulated)
    with van.journal() as journal:
        van.start(journal)
        assert types(journal)[1:3] == ["gate.passed", "clock.simulated"]


def test_sync_packages_carry_the_whole_ledger_in_a_chain(van: Van, journal: JournalClient) -> None:
    first = sync(home=van.home, journal=journal, deployment_id=DEPLOYMENT)
    bytes_before = first.path.read_bytes()
    first.path.unlink()
    again = sync(home=van.home, journal=journal, deployment_id=DEPLOYMENT)  # nothing happened since
    assert (again, again.path.read_bytes()) == (first, bytes_before)
    stopped(journal)
    done = purged(van, journal)
    second = sync(home=van.home, journal=journal, deployment_id=DEPLOYMENT)

    hashes: list[bytes] = []
    for made, sequence in ((first, 1), (second, 2)):
        payload = opened(made.path.read_bytes(), SyncPackage, [van.identity.key.public])
        body = payload.body
        assert (body.sequence, body.previous_size, body.previous_root) == (sequence, len(hashes), merkle.root(hashes).hex())
        assert (body.office_nonce, body.epoch) == ("5a" * 32, van.identity.facts.epoch)
        hashes += [merkle.leaf_hash(base64.b64decode(entry)) for entry in body.entries]
        checkpoint = parse_checkpoint(open_note(body.checkpoint, [van.identity.log_signer.verifier]).text)
        assert (checkpoint.origin, checkpoint.size, checkpoint.root_hash) == (van.identity.origin, len(hashes), merkle.root(hashes))
    assert [digest_of(base64.b64decode(each)) for each in body.objects] == [done.digest]  # the unit key went with the first package
    assert len(hashes) == len(types(journal))


def test_recovery_ends_what_a_power_cut_left_running_and_never_takes_it_up_again(van: Van, journal: JournalClient) -> None:
    done = recover(home=van.home, identity=van.identity, journal=journal, clock=van.clock)
    assert done.ended == (DEPLOYMENT,)
    assert done.purges[0].certificate.ended_because == "power_loss"
    assert types(journal)[-2:] == ["matching.stopped", "purge.done"]
    assert recover(home=van.home, identity=van.identity, journal=journal, clock=van.clock).purges == ()
    with pytest.raises(Refused) as caught:
        van.start(journal)
    assert caught.value.rule_ids == ("R31",)


def test_recovery_keeps_away_from_a_running_deployment(van: Van, journal: JournalClient) -> None:
    with only_run(van.home), pytest.raises(Refused):
        recover(home=van.home, identity=van.identity, journal=journal, clock=van.clock)
    assert "purge.done" not in types(journal)


def test_the_one_use_key_is_made_once_and_handed_out_again(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    path = van.home.outbox / DEPLOYMENT / "unit-key.dsse.json"
    first = path.read_bytes()
    body = opened(first, UnitKey, [van.identity.key.public]).body
    assert (body.unit_id, body.recipient) == (van.identity.unit_id, van.world.recipient)
    path.unlink()
    with van.journal() as journal:
        again = {"home": van.home, "identity": van.identity, "journal": journal, "clock": van.clock, "deployment_id": DEPLOYMENT}
        prepare(**again, passphrase=PASSPHRASE)
        assert path.read_bytes() == first
        with pytest.raises(Refused):
            prepare(**again, passphrase="some other words")
        with pytest.raises(BadInput, match="at least 8"):
            prepare(**{**again, "deployment_id": "dep-2"}, passphrase="short")
    assert b"AGE-SECRET-KEY" not in one_use_key.path_of(van.home, DEPLOYMENT).read_bytes()


def test_a_unit_is_enrolled_once_and_its_roots_are_pinned_once(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    facts = van.identity.facts
    with pytest.raises(BadInput, match="enrolled here already"):
        identity.enrol(van.home, unit_id=facts.unit_id, force=facts.force, name="x", mode=facts.mode, profile=facts.profile)
    identity.pin(van.home, van.world.root_text)
    with pytest.raises(Refused) as caught:
        identity.pin(van.home, ROOT_TEXT_OF_ANOTHER_FORCE)
    assert caught.value.rule_ids == ("R1",)
    assert identity.load(van.home).enrolment.log_vkey == van.world.unit_log.vkey


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    (van.home.keys / "unit.key").chmod(0o644)
    with pytest.raises(Refused) as caught:
        identity.load(van.home)
    assert caught.value.rule_ids == ("R34",)


def test_ids_cannot_leave_their_folder(tmp_path: Path) -> None:
    van = prepared_van(tmp_path)
    for odd in ("../x", "a/b", "", ".hidden", "x" * 81):
        with pytest.raises(BadInput):
            one_use_key.path_of(van.home, odd)


def test_a_bundle_of_another_unit_is_refused_and_the_ledger_says_so(tmp_path: Path) -> None:
    van, other = prepared_van(tmp_path / "one"), prepared_van(tmp_path / "two")
    other.world.hand_over(tmp_path / "inbox", age.new_identity()[1])
    try:
        shutil.copy(tmp_path / "inbox" / "bundle.zip", bundle_places(van.home, DEPLOYMENT)[0])
    finally:
        other.world.recipient = van_recipient(van)
    with van.journal() as journal, pytest.raises(Refused) as caught:
        van.check(journal)
    assert caught.value.rule_ids == ("R31",)
    with van.journal() as journal:
        assert json.loads(ledger(journal)[-1][1].model_dump_json()) == {"refused_by": ["R31"]}


def van_recipient(van: Van) -> str:
    with van.journal() as journal:
        return journal.ask(asking.LookAtDeployment(deployment_id=DEPLOYMENT), answers.DeploymentSeen).recipient
