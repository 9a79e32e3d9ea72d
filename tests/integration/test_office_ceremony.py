"""The ceremony: an office whole or none at all, root keys apart from it, and each roster signed and logged (R1, R33, R34)."""

import dataclasses
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from governance.events import ExportMade, read_entry
from governance.home import Home, home_from_environment, private_folder
from governance.ledger.note import Signer
from governance.messages.payload import Mode, digest_of
from governance.messages.roster import Authenticator, Rank, Role
from governance.office.applications import Application
from governance.office.ceremony import Enrolment, PersonSpec, WitnessSpec, enrol_unit, init_office
from governance.office.store import Actor, Office, open_office
from governance.roster import trust_roster
from lfr_engine.clock import Clock
from lfr_engine.errors import BadInput, Refused, VerificationFailed
from tests.office_world import FORCE, NOW, PEOPLE, OfficeWorld, frozen
from watchlist.sealing.keys import SigningKey

WITNESS = WitnessSpec(Signer("w", SigningKey.generate().private).vkey, "http://127.0.0.1:9")

PROGRAM = f"""
import sys
from pathlib import Path
from governance.home import Home
from governance.messages.payload import Mode
from governance.messages.roster import Rank, Role
from governance.office.ceremony import PersonSpec, WitnessSpec, init_office
from lfr_engine.clock import Clock
people = [PersonSpec(f"p-{{number}}", "N", Rank.STAFF, (Role.COMPILER,)) for number in range(3)]
init_office(Home(Path(sys.argv[1])).office, root_folder=Path(sys.argv[2]), force="{FORCE}", mode=Mode.DEMONSTRATION, people=people,
            witnesses=[WitnessSpec("{WITNESS.vkey}", "http://127.0.0.1:9")], origins=["http://localhost:8080"], clock=Clock())
"""


def init(home: Home, roots: Path, *, mode: Mode = Mode.DEMONSTRATION, clock: Clock | None = None, **changes: object) -> Office:
    given: dict[str, object] = {"force": FORCE, "people": PEOPLE, "witnesses": [WITNESS], "origins": ["http://localhost:8080"], **changes}
    return init_office(home.office, root_folder=roots, mode=mode, clock=clock or frozen(), **given)  # type: ignore[arg-type]


def test_a_new_office_has_private_folders_and_keys_and_no_root_key_among_them(tmp_path: Path) -> None:
    office = init(Home(tmp_path / "home"), tmp_path / "roots")
    office.engine.dispose()
    for path in (tmp_path / "home").rglob("*"):
        if path.is_dir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
        if path.suffix == ".key" or path.name == "db.sqlite":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    roots = {path.read_bytes() for path in (tmp_path / "roots").iterdir()}
    assert len(roots) == 4
    assert not roots & {path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()}


def test_the_first_roster_is_signed_by_the_roots_and_logged_after_the_office_itself(tmp_path: Path) -> None:
    office = init(Home(tmp_path / "home"), tmp_path / "roots", root_keys=5)
    trusted = trust_roster(office.roster_bytes, office.pin, at=NOW)
    assert (trusted.roster.version, trusted.roster.previous, trusted.roster.root_threshold) == (1, None, 3)
    assert {one.authenticator for person in trusted.roster.persons for one in person.credentials} == {Authenticator.SOFTWARE}
    assert all(len(set(person.enrolled_by)) == 2 and person.person_id not in person.enrolled_by for person in trusted.roster.persons)
    with office.read() as session:
        every = [read_entry(entry)[0] for entry in office.log.entries(session, 0, office.log.size(session))]
    events = [event for event in every if event.type != "clock.simulated"]  # this test's clock, said each time the office is opened
    assert [event.type for event in events] == ["office.initialised", "roster.published"]
    assert office.object_bytes(events[1].objects[0]) == office.roster_bytes


def test_an_office_is_never_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first = init(home, tmp_path / "roots").roster_bytes
    with pytest.raises(BadInput, match="already holds an office"):
        init(home, tmp_path / "other-roots")
    assert open_office(home.office, frozen()).roster_bytes == first
    assert not (tmp_path / "other-roots").exists()


def test_the_root_keys_of_another_ceremony_are_never_replaced_or_mixed(tmp_path: Path) -> None:
    init(Home(tmp_path / "one"), tmp_path / "roots")
    before = {path: path.read_bytes() for path in (tmp_path / "roots").iterdir()}
    with pytest.raises(BadInput, match="keys of another ceremony"):
        init(Home(tmp_path / "two"), tmp_path / "roots")
    assert {path: path.read_bytes() for path in (tmp_path / "roots").iterdir()} == before
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"witnesses": []},
        {"people": PEOPLE[:2]},
        {"people": (*PEOPLE, PEOPLE[0])},
        {"people": (*PEOPLE, dataclasses.replace(PEOPLE[0], person_id="../../stolen"))},
        {"people": (*PEOPLE, PersonSpec("", "N", Rank.STAFF, (Role.COMPILER,)))},
        {"force": "a force/with spaces"},
        {"force": "../elsewhere"},
    ],
    ids=["no witness", "two people", "one id twice", "an id that climbs", "no id", "a force with spaces", "a force that climbs"],
)
def test_a_ceremony_that_cannot_be_right_makes_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        init(Home(tmp_path / "home"), tmp_path / "roots", **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("appears", ["root.vkey", "db.sqlite"])
def test_a_ceremony_killed_half_way_leaves_no_office_and_can_be_held_again(tmp_path: Path, appears: str) -> None:
    """Kill -9 as soon as that file is there; it stands in the unfinished folder, or the ceremony was quicker than the kill."""
    home = Home(tmp_path / "home")
    unfinished = tmp_path / "home" / "office.unfinished"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(home.root), str(tmp_path / "roots")])
    deadline = time.monotonic() + 60
    while not (unfinished / appears).exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.0005)
    process.kill()
    if process.wait() == 0:
        pytest.skip("the ceremony was over before the kill")
    if home.office.root.exists():  # killed behind the last rename: then it is a whole one
        assert open_office(home.office, Clock()).roster.roster.version == 1
        return
    with pytest.raises(BadInput, match="no office"):
        open_office(home.office, Clock())
    assert init(home, tmp_path / "new-roots").roster.roster.version == 1
    assert not unfinished.exists()


# -- units -------------------------------------------------------------------------------------------------------------


def test_a_unit_is_enrolled_by_a_new_roster_that_names_the_one_before(office_world: OfficeWorld) -> None:
    office = office_world.office
    before, size = office.roster_bytes, office_world.count()
    van = office_world.unit()
    roster = office.roster.roster
    assert roster.previous == digest_of(before)
    assert office.roster.unit_key(van.unit_id).keyid == van.key.keyid
    with office.read() as session:
        published, enrolled = (read_entry(entry) for entry in office.log.entries(session, size, office_world.count()))
    assert office.object_bytes(published[0].objects[0]) == office.roster_bytes
    assert enrolled[1].model_dump() == {"unit_id": van.unit_id, "keyid": van.key.keyid}


def enrolment(**changes: str) -> Enrolment:
    key, log = SigningKey.generate(), Signer(f"{FORCE}/unit/unit-new", SigningKey.generate().private)
    return dataclasses.replace(Enrolment("unit-new", "Van", key.public.text, log.vkey), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"log_vkey": Signer(f"{FORCE}/office", SigningKey.generate().private).vkey},
        {"log_vkey": Signer(f"{FORCE}/unit/unit-1", SigningKey.generate().private).vkey},
        {"log_vkey": f"{FORCE}/unit/unit-new+00000000+AAAA"},
        {"log_vkey": "no key"},
        {"spki": "AAAA"},
        {"spki": "no base64"},
        {"unit_id": "../office"},
        {"unit_id": ""},
        {"name": "N" * 301},
    ],
    ids=[
        "the office's name",
        "another unit's name",
        "a key of another id",
        "no key",
        "no SPKI",
        "no base64",
        "climbs",
        "no id",
        "long name",
    ],
)
def test_an_enrolment_that_cannot_be_right_changes_no_roster(office_world: OfficeWorld, changes: dict[str, str]) -> None:
    before, size = office_world.office.roster_bytes, office_world.count()
    with pytest.raises((BadInput, Refused)):
        enrol_unit(office_world.office, enrolment(**changes), root_folder=office_world.roots)
    assert (office_world.office.roster_bytes, office_world.count()) == (before, size)


def test_a_unit_is_enrolled_once(office_world: OfficeWorld) -> None:
    van = office_world.unit()
    again = Enrolment(van.unit_id, "Van", SigningKey.generate().public.text, van.log.vkey)
    with pytest.raises(BadInput, match="already"):
        enrol_unit(office_world.office, again, root_folder=office_world.roots)


def test_too_few_root_keys_or_foreign_ones_publish_nothing(office_world: OfficeWorld, tmp_path: Path) -> None:
    before, size = office_world.office.roster_bytes, office_world.count()
    for number in range(1, 4):
        private_folder(tmp_path / "one")
        private_folder(tmp_path / "foreign")
        SigningKey.generate().save(tmp_path / "foreign" / f"root-{number}.key")
    (tmp_path / "one" / "root-1.key").write_bytes((office_world.roots / "root-1.key").read_bytes())
    (tmp_path / "one" / "root-1.key").chmod(0o600)
    with pytest.raises(Refused) as caught:
        enrol_unit(office_world.office, enrolment(), root_folder=tmp_path / "one")
    assert caught.value.rule_ids == ("R1",)
    with pytest.raises(VerificationFailed):
        enrol_unit(office_world.office, enrolment(), root_folder=tmp_path / "foreign")
    assert (office_world.office.roster_bytes, office_world.count()) == (before, size)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"unit_id": "u"}', "no JSON"])
def test_a_file_that_is_no_enrolment_is_bad_input(tmp_path: Path, content: str) -> None:
    (tmp_path / "e.json").write_text(content)
    for path in (tmp_path / "e.json", tmp_path / "absent.json", tmp_path):
        with pytest.raises(BadInput):
            Enrolment.read(path)


# -- opening -----------------------------------------------------------------------------------------------------------


def test_a_simulated_clock_does_not_open_an_operational_office(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    init(home, tmp_path / "roots", mode=Mode.OPERATIONAL, clock=Clock())
    with pytest.raises(Refused) as caught:
        open_office(home.office, frozen())
    assert caught.value.rule_ids == ("R36",)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"force": "f", "mode": "training", "witness_urls": {}}'])
def test_a_damaged_setting_file_is_said_to_be_damaged(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path / "home")
    init(home, tmp_path / "roots")
    (home.office.root / "office.json").write_text(content)
    with pytest.raises(BadInput, match="damaged"):
        open_office(home.office, frozen())


def test_R34_an_office_whose_key_others_can_read_does_not_open(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    init(home, tmp_path / "roots")
    (home.office.keys / "office.key").chmod(0o644)
    with pytest.raises(Refused) as caught:
        open_office(home.office, frozen())
    assert caught.value.rule_ids == ("R34",)


def test_a_roster_exchanged_on_disk_is_not_used(tmp_path: Path) -> None:
    office = init(Home(tmp_path / "one"), tmp_path / "roots-1")
    other = init(Home(tmp_path / "two"), tmp_path / "roots-2")
    (office.home.root / "roster.dsse.json").write_bytes(other.roster_bytes)
    with pytest.raises(VerificationFailed):
        _ = office.roster


def test_an_object_altered_on_disk_is_not_used(tmp_path: Path) -> None:
    office = init(Home(tmp_path / "home"), tmp_path / "roots")
    digest = office.keep_object(b"an envelope")
    assert office.object_bytes(digest) == b"an envelope"
    office.object_path(digest).write_bytes(b"an envelopE")
    with pytest.raises(VerificationFailed, match="altered"):
        office.object_bytes(digest)
    office.object_path(digest).unlink()
    with pytest.raises(BadInput, match="does not hold"):
        office.object_bytes(digest)


def test_a_change_without_its_event_is_no_change(office_world: OfficeWorld) -> None:
    """Row and ledger entry are one transaction: an event that cannot be logged takes the row with it."""
    row = Application(application_id="half-made", applicant_id="ap-01", content=b"{}", created_at="", updated_at="")

    def half() -> None:
        with office_world.office.transaction() as session:
            session.add(row)
            session.flush()
            office_world.office.record(session, ExportMade(size=1), Actor("au-01", "oversight"), justification=" ")

    with pytest.raises(BadInput):
        half()
    with office_world.office.read() as session:
        assert session.get(Application, "half-made") is None


def test_the_home_is_LFR_HOME_then_XDG_then_the_users(tmp_path: Path) -> None:
    assert home_from_environment({"LFR_HOME": str(tmp_path), "XDG_DATA_HOME": "/x"}).root == tmp_path
    assert home_from_environment({"LFR_HOME": "", "XDG_DATA_HOME": "/x"}).root == Path("/x/lawful-lfr")
    assert home_from_environment({}).root == Path.home() / ".local" / "share" / "lawful-lfr"
    assert home_from_environment({"LFR_HOME": "relative"}).root.is_absolute()


def test_new_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")} == {0o700}


def test_settings_say_which_witness_listens_where(tmp_path: Path) -> None:
    office = init(Home(tmp_path / "home"), tmp_path / "roots")
    assert json.loads((office.home.root / "office.json").read_text()) == {
        "force": FORCE,
        "mode": "demonstration",
        "witness_urls": {"w": "http://127.0.0.1:9"},
    }
