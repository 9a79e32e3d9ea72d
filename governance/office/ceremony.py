"""The ceremony: root keys, the office's own keys, the first roster; and each later roster, signed by the roots again.

Root keys belong offline with different holders. A ceremony on one machine writes them to a folder of the caller's choice
and never into the office.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from governance.authenticator import SoftwareAuthenticator
from governance.events import EventBody, OfficeInitialised, RosterPublished, UnitEnrolled
from governance.home import OfficeHome, private_folder
from governance.ledger.note import Signer, Verifier
from governance.messages.payload import Id, Mode, digest_of, signed
from governance.messages.roster import Office as OfficeKeys
from governance.messages.roster import Person, Rank, Role, Roster, TestBody, Unit, Witness
from governance.office.store import OFFICE, Office, open_office
from governance.roster import trust_roster
from governance.rules.profile import UK_APP_2022
from lfr_engine import durable
from lfr_engine.clock import Clock, format_utc
from lfr_engine.errors import BadInput, Refused
from watchlist.sealing.keys import SigningKey, VerifyingKey

TEST_BODY = "demonstration-test-body"
ROSTER_VALID = timedelta(days=365)  # ours: a roster is signed again at least yearly


@dataclass(frozen=True, slots=True)
class PersonSpec:
    """A person to enrol at the ceremony."""

    person_id: str
    name: str
    rank: Rank
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class WitnessSpec:
    """A witness's public key and where it listens."""

    vkey: str
    url: str

    @property
    def name(self) -> str:
        return self.vkey.partition("+")[0]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a unit hands to the office to be enrolled: public halves only."""

    unit_id: str
    name: str
    spki: str
    log_vkey: str

    @classmethod
    def read(cls, path: Path) -> "Enrolment":
        try:
            fields = json.loads(path.read_text())
            return cls(**{name: str(fields[name]) for name in ("unit_id", "name", "spki", "log_vkey")})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{path} is not a unit's enrolment", next_step="run: lfr unit enrol ... --json on the unit") from error


def init_office(
    home: OfficeHome,
    *,
    root_folder: Path,
    force: str,
    mode: Mode,
    people: Sequence[PersonSpec],
    witnesses: Sequence[WitnessSpec],
    origins: Sequence[str],
    root_keys: int = 3,
    clock: Clock,
) -> Office:
    """Make an office from nothing. Raises BadInput where one is already: its keys and ledger are never replaced."""
    if home.root.exists():
        raise BadInput(f"{home.root} already holds an office", next_step="choose another LFR_HOME, or move that one away first")
    if not witnesses or len(people) < 3:
        raise BadInput(
            "an office needs an independent witness, and three people so that everybody is enrolled by two others",
            next_step="lfr-witness init DIR --name NAME",
        )
    _require_names(force, people)
    if list(root_folder.glob("*.key")):
        raise BadInput(f"{root_folder} holds keys of another ceremony", next_step="give an empty folder; root keys are never replaced")
    # Everything is made in a folder beside and moved into place at the end: a ceremony that was cut short leaves no office.
    making = replace(home, root=home.root.with_name(home.root.name + ".unfinished"))
    shutil.rmtree(making.root, ignore_errors=True)
    making.create()
    private_folder(root_folder)
    roots = [_new_key(root_folder / f"root-{number}.key") for number in range(1, root_keys + 1)]
    pin = "".join(Signer(f"{force}/root-{number}", key.private).vkey + "\n" for number, key in enumerate(roots, 1))
    (making.root / "root.vkey").write_text(pin)
    roster = _first_roster(making, force, people, witnesses, origins, _new_key(root_folder / "test-body.key"), len(roots) // 2 + 1, clock)
    _write_roster(making, _sign_roster(roster, roots, clock, mode))
    settings = {"force": force, "mode": mode.value, "witness_urls": {one.name: one.url for one in witnesses}}
    (making.root / "office.json").write_text(json.dumps(settings, indent=1))
    office = open_office(making, clock, create=True)
    digest = office.keep_object(office.roster_bytes)
    with office.transaction() as session:
        office.record(session, OfficeInitialised(force=force, mode=mode), OFFICE)
        office.record(session, RosterPublished(version=roster.version, roster=digest), OFFICE, objects=(digest,))
    office.engine.dispose()
    making.root.rename(home.root)
    return open_office(home, clock)


def _first_roster(
    home: OfficeHome,
    force: str,
    people: Sequence[PersonSpec],
    witnesses: Sequence[WitnessSpec],
    origins: Sequence[str],
    test_body_key: SigningKey,
    root_threshold: int,
    clock: Clock,
) -> Roster:
    office_key, log_key = _new_key(home.keys / "office.key"), _new_key(home.keys / "log.key")
    private_folder(home.keys / "authenticators")
    start, until = format_utc(clock.now_utc()), format_utc(clock.now_utc() + ROSTER_VALID)
    return Roster(
        force=force,
        version=1,
        previous=None,
        valid_from=start,
        valid_to=until,
        rp_id="localhost",
        origins=tuple(origins),
        root_threshold=root_threshold,
        persons=tuple(_enrolled(person, home, people, start, until) for person in people),
        units=(),
        office=OfficeKeys(spki=office_key.public.text, log_vkey=Signer(f"{force}/office", log_key.private).vkey),
        witnesses=tuple(Witness(name=one.name, vkey=one.vkey) for one in witnesses),
        witness_threshold=1,
        test_bodies=(TestBody(name=TEST_BODY, spki=test_body_key.public.text, independent=False),),
    )


def enrol_unit(office: Office, enrolment: Enrolment, *, root_folder: Path) -> None:
    """Publish the next roster version with this unit, signed by the root keys in `root_folder`."""
    current = office.roster.roster
    if any(unit.unit_id == enrolment.unit_id for unit in current.units):
        raise BadInput(f"unit {enrolment.unit_id} is enrolled already")
    expected = f"{current.force}/unit/{enrolment.unit_id}"
    if not enrolment.log_vkey.startswith(expected + "+"):
        raise Refused(f"the unit's ledger must be named {expected}", rule_ids=("R1",))
    unit = _unit(enrolment, format_utc(office.clock.now_utc()), current.valid_to)
    enrolled = UnitEnrolled(unit_id=unit.unit_id, keyid=VerifyingKey.from_text(unit.spki).keyid)
    _publish(office, current.model_copy(update={"units": (*current.units, unit)}), root_folder, enrolled)


def _unit(enrolment: Enrolment, start: str, end: str) -> Unit:
    """The unit as the roster will name it, its keys tried out now. Raises BadInput."""
    log = Verifier.from_vkey(enrolment.log_vkey)
    try:
        return Unit(unit_id=enrolment.unit_id, name=enrolment.name, spki=enrolment.spki, log_vkey=log.vkey, valid_from=start, valid_to=end)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"the enrolment's {'.'.join(map(str, first['loc']))} cannot be used: {first['msg']}") from error


def _require_names(force: str, people: Sequence[PersonSpec]) -> None:
    """Ids become file and ledger names: checked before anything is written. Raises BadInput."""
    ids = [person.person_id for person in people]
    if len(set(ids)) != len(ids):
        raise BadInput("two people have the same person_id", next_step="give each their own")
    for name in (force, *ids):
        try:
            TypeAdapter(Id).validate_python(name)
        except ValidationError as error:
            raise BadInput(f"{name!r} cannot be an id", next_step="letters, digits, dots, dashes; at most 80") from error


def _publish(office: Office, changed: Roster, root_folder: Path, *also: EventBody) -> None:
    roots = [SigningKey.load(path) for path in sorted(root_folder.glob("root-*.key"))]
    if len(roots) < changed.root_threshold:
        raise Refused(
            f"{len(roots)} of the {changed.root_threshold} root keys needed are in {root_folder}",
            rule_ids=("R1",),
            next_step="bring the holders together",
        )
    roster = changed.model_copy(update={"version": changed.version + 1, "previous": digest_of(office.roster_bytes)})
    envelope = _sign_roster(roster, roots, office.clock, office.mode)
    trust_roster(envelope, office.pin, at=office.clock.now_utc())  # foreign root keys must not replace a roster that holds
    digest = office.keep_object(envelope)
    with office.transaction() as session:
        office.record(session, RosterPublished(version=roster.version, roster=digest), OFFICE, objects=(digest,))
        for body in also:
            office.record(session, body, OFFICE)
        _write_roster(office.home, envelope)  # last before the commit: in force and logged, or neither


def _sign_roster(roster: Roster, roots: Sequence[SigningKey], clock: Clock, mode: Mode) -> bytes:
    return signed(roster, *roots, clock=clock, mode=mode, profile=UK_APP_2022.name, rule_ids=("R1",))


def _write_roster(home: OfficeHome, envelope: bytes) -> None:
    durable.put(home.root / "roster.dsse.json", envelope)


def _enrolled(person: PersonSpec, home: OfficeHome, people: Sequence[PersonSpec], start: str, end: str) -> Person:
    authenticator = SoftwareAuthenticator.generate(person.person_id)
    authenticator.save(home.keys / "authenticators" / f"{person.person_id}.key")
    administrators = [one.person_id for one in people if one.person_id != person.person_id]
    return Person(
        person_id=person.person_id,
        name=person.name,
        rank=person.rank,
        roles=person.roles,
        credentials=(authenticator.credential,),
        enrolled_by=(administrators[0], administrators[1]),
        valid_from=start,
        valid_to=end,
    )


def _new_key(path: Path) -> SigningKey:
    key = SigningKey.generate()
    key.save(path)
    return key
