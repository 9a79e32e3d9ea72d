"""Entries, stored photos, sealing and handing over: reviewed by a second person, kept under one key, sealed for one unit (R17-R34)."""

import dataclasses
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from governance.events import read_entry
from governance.messages.bundle import Bundle
from governance.messages.decision import Action, Decision
from governance.messages.model import ModelState, Need
from governance.messages.payload import Mode, digest_of, opened, parse
from governance.messages.roster import Role
from governance.office import applications, blobs, certificates, entries, handover, register, sealing
from governance.office.authorities import GrantedAuthority
from governance.office.store import Actor
from governance.rules.model_states import Cause
from governance.rules.profile import UK_APP_2022
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from lfr_engine.image import encode_jpeg
from tests.office_world import APPLICANT, COMPILER, END, NOW, OFFICER, REVIEWER, SILVER, OfficeWorld, Van, copied_office, photos
from watchlist.bundle import read_bundle, unpack_list
from watchlist.entry import Entry
from watchlist.sealing import age


def draft_with_one(world: OfficeWorld, **changes: Any) -> tuple[str, entries.Proposal]:
    assert world.pack is not None
    row = applications.create(world.office, APPLICANT, world.fields())
    return row.application_id, entries.collect(
        world.office, COMPILER, row.application_id, dataclasses.replace(photos()[0], **changes), world.pack
    )


def test_an_entry_is_bound_to_its_photo_template_and_pack(office_world: OfficeWorld) -> None:
    application_id, proposal = draft_with_one(office_world)
    row = entries.review(office_world.office, REVIEWER, application_id, proposal.entry_id, keep=True)
    assert row.content is not None
    entry = Entry.from_bytes(row.content)
    template = blobs.take(office_world.office, application_id, f"{row.entry_id}.template")
    assert np.linalg.norm(np.frombuffer(template, "<f4")) == pytest.approx(1, abs=1e-3)
    assert office_world.pack is not None
    assert (entry.pack_digest, entry.proposer_id, entry.reviewer_id) == (office_world.pack.pack_digest, "co-01", "co-02")
    assert blobs.take(office_world.office, application_id, f"{row.entry_id}.photo") == photos()[0].photo


def test_R4_nobody_reviews_what_they_proposed(office_world: OfficeWorld) -> None:
    application_id, proposal = draft_with_one(office_world)
    with pytest.raises(Refused) as caught:
        entries.review(office_world.office, COMPILER, application_id, proposal.entry_id, keep=True)
    assert caught.value.rule_ids == ("R4",)


def test_R18_a_removal_says_why_and_can_be_undone_by_another_review(office_world: OfficeWorld) -> None:
    application_id, proposal = draft_with_one(office_world)
    with pytest.raises(BadInput):
        entries.review(office_world.office, REVIEWER, application_id, proposal.entry_id, keep=False, reason=" ")
    removed = entries.review(office_world.office, REVIEWER, application_id, proposal.entry_id, keep=False, reason="no longer wanted")
    assert (removed.leaf, removed.content) == (None, None)
    kept = entries.review(office_world.office, REVIEWER, application_id, proposal.entry_id, keep=True)
    assert kept.leaf is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"category": "other"},
        {"category": "intelligence"},
        {"response": "intelligence"},
        {"justification": "short"},
        {"image_source": "internet"},
        {"image_date": "yesterday"},
        {"born": "around 1980"},
        {"photo": b"no picture"},
        {"photo": b""},
        {"photo": encode_jpeg(np.full((300, 300, 3), 90, np.uint8))},
    ],
)
def test_a_person_whose_photo_or_fields_do_not_do_is_not_kept_at_all(office_world: OfficeWorld, changes: dict[str, Any]) -> None:
    assert office_world.pack is not None
    row = applications.create(office_world.office, APPLICANT, office_world.fields())
    with pytest.raises(BadInput):
        entries.collect(office_world.office, COMPILER, row.application_id, dataclasses.replace(photos()[0], **changes), office_world.pack)
    with office_world.office.read() as session:
        assert entries.proposals(session, row.application_id) == []
    assert not (office_world.office.home.blobs / row.application_id).exists()


def test_R25_a_passport_photo_is_refused(office_world: OfficeWorld) -> None:
    with pytest.raises(Refused) as caught:
        draft_with_one(office_world, image_source="passport_or_licence")
    assert caught.value.rule_ids == ("R25",)


def test_R33_who_has_no_part_in_the_list_neither_collects_nor_reviews(office_world: OfficeWorld) -> None:
    application_id, proposal = draft_with_one(office_world)
    assert office_world.pack is not None
    operator = Actor("p-operator", Role.OPERATOR)
    with pytest.raises(Refused):
        entries.collect(office_world.office, operator, application_id, photos()[1], office_world.pack)
    with pytest.raises(Refused):
        entries.review(office_world.office, operator, application_id, proposal.entry_id, keep=True)


def test_R65_every_look_at_a_photo_is_logged_with_its_reason_and_without_one_there_is_no_look(office_world: OfficeWorld) -> None:
    application_id, proposal = draft_with_one(office_world)
    size = office_world.count()
    with pytest.raises(BadInput) as caught:
        entries.thumb(office_world.office, OFFICER, application_id, proposal.entry_id, justification="")
    assert caught.value.rule_ids == ("R65",)
    assert office_world.count() == size
    assert entries.thumb(office_world.office, OFFICER, application_id, proposal.entry_id, justification="before deciding").startswith(
        b"\xff\xd8"
    )
    with office_world.office.read() as session:
        event, body = read_entry(office_world.office.log.entry(session, size))
    assert (event.type, event.actor, event.justification) == ("image.consulted", "ao-01", "before deciding")
    assert body.model_dump()["draft"] == proposal.draft


def test_an_entry_is_not_reached_through_another_application(office_world: OfficeWorld) -> None:
    _, proposal = draft_with_one(office_world)
    other, _ = draft_with_one(office_world)
    with pytest.raises(BadInput):
        entries.thumb(office_world.office, OFFICER, other, proposal.entry_id, justification="curious")
    with pytest.raises(BadInput):
        entries.review(office_world.office, REVIEWER, other, proposal.entry_id, keep=True)


def test_R67_the_ledger_names_nobody(office_world: OfficeWorld) -> None:
    before = office_world.count()
    application_id, proposal = draft_with_one(office_world, subject_ref="NAME-OF-SOMEBODY")
    entries.review(office_world.office, REVIEWER, application_id, proposal.entry_id, keep=True)
    with office_world.office.read() as session:
        logged = b"".join(office_world.office.log.entries(session, before, office_world.count()))
    assert b"entry.reviewed" in logged
    for secret in (b"NAME-OF-SOMEBODY", proposal.entry_id.encode(), proposal.nonce.hex().encode()):
        assert secret not in logged


@pytest.mark.parametrize("window", [None, "soon", [], {}, {"end": None}])
def test_a_draft_whose_window_is_not_filled_in_yet_can_be_reviewed(office_world: OfficeWorld, window: object) -> None:
    assert office_world.pack is not None
    row = applications.create(office_world.office, APPLICANT, office_world.fields(window=window))
    proposal = entries.collect(office_world.office, COMPILER, row.application_id, photos()[0], office_world.pack)
    assert entries.review(office_world.office, REVIEWER, row.application_id, proposal.entry_id, keep=True).state == "kept"


# -- stored photos -----------------------------------------------------------------------------------------------------


def test_R34_stored_photos_are_encrypted_private_and_bound_to_list_and_name(office_world: OfficeWorld) -> None:
    office = office_world.office
    blobs.put(office, "list-1", "a.photo", b"the face of somebody")
    blobs.put(office, "list-1", "b.photo", b"the face of another")
    folder = office.home.blobs / "list-1"
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert not any(b"face" in path.read_bytes() for path in folder.iterdir())
    (folder / "a.photo").write_bytes((folder / "b.photo").read_bytes())
    with pytest.raises(VerificationFailed):
        blobs.take(office, "list-1", "a.photo")
    assert blobs.take(office, "list-1", "b.photo") == b"the face of another"


def test_a_stored_photo_with_one_changed_byte_is_not_shown(office_world: OfficeWorld) -> None:
    blobs.put(office_world.office, "list-2", "a.photo", b"face")
    path = office_world.office.home.blobs / "list-2" / "a.photo"
    path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1]))
    with pytest.raises(VerificationFailed):
        blobs.take(office_world.office, "list-2", "a.photo")
    path.write_bytes(b"")
    with pytest.raises(LfrError):
        blobs.take(office_world.office, "list-2", "a.photo")


def test_R62_once_the_lists_key_is_destroyed_every_copy_stays_closed(office_world: OfficeWorld) -> None:
    office = office_world.office
    blobs.put(office, "list-3", "a.photo", b"face")
    backup = (office.home.blobs / "list-3" / "a.photo").read_bytes()
    assert blobs.erase_list(office, "list-3") == 1
    assert blobs.erase_list(office, "list-3") == 0
    assert not (office.home.keys / "list-list-3.key").exists()
    with pytest.raises(BadInput) as caught:
        blobs.take(office, "list-3", "a.photo")
    assert caught.value.rule_ids == ("R62",)
    (office.home.blobs / "list-3" / "a.photo").write_bytes(backup)
    with pytest.raises(BadInput):
        blobs.take(office, "list-3", "a.photo")
    blobs.put(office, "list-3", "b.photo", b"later")  # a new key does not open what an old one closed
    with pytest.raises(VerificationFailed):
        blobs.take(office, "list-3", "a.photo")


# -- the model register ------------------------------------------------------------------------------------------------


def test_R55_R99_no_list_is_sealed_or_handed_over_while_the_pipeline_is_suspended_or_under_review(
    office_world: OfficeWorld, tmp_path: Path
) -> None:
    office, van = office_world.office, office_world.unit()
    granted = office_world.granted(van.unit_id)
    sealing.receive_unit_key(office, van.one_use_key(granted.deployment_id))
    prepared = sealing.compile_bundle(office, COMPILER, granted.deployment_id)
    pipeline = certificates.newest(office)[1].pipeline_digest

    def moved(becomes: ModelState, cause: Cause) -> None:
        with office.transaction() as session:
            register.move(office, session, register.get(session, pipeline), becomes, cause, SILVER)

    def refused(rule_id: str) -> None:
        for attempt in (
            lambda: sealing.compile_bundle(office, COMPILER, granted.deployment_id),
            lambda: sealing.seal(office, office_world.sign("co-01", Action.SEAL, prepared.document), prepared),
            lambda: office_world.granted(van.unit_id),
        ):
            with pytest.raises(Refused) as caught:
                attempt()
            assert caught.value.rule_ids[0] == rule_id

    try:
        moved(ModelState.SUSPENDED, Cause.ORDER)
        refused("R55")
        moved(ModelState.UNDER_REVIEW, Cause.ORDER)
        refused("R99")
    finally:
        with office.transaction() as session:
            register.clear(office, session, register.get(session, pipeline), Need.HUMAN_REVIEW, digest_of(b"minutes"), SILVER)
    with office_world.at(NOW + timedelta(seconds=1)):
        again = sealing.compile_bundle(office, COMPILER, granted.deployment_id)
        sealing.seal(office, office_world.sign("co-01", Action.SEAL, again.document), again)
        assert handover.hand_over(office, granted.deployment_id, tmp_path / "handed").is_dir()


# -- the one-use key and sealing ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deployment(office_world: OfficeWorld) -> tuple[Van, GrantedAuthority]:
    """A unit with an authority, its one-use key taken in."""
    van = office_world.unit()
    granted = office_world.granted(van.unit_id, people=2)
    sealing.receive_unit_key(office_world.office, van.one_use_key(granted.deployment_id))
    return van, granted


def test_R31_only_the_authorised_units_key_is_taken(office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority]) -> None:
    van, granted = deployment
    other = office_world.unit()
    with pytest.raises(Refused) as caught:
        sealing.receive_unit_key(office_world.office, other.one_use_key(granted.deployment_id))
    assert "R31" in caught.value.rule_ids
    with pytest.raises(VerificationFailed):
        sealing.receive_unit_key(office_world.office, other.one_use_key(granted.deployment_id, unit_id=van.unit_id))


def test_R31_a_second_one_use_key_does_not_replace_the_first(office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority]) -> None:
    van, granted = deployment
    identity, recipient = van.identity, van.recipient
    with pytest.raises(Refused) as caught:
        sealing.receive_unit_key(office_world.office, van.one_use_key(granted.deployment_id))
    assert caught.value.rule_ids == ("R31",)
    van.identity, van.recipient = identity, recipient
    size = office_world.count()
    sealing.receive_unit_key(office_world.office, van.one_use_key(granted.deployment_id, recipient=recipient))
    van.identity, van.recipient = identity, recipient
    assert office_world.count() == size


def test_a_one_use_key_of_another_mode_or_of_no_deployment_is_refused(
    office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority]
) -> None:
    van, granted = dataclasses.replace(deployment[0]), deployment[1]
    with pytest.raises(Refused, match="operational use"):
        sealing.receive_unit_key(office_world.office, van.one_use_key(granted.deployment_id, mode=Mode.OPERATIONAL))
    with pytest.raises(BadInput):
        sealing.receive_unit_key(office_world.office, van.one_use_key("no-such-deployment"))


def test_the_sealed_list_is_the_approved_one_and_opens_for_this_unit_only(
    office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority]
) -> None:
    van, granted = deployment
    prepared = sealing.compile_bundle(office_world.office, COMPILER, granted.deployment_id)
    path = sealing.seal(office_world.office, office_world.sign("co-01", Action.SEAL, prepared.document), prepared)
    envelope, cipher = read_bundle(path)
    opened(envelope, Decision, [office_world.office.roster.office_key])
    bundle = parse(prepared.document, Bundle).body
    assert bundle.list_root == granted.authority.watchlist.root
    assert len(unpack_list(age.decrypt(cipher, van.identity), approved=set(bundle.leaves))) == 2
    with pytest.raises(VerificationFailed):
        age.decrypt(cipher, age.new_identity()[0])


def test_R20_a_list_is_not_compiled_more_than_24_hours_before_the_start(office_world: OfficeWorld) -> None:
    van, start = office_world.unit(), NOW + timedelta(hours=24)
    granted = office_world.granted(van.unit_id, window={"start": format_utc(start), "end": format_utc(start + timedelta(hours=2))})
    sealing.receive_unit_key(office_world.office, van.one_use_key(granted.deployment_id))
    assert sealing.compile_bundle(office_world.office, COMPILER, granted.deployment_id).entries == 1
    office_world.office.profile = dataclasses.replace(UK_APP_2022, compile_before_start=timedelta(hours=24) - timedelta(milliseconds=1))
    try:
        with pytest.raises(Refused) as caught:
            sealing.compile_bundle(office_world.office, COMPILER, granted.deployment_id)
    finally:
        office_world.office.profile = UK_APP_2022
    assert caught.value.rule_ids == ("R20",)


def test_no_list_is_compiled_once_the_window_has_passed(office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority]) -> None:
    with office_world.at(END), pytest.raises(Refused) as caught:
        sealing.compile_bundle(office_world.office, COMPILER, deployment[1].deployment_id)
    assert caught.value.rule_ids == ("R8",)


def test_R31_nothing_is_compiled_before_the_units_key_is_here(office_world: OfficeWorld) -> None:
    granted = office_world.granted("unit-without-key")
    with pytest.raises(Refused) as caught:
        sealing.compile_bundle(office_world.office, COMPILER, granted.deployment_id)
    assert caught.value.rule_ids == ("R31",)


def test_only_a_compiler_compiles_and_seals(office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority]) -> None:
    office, deployment_id = office_world.office, deployment[1].deployment_id
    with pytest.raises(Refused):
        sealing.compile_bundle(office, OFFICER, deployment_id)
    prepared = sealing.compile_bundle(office, COMPILER, deployment_id)
    with pytest.raises(Refused):
        sealing.seal(office, office_world.sign("ao-01", Action.SEAL, prepared.document), prepared)
    with pytest.raises(VerificationFailed):
        sealing.seal(office, office_world.sign("co-01", Action.AUTHORISE, prepared.document), prepared)


def test_an_assertion_over_one_list_does_not_seal_another(office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority]) -> None:
    office, deployment_id = office_world.office, deployment[1].deployment_id
    one = sealing.compile_bundle(office, COMPILER, deployment_id)
    other = sealing.compile_bundle(office, COMPILER, deployment_id)
    with pytest.raises(VerificationFailed):
        sealing.seal(office, office_world.sign("co-01", Action.SEAL, one.document), other)
    swapped = dataclasses.replace(one, cipher=other.cipher)
    with pytest.raises(VerificationFailed):
        sealing.seal(office, office_world.sign("co-01", Action.SEAL, one.document), swapped)


def test_R28_a_list_altered_in_the_database_is_not_sealed(
    office_world: OfficeWorld, deployment: tuple[Van, GrantedAuthority], tmp_path: Path
) -> None:
    office = copied_office(office_world, tmp_path / "office")
    with office.transaction() as session:
        row = entries.kept(session, deployment[1].application_id)[0]
        row.state = "removed"
        session.add(row)
    with pytest.raises(VerificationFailed) as caught:
        sealing.compile_bundle(office, COMPILER, deployment[1].deployment_id)
    assert caught.value.rule_ids == ("R28",)


# -- handing over ------------------------------------------------------------------------------------------------------


def test_nothing_is_handed_over_without_a_proof_or_without_a_sealed_list(office_world: OfficeWorld, tmp_path: Path) -> None:
    van = office_world.unit()
    granted = office_world.granted(van.unit_id)
    with pytest.raises(Refused) as caught:
        handover.hand_over(office_world.office, granted.deployment_id, tmp_path / "stick")
    assert caught.value.rule_ids == ("R20",)
    office_world.sealed(van, granted)
    office = copied_office(office_world, tmp_path / "office")
    with office.transaction() as session:
        session.merge(granted).proof = ""
    with pytest.raises(Refused) as caught:
        handover.hand_over(office, granted.deployment_id, tmp_path / "stick")
    assert caught.value.rule_ids == ("R66",)
    assert not (tmp_path / "stick").exists()


def test_a_hand_over_is_private_whole_and_repeatable_with_the_same_nonce(office_world: OfficeWorld, tmp_path: Path) -> None:
    van, granted = office_world.deployed(tmp_path / "stick")
    files = {path.name for path in (tmp_path / "stick").iterdir()}
    assert files == {
        "roster.dsse.json",
        "authority.dsse.json",
        "authority.tlog-proof",
        "certificate.dsse.json",
        "bundle.zip",
        "sync-nonce",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "stick").iterdir()} == {0o600}
    nonce = (tmp_path / "stick" / "sync-nonce").read_text()
    handover.hand_over(office_world.office, granted.deployment_id, tmp_path / "stick")
    assert (tmp_path / "stick" / "sync-nonce").read_text() == nonce == office_world.nonce(granted.deployment_id)
    assert van.unit_id == granted.unit_id


def test_handing_over_into_a_folder_with_other_things_deletes_nothing(office_world: OfficeWorld, tmp_path: Path) -> None:
    _, granted = office_world.deployed(tmp_path / "stick")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    for place in (tmp_path / "home", tmp_path / "home" / "thesis.txt"):
        with pytest.raises(BadInput):
            handover.hand_over(office_world.office, granted.deployment_id, place)
    assert (tmp_path / "home" / "thesis.txt").read_text() == "years of work"
