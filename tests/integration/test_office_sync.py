"""What a unit sends home is taken once, in order, unaltered, and from the unit it is of; the record recomputes from it (R66, R69, R74)."""

import base64
import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from governance.events import ExportMade, ListErased, MatchingPaused, RecordPublished, read_entry
from governance.export import make_export
from governance.ledger.checkpoint import Checkpoint
from governance.messages.decision import Action, Assertion
from governance.messages.payload import Mode, digest_of, parse
from governance.messages.record import DeploymentRecord
from governance.office import records, syncing
from governance.office.authorities import GrantedAuthority
from governance.office.records import PublishedRecord
from governance.office.syncing import TakenSync
from governance.office.witnessing import cosigned_checkpoint
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from tests.office_world import AUDITOR, FORCE, NOW, OTHER_OFFICER, OfficeWorld, Van, copied_office

Deployed = tuple[Van, GrantedAuthority, str]


@pytest.fixture
def deployed(office_world: OfficeWorld, tmp_path: Path) -> Deployed:
    """A unit in the field with one entry in its ledger, and its deployment's nonce."""
    van, granted = office_world.deployed(tmp_path / "stick")
    van.say(MatchingPaused(reason="rain"), granted.deployment_id)
    return van, granted, office_world.nonce(granted.deployment_id)


def taken(world: OfficeWorld, van: Van) -> tuple[int, list[TakenSync]]:
    with world.office.read() as session:
        rows = list(session.exec(select(TakenSync).where(TakenSync.unit_id == van.unit_id)))
        return syncing.unit_log(world.office, van.unit_id).size(session), rows


def test_packages_are_taken_in_order_and_the_office_logs_each_root(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    first = syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
    van.handed_in()
    van.say(MatchingPaused(reason="more rain"), granted.deployment_id)
    second = syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
    assert [(one.sequence, one.size) for one in (first, second)] == [(1, 1), (2, 2)]
    with office_world.office.read() as session:
        assert list(syncing.unit_entries(office_world.office, session, van.unit_id)) == van.entries
        _, body = read_entry(office_world.office.log.entry(session, office_world.count() - 1))
    assert body.model_dump()["root"] == second.root


def test_the_same_package_again_changes_nothing(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    package = van.package(granted.deployment_id, nonce)
    syncing.receive(office_world.office, package)
    size = office_world.count()
    assert syncing.receive(office_world.office, package).sequence == 1
    assert (office_world.count(), taken(office_world, van)[0]) == (size, 1)


def test_the_same_entries_in_a_new_package_are_refused(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
    for changes in ({}, {"sequence": 2}, {"sequence": 1}):
        with pytest.raises(Refused):
            syncing.receive(office_world.office, van.package(granted.deployment_id, nonce, **changes))
    assert taken(office_world, van)[0] == 1


def test_a_package_without_new_entries_does_not_confuse_the_order(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    for _ in range(3):
        syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
        van.handed_in()
    van.say(MatchingPaused(reason="at last"), granted.deployment_id)
    assert syncing.receive(office_world.office, van.package(granted.deployment_id, nonce)).sequence == 4


def _gap(van: Van, deployment: str, nonce: str) -> bytes:
    van.sequence += 1
    return van.package(deployment, nonce)


def _skipped_entries(van: Van, deployment: str, nonce: str) -> bytes:
    van.say(MatchingPaused(reason="second"), deployment)
    van.sent = 1
    return van.package(deployment, nonce)


def _altered_entry(van: Van, deployment: str, nonce: str) -> bytes:
    checkpoint = van.checkpoint()
    van.entries[0] = van.entries[0].replace(b"rain", b"snow")
    return van.package(deployment, nonce, checkpoint=checkpoint)


def _entry_left_out(van: Van, deployment: str, nonce: str) -> bytes:
    van.say(MatchingPaused(reason="second"), deployment)
    return van.package(deployment, nonce, entries=(base64.b64encode(van.entries[1]).decode(),))


def _order_changed(van: Van, deployment: str, nonce: str) -> bytes:
    van.say(MatchingPaused(reason="second"), deployment)
    texts = tuple(base64.b64encode(entry).decode() for entry in reversed(van.entries))
    return van.package(deployment, nonce, entries=texts)


def _foreign_checkpoint(van: Van, deployment: str, nonce: str) -> bytes:
    return van.package(deployment, nonce, checkpoint=van.log.sign(Checkpoint(f"{FORCE}/office", 1, bytes(32)).text))


REFUSED: dict[str, Callable[[Van, str, str], bytes]] = {
    "a package missing before it": _gap,
    "entries missing before it": _skipped_entries,
    "an entry altered after the checkpoint": _altered_entry,
    "an entry left out": _entry_left_out,
    "entries in another order": _order_changed,
    "one entry too many": lambda van, deployment, nonce: van.package(
        deployment, nonce, entries=tuple(base64.b64encode(entry).decode() for entry in van.entries * 2)
    ),
    "an empty entry": lambda van, deployment, nonce: van.package(deployment, nonce, entries=("",)),
    "an old nonce": lambda van, deployment, nonce: van.package(deployment, "00" * 32),
    "another deployment": lambda van, deployment, nonce: van.package("no-such-deployment", nonce),
    "a checkpoint of another log": _foreign_checkpoint,
    "a checkpoint that is none": lambda van, deployment, nonce: van.package(deployment, nonce, checkpoint="size 1"),
    "another mode": lambda van, deployment, nonce: van.package(deployment, nonce, mode=Mode.OPERATIONAL),
    "a unit nobody enrolled": lambda van, deployment, nonce: van.package(deployment, nonce, unit_id="unit-999"),
    "the name of another unit": lambda van, deployment, nonce: van.package(deployment, nonce, unit_id="unit-1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_package_that_is_not_the_next_true_one_changes_nothing(office_world: OfficeWorld, deployed: Deployed, what: str) -> None:
    van, granted, nonce = deployed
    good, size = van.package(granted.deployment_id, nonce), office_world.count()
    with pytest.raises(LfrError):
        syncing.receive(
            office_world.office, REFUSED[what](dataclasses.replace(van, entries=list(van.entries)), granted.deployment_id, nonce)
        )
    assert (office_world.count(), taken(office_world, van)) == (size, (0, []))
    assert syncing.receive(office_world.office, good).size == 1


def test_a_package_altered_on_its_way_is_refused(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    fields = json.loads(van.package(granted.deployment_id, nonce))
    payload = base64.b64decode(fields["payload"]).replace(b'"sequence":1', b'"sequence":2')
    with pytest.raises(VerificationFailed):
        syncing.receive(office_world.office, json.dumps({**fields, "payload": base64.b64encode(payload).decode()}).encode())


def test_a_ledger_that_forked_after_the_last_package_is_refused(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
    van.handed_in()
    van.entries[0] = van.entries[0].replace(b"rain", b"snow")
    van.say(MatchingPaused(reason="second"), granted.deployment_id)
    with pytest.raises(Refused) as caught:
        syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
    assert "R66" in caught.value.rule_ids
    with office_world.office.read() as session:
        root = syncing.unit_log(office_world.office, van.unit_id).root(session, 1).hex()
    with pytest.raises(VerificationFailed):  # naming the office's root does not help: the checkpoint is of the forked tree
        syncing.receive(office_world.office, van.package(granted.deployment_id, nonce, previous_root=root))


def test_another_units_deployment_is_not_synced_by_a_unit_that_learned_its_nonce(office_world: OfficeWorld, deployed: Deployed) -> None:
    _, granted, nonce = deployed
    thief = office_world.unit()
    thief.say(MatchingPaused(reason="mine"), granted.deployment_id)
    with pytest.raises(Refused) as caught:
        syncing.receive(office_world.office, thief.package(granted.deployment_id, nonce))
    assert caught.value.rule_ids == ("R69",)


# -- the office's own copies (R62) --------------------------------------------------------------------------------------


def test_R62_when_a_units_purge_arrives_the_offices_photos_and_templates_go_too(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    office, application = office_world.office, granted.authority.application_id
    kept = office.home.blobs / application
    syncing.receive(office, van.package(granted.deployment_id, nonce))
    van.handed_in()
    assert list(kept.iterdir()), "matching goes on: nothing is erased yet"
    certificate = van.whole_deployment(granted)
    syncing.receive(office, van.package(granted.deployment_id, nonce, objects=(certificate,)))
    assert list(kept.iterdir()) == []
    assert not (office.home.keys / f"list-{application}.key").exists()
    with office.read() as session:
        _, body = read_entry(office.log.entry(session, office_world.count() - 1))
    assert isinstance(body, ListErased)
    assert body.files > 0


def test_R62_a_package_that_is_refused_erases_nothing(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    kept = office_world.office.home.blobs / granted.authority.application_id
    certificate = van.whole_deployment(granted)
    package = van.package(granted.deployment_id, "0" * len(nonce), objects=(certificate,))
    before = len(list(kept.iterdir()))
    with pytest.raises(LfrError):
        syncing.receive(office_world.office, package)
    assert len(list(kept.iterdir())) == before > 0


# -- the record --------------------------------------------------------------------------------------------------------


def synced(world: OfficeWorld, deployed: Deployed, **purge: Any) -> GrantedAuthority:
    van, granted, nonce = deployed
    certificate = van.whole_deployment(granted, **purge)
    syncing.receive(world.office, van.package(granted.deployment_id, nonce, objects=(certificate,)))
    van.handed_in()
    return granted


def asserted(world: OfficeWorld, document: bytes, *who: str) -> list[Assertion]:
    return [world.sign(person, Action.PUBLISH, document) for person in who]


def test_a_record_says_what_the_ledger_says_and_is_published_once(office_world: OfficeWorld, deployed: Deployed) -> None:
    granted = synced(office_world, deployed)
    document = records.prepare(office_world.office, granted.deployment_id, ["a note"])
    record = parse(document, DeploymentRecord).body
    assert (record.passages, record.alerts, record.true_alerts, record.false_alerts, record.open_alerts) == (40, 2, 1, 1, 0)
    assert (record.confirmed_true, record.engagements, record.ended_because, record.decided_by) == (1, 1, "end_time", "officers")
    assert (record.false_per_passage.k, record.false_per_passage.n) == (1, 40)
    row = records.publish(office_world.office, document, asserted(office_world, document, "ao-01", "si-01"))
    assert row.document == document
    with office_world.office.read() as session:
        event, body = read_entry(office_world.office.log.entry(session, office_world.count() - 1))
    assert isinstance(body, RecordPublished)
    assert (event.actor, event.role) == ("si-01", "silver")
    with pytest.raises(Refused, match="published already"):
        records.publish(office_world.office, document, asserted(office_world, document, "si-01", "ao-01"))
    with office_world.office.read() as session:
        assert len(session.exec(select(PublishedRecord).where(PublishedRecord.deployment_id == granted.deployment_id)).all()) == 1


@pytest.mark.parametrize(
    "signers",
    [(), ("si-01",), ("ao-01",), ("ao-01", "ao-01"), ("si-01", "si-01"), ("si-01", "ao-ap"), ("ao-01", "silver"), ("silver", "si-01")],
    ids=[
        "nobody",
        "Silver alone",
        "officer alone",
        "officer twice",
        "Silver twice",
        "another officer",
        "an id like a role",
        "without the officer",
    ],
)
def test_R74_a_record_needs_silver_and_the_officer_of_this_deployment(
    office_world: OfficeWorld, deployed: Deployed, signers: tuple[str, ...]
) -> None:
    document = records.prepare(office_world.office, synced(office_world, deployed).deployment_id)
    with pytest.raises(Refused) as caught:
        records.publish(office_world.office, document, asserted(office_world, document, *signers))
    assert caught.value.rule_ids == ("R74",)


def test_R74_an_officer_who_is_silver_too_does_not_sign_for_both(office_world: OfficeWorld, tmp_path: Path) -> None:
    van, granted = office_world.deployed(tmp_path / "stick", OTHER_OFFICER)
    synced(office_world, (van, granted, office_world.nonce(granted.deployment_id)))
    document = records.prepare(office_world.office, granted.deployment_id)
    for signers in (("ao-02",), ("ao-02", "ao-02")):
        with pytest.raises(Refused):
            records.publish(office_world.office, document, asserted(office_world, document, *signers))
    records.publish(office_world.office, document, asserted(office_world, document, "si-01", "ao-02"))


FALSE_FIGURES: dict[str, dict[str, Any]] = {
    "fewer false alerts": {"false_alerts": 0},
    "more passages": {"passages": 4000},
    "an invented purge certificate": {"purge_certificate": digest_of(b"invented")},
    "another ledger range": {"ledger": {"origin": f"{FORCE}/unit/x", "first": 0, "stop": 1, "root": "ab" * 32}},
    "another threshold": {"threshold": "0.10"},
    "sealed where it was not": {"engine_lacking": ()},
    "decided by others": {"decided_by": "scripted officer reading the rehearsal's truth"},
}


@pytest.mark.parametrize("what", FALSE_FIGURES)
def test_R74_a_record_that_does_not_recompute_is_not_published_whoever_asserts_it(
    office_world: OfficeWorld, deployed: Deployed, what: str
) -> None:
    fields = json.loads(records.prepare(office_world.office, synced(office_world, deployed).deployment_id))
    document = json.dumps({**fields, "body": {**fields["body"], **FALSE_FIGURES[what]}}).encode()
    with pytest.raises(VerificationFailed, match="recompute"):
        records.publish(office_world.office, document, asserted(office_world, document, "si-01", "ao-01"))


def test_a_record_altered_after_it_was_asserted_is_not_published(office_world: OfficeWorld, deployed: Deployed) -> None:
    document = records.prepare(office_world.office, synced(office_world, deployed).deployment_id)
    assertions = asserted(office_world, document, "si-01", "ao-01")
    with pytest.raises(VerificationFailed):
        records.publish(office_world.office, document.replace(b'"notes":[]', b'"notes":["x"]'), assertions)
    swapped = [assertions[0], assertions[1].model_copy(update={"person_id": "si-01"})]
    with pytest.raises(VerificationFailed):
        records.publish(office_world.office, document, swapped)


def test_no_record_before_a_sync_an_end_or_a_purge(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    with pytest.raises(Refused, match="not synced"):
        records.prepare(office_world.office, granted.deployment_id)
    syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
    van.handed_in()
    with pytest.raises(Refused, match="start to end"):
        records.prepare(office_world.office, granted.deployment_id)
    van.whole_deployment(granted)
    van.entries.pop()  # the purge
    syncing.receive(office_world.office, van.package(granted.deployment_id, nonce))
    with pytest.raises(Refused) as caught:
        records.prepare(office_world.office, granted.deployment_id)
    assert caught.value.rule_ids == ("R61",)


@pytest.mark.parametrize("purge", [{"bundle_opens_after": True}, {"deployment_id": "another"}])
def test_R61_a_purge_that_did_not_happen_makes_no_record(office_world: OfficeWorld, deployed: Deployed, purge: dict[str, Any]) -> None:
    granted = synced(office_world, deployed, **purge)
    with pytest.raises(BadInput) as caught:
        records.prepare(office_world.office, granted.deployment_id)
    assert caught.value.rule_ids == ("R61",)


# -- the export, and the ledger before its witness ---------------------------------------------------------------------


def test_an_export_holds_ledger_objects_units_and_records_and_says_that_it_was_made(
    office_world: OfficeWorld, deployed: Deployed, tmp_path: Path
) -> None:
    granted = synced(office_world, deployed)
    document = records.prepare(office_world.office, granted.deployment_id)
    records.publish(office_world.office, document, asserted(office_world, document, "si-01", "ao-01"))
    folder = make_export(office_world.office, AUDITOR, tmp_path / "export", justification="yearly audit")
    assert (folder / "published" / f"{granted.deployment_id}.json").read_bytes() == document
    assert (folder / "objects" / f"{granted.decision.removeprefix('sha256:')}.dsse.json").exists()
    assert (folder / "units" / granted.unit_id / "checkpoint").exists()
    assert (folder / "roster.dsse.json").read_bytes() == office_world.office.roster_bytes
    with office_world.office.read() as session:
        event, body = read_entry(office_world.office.log.entry(session, office_world.count() - 1))
    assert isinstance(body, ExportMade)
    assert (event.actor, event.justification) == ("au-01", "yearly audit")
    biometric = [path for path in folder.rglob("*") if path.suffix in {".jpg", ".photo", ".template", ".thumb", ".zip", ".age", ".key"}]
    assert biometric == []


def test_R65_an_export_without_a_reason_or_with_an_endless_one_is_not_made(office_world: OfficeWorld, tmp_path: Path) -> None:
    size = office_world.count()
    for reason in ("", "  ", "x" * 301):
        with pytest.raises(BadInput):
            make_export(office_world.office, AUDITOR, tmp_path / "export", justification=reason)
    assert (office_world.count(), list(tmp_path.iterdir())) == (size, [])


def test_an_export_never_overwrites_a_folder(office_world: OfficeWorld, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    with pytest.raises(BadInput):
        make_export(office_world.office, AUDITOR, tmp_path / "export", justification="audit")


@pytest.mark.parametrize(("harm", "error"), [(None, BadInput), (b"{}", VerificationFailed)], ids=["missing", "altered"])
def test_an_export_that_cannot_be_whole_is_none(
    office_world: OfficeWorld, tmp_path: Path, harm: bytes | None, error: type[LfrError]
) -> None:
    path = office_world.office.object_path(office_world.granted("unit-x").decision)
    whole = path.read_bytes()
    path.unlink() if harm is None else path.write_bytes(harm)
    try:
        with pytest.raises(error):
            make_export(office_world.office, AUDITOR, tmp_path / "export", justification="audit")
        assert not (tmp_path / "export").exists()
    finally:
        path.write_bytes(whole)
    assert make_export(office_world.office, AUDITOR, tmp_path / "export", justification="audit").is_dir()


def test_a_database_exchanged_for_another_of_the_same_size_is_noticed_before_it_is_cosigned(
    office_world: OfficeWorld, tmp_path: Path
) -> None:
    cosigned_checkpoint(office_world.office)
    stolen = copied_office(office_world, tmp_path / "office")
    # The copy was opened on a simulated clock, which is an entry of its own: the true one gets one more.
    for office, reason in ((office_world.office, "the true one"), (office_world.office, "again"), (stolen, "the other one")):
        with office.transaction() as session:
            office.record(session, ExportMade(size=1), AUDITOR, justification=reason)
    cosigned_checkpoint(office_world.office)
    with pytest.raises(VerificationFailed):
        cosigned_checkpoint(stolen)
    kept = sorted((office_world.office.home.ledger / "checkpoints").iterdir(), key=lambda path: int(path.name))[-1]
    (stolen.home.ledger / "checkpoints" / kept.name).write_bytes(kept.read_bytes())
    with pytest.raises(VerificationFailed) as caught:
        cosigned_checkpoint(stolen)
    assert caught.value.rule_ids == ("R66",)


def test_a_restored_older_database_is_noticed(office_world: OfficeWorld, tmp_path: Path) -> None:
    cosigned_checkpoint(office_world.office)
    older = copied_office(office_world, tmp_path / "office")
    for _ in range(2):
        with office_world.office.transaction() as session:
            office_world.office.record(session, ExportMade(size=1), AUDITOR, justification="later")
    cosigned_checkpoint(office_world.office)
    with older.transaction() as session:
        older.record(session, ExportMade(size=1), AUDITOR, justification="after the restore")
    with pytest.raises(VerificationFailed):
        cosigned_checkpoint(older)


def test_a_package_that_comes_weeks_late_is_still_taken(office_world: OfficeWorld, deployed: Deployed) -> None:
    van, granted, nonce = deployed
    with office_world.at(NOW + timedelta(days=30)):
        assert syncing.receive(office_world.office, van.package(granted.deployment_id, nonce)).size == 1
