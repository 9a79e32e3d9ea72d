"""A real office with a real witness in its own process, real photos, and the units' side of what they send."""

import base64
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from governance.events import (
    AlertAdjudicated,
    AlertDecision,
    AlertOutcome,
    AlertRaised,
    AlertResolved,
    EventBody,
    MatchingStarted,
    MatchingStopped,
    PassersCounted,
    PurgeDone,
    entry_bytes,
)
from governance.home import Home
from governance.ledger.checkpoint import Checkpoint
from governance.ledger.note import Signer
from governance.messages.bundle import UnitKey
from governance.messages.decision import Action, Assertion
from governance.messages.payload import Body, Mode, digest_of, signed
from governance.messages.roster import Rank, Role
from governance.messages.unit import Destroyed, PurgeCertificate, SyncPackage
from governance.office import applications, authorities, entries, handover, sealing
from governance.office.authorities import GrantedAuthority
from governance.office.ceremony import Enrolment, PersonSpec, WitnessSpec, enrol_unit, init_office
from governance.office.entries import PhotoOf
from governance.office.handover import SyncNonce
from governance.office.store import Actor, Office, open_office
from lfr_engine.clock import Clock, format_utc
from lfr_engine.packs.store import OpenPack
from lfr_engine.sealed.facts import Seal
from tests.certified import certify
from tests.postgresql import fresh_database
from tests.witness_process import WitnessProcess
from watchlist.sealing import age, merkle
from watchlist.sealing.keys import SigningKey
from webui.cli.demo_application import OFFICER_REASONS, application_fields, as_entry
from webui.cli.demo_people import demo_people
from webui.cli.office import assert_in_software

ON_POSTGRESQL = False
"""Set by `pytest --postgresql`."""
NOW = datetime(2026, 12, 5, 8, tzinfo=UTC)
START, END = NOW + timedelta(hours=2), NOW + timedelta(hours=8)
FORCE = "testshire"
PHOTOS = Path(__file__).resolve().parent.parent / ".cache" / "photos"
REASONS = OFFICER_REASONS

APPLICANT, COMPILER, REVIEWER = Actor("ap-01", Role.APPLICANT), Actor("co-01", Role.COMPILER), Actor("co-02", Role.COMPILER)
OFFICER, OTHER_OFFICER = Actor("ao-01", Role.AUTHORISING_OFFICER), Actor("ao-02", Role.AUTHORISING_OFFICER)
SILVER, AUDITOR = Actor("si-01", Role.SILVER), Actor("au-01", Role.OVERSIGHT)
PEOPLE = (
    PersonSpec("ap-01", "A", Rank.INSPECTOR, (Role.APPLICANT,)),
    PersonSpec("co-01", "C", Rank.STAFF, (Role.COMPILER,)),
    PersonSpec("co-02", "D", Rank.STAFF, (Role.COMPILER,)),
    PersonSpec("ao-01", "O", Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER,)),
    # May decide and lead, as a small force's only superintendent does; may not do both for one record.
    PersonSpec("ao-02", "P", Rank.CHIEF_SUPERINTENDENT, (Role.AUTHORISING_OFFICER, Role.SILVER)),
    PersonSpec("ao-in", "Q", Rank.CHIEF_INSPECTOR, (Role.AUTHORISING_OFFICER,)),
    PersonSpec("ao-ap", "R", Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER, Role.APPLICANT, Role.COMPILER)),
    PersonSpec("si-01", "S", Rank.CHIEF_INSPECTOR, (Role.SILVER,)),
    PersonSpec("silver", "T", Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER,)),  # an id that reads like a role
    PersonSpec("p-operator", "U", Rank.CONSTABLE, (Role.OPERATOR,)),
    PersonSpec("au-01", "V", Rank.STAFF, (Role.OVERSIGHT,)),
)


def frozen(at: datetime = NOW) -> Clock:
    """A clock that stands still, so that a test says itself when time passes."""
    return Clock(sim_start=at, sim_rate=0.0)


@cache
def photos() -> tuple[PhotoOf, ...]:
    """Real people whose photos are published in installed packages."""
    return tuple(as_entry(person, NOW) for person in demo_people(PHOTOS) if person.listable)


@dataclass
class OfficeWorld:
    """One office per session; each test works in applications and deployments of its own."""

    home: Home
    office: Office
    roots: Path
    witness: WitnessProcess
    pack: OpenPack | None = None
    units: int = 0

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let the office's clock say `moment` meanwhile."""
        before, self.office.clock = self.office.clock, frozen(moment)
        try:
            yield
        finally:
            self.office.clock = before

    def sign(self, who: str, action: Action, document: bytes) -> Assertion:
        return assert_in_software(self.office, who, action, document)

    def unit(self) -> "Van":
        """A newly enrolled unit."""
        self.units += 1
        unit_id = f"unit-{self.units}"
        van = Van(unit_id, SigningKey.generate(), Signer(f"{FORCE}/unit/{unit_id}", SigningKey.generate().private), self.office)
        enrol_unit(self.office, Enrolment(unit_id, "Van", van.key.public.text, van.log.vkey), root_folder=self.roots)
        return van

    def fields(self, unit_id: str = "unit-x", **changes: Any) -> dict[str, Any]:
        return {**application_fields("Operation Test", unit_id, START, END, NOW), "operating_forces": [FORCE], **changes}

    def draft(self, unit_id: str = "unit-x", *, people: int = 1, applicant: Actor = APPLICANT, **changes: Any) -> str:
        """An application with so many reviewed people, not yet submitted; its id."""
        assert self.pack is not None
        row = applications.create(self.office, applicant, self.fields(unit_id, **changes))
        for person in photos()[:people]:
            proposal = entries.collect(self.office, COMPILER, row.application_id, person, self.pack)
            entries.review(self.office, REVIEWER, row.application_id, proposal.entry_id, keep=True)
        return row.application_id

    def submitted(self, unit_id: str = "unit-x", *, applicant: Actor = APPLICANT, **changes: Any) -> str:
        application_id = self.draft(unit_id, applicant=applicant, **changes)
        applications.submit(self.office, applicant, application_id)
        return application_id

    def prepared(self, application_id: str, officer: Actor = OFFICER) -> bytes:
        return authorities.prepare(self.office, officer, application_id, reasons=REASONS)[0]

    def granted(self, unit_id: str, officer: Actor = OFFICER, **changes: Any) -> GrantedAuthority:
        document = self.prepared(self.submitted(unit_id, **changes), officer)
        return authorities.grant(self.office, self.sign(officer.person_id, Action.AUTHORISE, document), document)

    def sealed(self, van: "Van", granted: GrantedAuthority) -> Path:
        """The unit's one-use key taken in and the list sealed for it."""
        sealing.receive_unit_key(self.office, van.one_use_key(granted.deployment_id))
        prepared = sealing.compile_bundle(self.office, COMPILER, granted.deployment_id)
        return sealing.seal(self.office, self.sign("co-01", Action.SEAL, prepared.document), prepared)

    def deployed(self, folder: Path, officer: Actor = OFFICER) -> "tuple[Van, GrantedAuthority]":
        """A unit with everything in hand: authorised, sealed, handed over."""
        van = self.unit()
        granted = self.granted(van.unit_id, officer)
        self.sealed(van, granted)
        handover.hand_over(self.office, granted.deployment_id, folder)
        return van, granted

    def nonce(self, deployment_id: str) -> str:
        with self.office.read() as session:
            row = session.get(SyncNonce, deployment_id)
            assert row is not None
            return row.nonce

    def count(self) -> int:
        """Entries in the office's ledger."""
        with self.office.read() as session:
            return self.office.log.size(session)


@dataclass
class Van:
    """A unit's keys and ledger; says what it is told to, truly signed, lies included."""

    unit_id: str
    key: SigningKey
    log: Signer
    office: Office
    entries: list[bytes] = field(default_factory=list)
    sent: int = 0
    sequence: int = 0
    identity: str = ""
    recipient: str = ""

    def _signed(self, body: Body, mode: Mode = Mode.DEMONSTRATION) -> bytes:
        return signed(body, self.key, clock=self.office.clock, mode=mode, profile="uk-app-2022")

    def one_use_key(self, deployment_id: str, *, mode: Mode = Mode.DEMONSTRATION, **changes: Any) -> bytes:
        self.identity, self.recipient = age.new_identity()
        body = UnitKey(deployment_id=deployment_id, unit_id=self.unit_id, recipient=self.recipient, created_at=format_utc(NOW))
        return self._signed(body.model_copy(update=changes), mode)

    def say(self, body: EventBody, deployment_id: str | None, *objects: str) -> None:
        """Enter an event in the unit's ledger, with the digests of the objects it names."""
        self.entries.append(
            entry_bytes(
                body,
                clock=self.office.clock,
                actor=self.unit_id,
                role="unit",
                justification="duty",
                mode=Mode.DEMONSTRATION,
                profile="uk-app-2022",
                deployment=deployment_id,
                objects=objects,
            )
        )

    def checkpoint(self, size: int | None = None) -> str:
        hashes = [merkle.leaf_hash(entry) for entry in self.entries[:size]]
        return self.log.sign(Checkpoint(self.log.verifier.name, len(hashes), merkle.root(hashes)).text)

    def package(
        self, deployment_id: str, nonce: str, *, objects: Sequence[bytes] = (), mode: Mode = Mode.DEMONSTRATION, **changes: Any
    ) -> bytes:
        """The next package, as it should be but for `changes`."""
        before = [merkle.leaf_hash(entry) for entry in self.entries[: self.sent]]
        body = SyncPackage(
            deployment_id=deployment_id,
            unit_id=self.unit_id,
            epoch="epoch-1",
            sequence=self.sequence + 1,
            office_nonce=nonce,
            previous_size=self.sent,
            previous_root=merkle.root(before).hex(),
            entries=tuple(base64.b64encode(entry).decode() for entry in self.entries[self.sent :]),
            checkpoint=self.checkpoint(),
            objects=tuple(base64.b64encode(one).decode() for one in objects),
        )
        return self._signed(body.model_copy(update=changes), mode)

    def handed_in(self) -> None:
        """What was packed last has arrived."""
        self.sent, self.sequence = len(self.entries), self.sequence + 1

    def whole_deployment(self, granted: GrantedAuthority, **purge: Any) -> bytes:
        """A deployment from start to purge in the ledger: 40 passages, one true and one false alert; the purge certificate."""
        deployment, authority = granted.deployment_id, granted.authority
        zero = dict.fromkeys(("frames", "dropped", "passages", "faces", "too_small", "low_quality"), 0)
        self.say(
            MatchingStarted(
                camera_ids=authority.camera_ids,
                list_root=authority.watchlist.root,
                pack_digest=digest_of(b"p"),
                pipeline_digest=digest_of(b"q"),
                threshold=authority.threshold,
                sealed=(Seal.WRITES_NOTHING, Seal.NO_CORE),
                lacking=(Seal.MEMORY_LOCKED,),
            ),
            deployment,
        )
        self.say(PassersCounted(minute=format_utc(NOW), **{**zero, "frames": 900, "passages": 40, "faces": 300}), deployment)
        for alert, decision in (("a-1", AlertDecision.TRUE), ("a-2", AlertDecision.FALSE)):
            self.say(AlertRaised(alert_id=alert, camera_id="camera-1", candidate="ab" * 32), deployment)
            adjudicated = AlertAdjudicated(
                alert_id=alert,
                decision=decision,
                reason="ears",
                decided_after_ms=4000,
                engagement_officer_id="eo-01",
                operator_id="p-operator",
                scripted=False,
            )
            self.say(adjudicated, deployment)
        outcome = AlertOutcome.CONFIRMED_TRUE
        self.say(AlertResolved(alert_id="a-1", engagement="engaged", outcome=outcome, identified_by="document", scripted=False), deployment)
        self.say(MatchingStopped(reason="end_time"), deployment)
        certificate = PurgeCertificate(
            deployment_id=deployment,
            unit_id=self.unit_id,
            recipient=self.recipient,
            bundle=digest_of(b"bundle"),
            matching_ended_at=format_utc(END),
            ended_because="end_time",
            destroyed_at=format_utc(END),
            destroyed=(Destroyed(what="one-use key", count=1),),
            bundle_opens_after=False,
            method="file removed",
            proves="the key is gone",
        )
        envelope = self._signed(certificate.model_copy(update=purge))
        digest = digest_of(envelope)
        self.say(PurgeDone(certificate=digest), deployment, digest)
        return envelope


@contextmanager
def new_office_world(folder: Path, *, mode: Mode = Mode.DEMONSTRATION, pack: OpenPack | None = None) -> Iterator[OfficeWorld]:
    """An office and its witness, stopped at the end. With a pack its demonstration certificate is registered too."""
    home, roots = Home(folder, fresh_database() if ON_POSTGRESQL else ""), folder / "root-keys"
    witness = WitnessProcess(folder / "witness", [])
    made = init_office(
        home.office,
        root_folder=roots,
        force=FORCE,
        mode=mode,
        people=PEOPLE,
        witnesses=[WitnessSpec(witness.verifier.vkey, "http://127.0.0.1:9")],
        origins=["http://localhost:8080"],
        clock=frozen() if mode is not Mode.OPERATIONAL else Clock(),
    )
    served = WitnessProcess(folder / "witness", [made.log_signer.verifier]).start()
    settings = json.loads((home.office.root / "office.json").read_text())
    settings["witness_urls"] = {witness.verifier.name: served.url}
    (home.office.root / "office.json").write_text(json.dumps(settings))
    made.engine.dispose()
    office = open_office(home.office, made.clock)
    try:
        if pack is not None:
            certify(office, pack, roots)
        yield OfficeWorld(home, office, roots, served, pack)
    finally:
        office.engine.dispose()
        served.stop()


def copied_office(world: OfficeWorld, folder: Path) -> Office:
    """The same office from a copy of its files: what somebody restores, alters or steals."""
    shutil.copytree(world.home.office.root, folder)
    return open_office(replace(world.home.office, root=folder), world.office.clock)
