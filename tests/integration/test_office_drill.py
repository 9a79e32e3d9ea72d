"""The office's side of a drill: consent first, the officer sees who walks, and the staff are sealed apart (R4, R28, R30)."""

import dataclasses
from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import Session

from governance.messages.authority import Authority
from governance.messages.decision import Action
from governance.messages.payload import parse
from governance.office import applications, authorities, drills, entries, risk, sealing
from governance.office.drills import WalkerOf
from governance.rules.finding import Level
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, Refused
from tests.office_world import APPLICANT, AUDITOR, COMPILER, NOW, OFFICER, OfficeWorld, photos
from watchlist.background import made_of, write_background
from watchlist.bundle import read_bundle, unpack_blue, unpack_list
from watchlist.entry import list_root
from watchlist.sealing import age
from watchlist.sealing.keys import SigningKey


def walker(number: int, **changes: object) -> WalkerOf:
    given = WalkerOf(
        walker_id=f"staff-{number}",
        photo=photos()[number].photo,
        consent=b"I agree to walk. Signed.",
        consented_at=format_utc(NOW - timedelta(days=2)),
        expires_at=format_utc(NOW + timedelta(days=20)),
        token=SigningKey.generate().public.text,
    )
    return dataclasses.replace(given, **changes)


def with_drill(world: OfficeWorld, unit_id: str, *, walks: int = 40) -> str:
    assert world.pack is not None
    application_id = world.draft(unit_id)
    for number in (1, 2):
        drills.add_walker(world.office, COMPILER, application_id, walker(number), world.pack)
    drills.ask_for_walks(world.office, COMPILER, application_id, walks)
    applications.submit(world.office, APPLICANT, application_id)
    return application_id


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"consent": b"  "}, "signed consent"),
        ({"expires_at": format_utc(NOW - timedelta(hours=1))}, "not in force"),
        ({"consented_at": format_utc(NOW + timedelta(hours=1))}, "not in force"),
        ({"token": "bm8ga2V5"}, "public key"),
        ({"photo": b"no picture"}, "photo"),
        ({"walker_id": "../staff"}, "walker_id"),
    ],
)
def test_nobody_walks_without_a_consent_in_force_a_token_and_a_photo(
    office_world: OfficeWorld, changes: dict[str, object], why: str
) -> None:
    assert office_world.pack is not None
    application_id = office_world.draft()
    with pytest.raises((BadInput, Refused), match=why):
        drills.add_walker(office_world.office, COMPILER, application_id, walker(1, **changes), office_world.pack)
    with office_world.office.read() as session:
        assert drills.walkers(session, application_id) == []


def test_a_walker_walks_once_on_the_list_and_an_auditor_lists_nobody(office_world: OfficeWorld) -> None:
    assert office_world.pack is not None
    application_id = office_world.draft()
    drills.add_walker(office_world.office, COMPILER, application_id, walker(1), office_world.pack)
    with pytest.raises(BadInput, match="walks already"):
        drills.add_walker(office_world.office, COMPILER, application_id, walker(1), office_world.pack)
    with pytest.raises(Refused):
        drills.ask_for_walks(office_world.office, AUDITOR, application_id, 30)


def test_the_officer_asserts_who_walks_and_staff_are_never_counted_as_listed(office_world: OfficeWorld) -> None:
    document = office_world.prepared(with_drill(office_world, "unit-d"))
    authority = parse(document, Authority).body
    assert authority.drill is not None
    assert [walker.walker_id for walker in authority.drill.walkers] == ["staff-1", "staff-2"]
    assert authority.drill.walks == 40
    assert authority.watchlist.size == 1


def test_a_drill_is_not_changed_once_the_officer_has_it(office_world: OfficeWorld) -> None:
    application_id = with_drill(office_world, "unit-d")
    with pytest.raises(Refused) as refused:
        drills.ask_for_walks(office_world.office, COMPILER, application_id, 10)
    assert refused.value.rule_ids == ("R28", "R30")
    document = office_world.prepared(application_id)
    with Session(office_world.office.engine) as session:  # somebody with the database in their hands
        row = session.get(drills.DrillRow, application_id)
        assert row is not None
        row.walks = 7
        session.add(row)
        session.commit()
    with pytest.raises(Refused, match="the drill was changed"):
        authorities.grant(office_world.office, office_world.sign(OFFICER.person_id, Action.AUTHORISE, document), document)


def test_staff_are_sealed_apart_without_a_picture(office_world: OfficeWorld) -> None:
    van = office_world.unit()
    document = office_world.prepared(with_drill(office_world, van.unit_id))
    granted = authorities.grant(office_world.office, office_world.sign(OFFICER.person_id, Action.AUTHORISE, document), document)
    sealing.receive_unit_key(office_world.office, van.one_use_key(granted.deployment_id))
    prepared = sealing.compile_bundle(office_world.office, COMPILER, granted.deployment_id)
    path = sealing.seal(office_world.office, office_world.sign(COMPILER.person_id, Action.SEAL, prepared.document), prepared)
    plain = age.decrypt(read_bundle(path)[1], van.identity)
    drill = granted.authority.drill
    assert drill is not None
    blue = unpack_blue(plain, approved={one.leaf for one in drill.walkers})
    assert [one.entry.walker_id for one in blue] == ["staff-1", "staff-2"]
    assert b"staff-1.jpg" not in plain
    with office_world.office.read() as session:
        listed = [row.leaf for row in entries.kept(session, granted.application_id) if row.leaf]
    assert list_root(listed) == granted.authority.watchlist.root
    assert len(unpack_list(plain, approved=set(listed))) == 1


def test_entries_are_counted_against_the_background_and_the_officer_reads_it(office_world: OfficeWorld) -> None:
    assert office_world.pack is not None
    office, pack = office_world.office, office_world.pack
    drawn = np.random.default_rng(7).normal(size=(240, pack.dimension))
    rows = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    path = risk.background_path(office.home.root, pack.pack_digest)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_background(path, made_of(rows, pack.pack_digest, "Vectors drawn at random for a test: nobody at all."))
    try:
        application_id = office_world.submitted()
        with office.read() as session:
            case = authorities.case_of(office, session, applications.get(session, application_id), OFFICER.person_id)
            (row,) = entries.kept(session, application_id)
            near = risk.nearness_of(session, row.entry_id)
        assert case.risk is not None
        assert near is not None
        assert near.people == 240
        assert next(iter(case.risk.findings())).level in (Level.MET, Level.WARNS)
    finally:
        path.unlink()
    with office.read() as session:
        later = authorities.case_of(office, session, applications.get(session, office_world.submitted()), OFFICER.person_id)
    assert later.risk is None
