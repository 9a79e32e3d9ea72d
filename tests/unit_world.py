"""A complete, valid set of signed objects for one deployment, so that a test can alter exactly one thing.

Everything is real: root keys, roster, software authenticators, an office log in memory, a witness's cosignature, an
encrypted bundle. Changes given to `World` are made *before* signing (a wrong fact properly signed); tests that forge alter
the bytes afterwards.
"""

import base64
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.authenticator import SoftwareAuthenticator
from governance.events import AuthorityGranted, OfficeInitialised, RosterPublished, entry_bytes
from governance.ledger.checkpoint import Checkpoint
from governance.ledger.cosign import add_signatures
from governance.ledger.note import Cosigner, Signer
from governance.ledger.tlog_proof import TlogProof
from governance.messages.authority import Authority, DrillPlan, DrillWalker, ListSummary, Place, Policy, Retention, Window
from governance.messages.bundle import Bundle
from governance.messages.certificate import CameraClass, Certificate, GroupRate
from governance.messages.decision import Action, Decision
from governance.messages.model import ModelState
from governance.messages.payload import Body, Mode, compose, digest_of, signed
from governance.messages.roster import Office, Person, Rank, Role, Roster, TestBody, Unit, Witness
from governance.roster import RootPin
from lfr_engine.clock import Clock, format_utc
from lfr_engine.image import encode_jpeg
from lfr_engine.values import Image
from mobile_unit.gate.values import Confirmed, Measured, Presented, Remembered
from tests.certified import FACTS, band, certificate, standing
from watchlist.blue import BlueEntry, BluePerson
from watchlist.bundle import ListedPerson, seal_list, write_bundle
from watchlist.categories import Category, ImageSource, ResponseClass
from watchlist.entry import Entry, list_root, new_nonce
from watchlist.sealing import age, merkle
from watchlist.sealing.keys import SigningKey

FORCE, UNIT, DEPLOYMENT, CAMERA = "testshire", "unit-3", "dep-1", "camera-1"
ORIGIN, RP_ID, URL = f"{FORCE}/office", "localhost", "http://localhost"
NOW = datetime(2026, 12, 5, 10, 5, tzinfo=UTC)
PACK = digest_of(b"pack")
STAFF = {
    "ap-01": (Rank.INSPECTOR, Role.APPLICANT),
    "co-01": (Rank.STAFF, Role.COMPILER),
    "ao-01": (Rank.SUPERINTENDENT, Role.AUTHORISING_OFFICER),
    "op-01": (Rank.CONSTABLE, Role.OPERATOR),
    "eo-01": (Rank.CONSTABLE, Role.ENGAGEMENT_OFFICER),
    "eo-02": (Rank.CONSTABLE, Role.ENGAGEMENT_OFFICER),
}
GROUPS = tuple(
    GroupRate(attribute=attribute, group=group, recognised_k=90, recognised_n=100, false_k=0, false_n=5000)
    for attribute, both in (("sex", ("female", "male")), ("ethnicity", ("black", "white")), ("age", ("18-30", "over 30")))
    for group in both
)
Changes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """What the gate is given."""

    presented: Presented
    remembered: Remembered
    measured: Measured
    confirmed: Confirmed

    def with_presented(self, **changes: object) -> "Case":
        return replace(self, presented=replace(self.presented, **changes))

    def with_remembered(self, **changes: object) -> "Case":
        return replace(self, remembered=replace(self.remembered, **changes))

    def with_measured(self, **changes: object) -> "Case":
        return replace(self, measured=replace(self.measured, **changes))

    def with_confirmed(self, **changes: object) -> "Case":
        return replace(self, confirmed=replace(self.confirmed, **changes))


@dataclass(kw_only=True)
class World:
    """Keys and people once; `case()` signs everything with the changes asked for."""

    now: datetime = NOW
    window: timedelta = timedelta(hours=6)
    mode: Mode = Mode.DEMONSTRATION
    unit_id: str = UNIT
    pack_digest: str = PACK
    facts: str = FACTS
    threshold: str = "0.60"
    people: list[ListedPerson] = field(default_factory=list)
    blue: list[BluePerson] = field(default_factory=list)
    roster: Changes = field(default_factory=dict)
    persons: dict[str, Changes] = field(default_factory=dict)
    authority: Changes = field(default_factory=dict)
    certificate: Changes = field(default_factory=dict)
    bundle: Changes = field(default_factory=dict)
    entry: Changes = field(default_factory=dict)
    authority_signer: str = "ao-01"
    bundle_signer: str = "co-01"
    authority_action: Action = Action.AUTHORISE
    roster_signers: int = 2
    witnesses_who_cosign: int = 1
    cosigned_at: datetime | None = None

    def __post_init__(self) -> None:
        self.clock = Clock(sim_start=self.now - timedelta(minutes=30), sim_rate=0.0)
        self.roots = [SigningKey.generate() for _ in range(3)]
        self.office, self.unit, self.tester = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
        self.office_log = Signer(ORIGIN, Ed25519PrivateKey.generate())
        self.unit_log = Signer(f"{FORCE}/unit/{self.unit_id}", Ed25519PrivateKey.generate())
        self.witness = Cosigner("ethics-panel", Ed25519PrivateKey.generate())
        self.keys = {person_id: SoftwareAuthenticator.generate(person_id) for person_id in STAFF}
        self.one_use_key, self.recipient = age.new_identity()
        self.people = self.people or [listed(number, self.pack_digest) for number in range(3)]

    @property
    def pipeline_digest(self) -> str:
        return digest_of(self.facts.encode())

    @property
    def root_text(self) -> str:
        return "".join(f"{Signer(f'root-{n}', key.private).vkey}\n" for n, key in enumerate(self.roots))

    def at(self, **delta: float) -> str:
        return format_utc(self.now + timedelta(**delta))

    def signed(self, body: Body, *keys: SigningKey) -> bytes:
        return signed(body, *keys, clock=self.clock, mode=self.mode, profile="uk-app-2022")

    def decide(self, action: Action, document: bytes, *signers: str, under: Action | None = None) -> bytes:
        assertions = tuple(self.keys[who].sign(under or action, document, rp_id=RP_ID, origin=URL) for who in signers)
        return self.signed(Decision(action=action, document=base64.b64encode(document).decode(), assertions=assertions), self.office)

    def composed(self, body: Body) -> bytes:
        return compose(body, clock=self.clock, mode=self.mode, profile="uk-app-2022")

    def case(self) -> Case:
        certificate = self.signed(self._certificate(), self.tester)
        authority = self._authority(digest_of(certificate))
        decided = self.decide(self.authority_action, self.composed(authority), self.authority_signer)
        plain, cipher = seal_list(self.people, self.recipient, self.blue)
        bundle = self._bundle(authority, digest_of(decided), plain, cipher)
        presented = Presented(
            roster=self.signed(self._roster(), *self.roots[: self.roster_signers]),
            authority=decided,
            authority_proof=self._proof(authority, digest_of(decided)),
            certificate=certificate,
            bundle=self.decide(Action.SEAL, self.composed(bundle), self.bundle_signer),
            cipher=cipher,
        )
        measured = Measured(
            unit_id=self.unit_id,
            unit_key=self.unit.public,
            mode=self.mode,
            camera_ids=(CAMERA,),
            pack_digest=self.pack_digest,
            pipeline_digest=self.pipeline_digest,
            pipeline_facts=self.facts,
            camera_class=CameraClass.REHEARSAL,
            one_use_key=lambda: self.one_use_key,
            recipient=self.recipient,
            now=self.now,
            clock_simulated=False,
        )
        confirmed = Confirmed(
            operator_id="op-01", engagement_officer_ids=("eo-01", "eo-02"), at_place=True, signs_checked=True, briefed=True
        )
        return Case(presented, Remembered(pin=RootPin.parse(self.root_text)), measured, confirmed)

    def hand_over(self, inbox: Path, recipient: str) -> None:
        """Write what the office would hand over for `recipient` into a unit's inbox folder for this deployment."""
        self.recipient = recipient
        presented = self.case().presented
        inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        (inbox / "roster.dsse.json").write_bytes(presented.roster)
        (inbox / "authority.dsse.json").write_bytes(presented.authority)
        (inbox / "authority.tlog-proof").write_text(presented.authority_proof)
        (inbox / "certificate.dsse.json").write_bytes(presented.certificate)
        (inbox / "sync-nonce").write_text("5a" * 32 + "\n")
        write_bundle(inbox / "bundle.zip", presented.bundle, presented.cipher)

    def _roster(self) -> Roster:
        always = {"valid_from": self.at(days=-30), "valid_to": self.at(days=300)}
        people = tuple(
            Person.model_validate(
                {
                    "person_id": person_id,
                    "name": f"Name of {person_id}",
                    "rank": rank,
                    "roles": (role,),
                    "credentials": (self.keys[person_id].credential,),
                    "enrolled_by": ("ad-01", "ad-02"),
                    **always,
                    **self.persons.get(person_id, {}),
                }
            )
            for person_id, (rank, role) in STAFF.items()
        )
        unit = Unit(unit_id=self.unit_id, name="Van", spki=self.unit.public.text, log_vkey=self.unit_log.vkey, **always)
        roster = Roster(
            force=FORCE,
            version=7,
            previous=None,
            rp_id=RP_ID,
            origins=(URL,),
            root_threshold=2,
            persons=people,
            units=(unit,),
            office=Office(spki=self.office.public.text, log_vkey=self.office_log.vkey),
            witnesses=(Witness(name="ethics-panel", vkey=self.witness.vkey),),
            witness_threshold=1,
            test_bodies=(TestBody(name="lab", spki=self.tester.public.text, independent=False),),
            **always,
        )
        return roster.model_copy(update=self.roster)

    def _certificate(self) -> Certificate:
        fields = {"pack_digest": self.pack_digest, "bands": (band(100, self.threshold),), "valid_to": self.at(days=30)}
        return certificate(self.facts, **{**fields, **self.certificate})

    def _authority(self, certificate: str) -> Authority:
        leaves = [person.leaf for person in self.people]
        authority = Authority(
            server_random="ab" * 32,
            revision=1,
            application_id="app-1",
            deployment_id=DEPLOYMENT,
            force=FORCE,
            operating_forces=(FORCE,),
            operation="Op TEST",
            applicant_id="ap-01",
            authorising_officer_id="ao-01",
            operator_ids=("op-01",),
            use_case="hotspot",
            objective="find them",
            necessity="nothing milder works",
            proportionality="few hours, one street",
            alternatives="patrols were tried",
            seriousness_of_harm="serious",
            policy=Policy(url="https://force.example/policy", digest=digest_of(b"policy"), version="4", in_force_from=self.at(days=-90)),
            place=Place(
                name="Market Square",
                location_type="hotspot",
                polygon=((0.0, 51.0), (0.1, 51.0), (0.1, 51.1), (0.0, 51.0)),
                justification="seen there",
                intelligence_ref="INT-1",
            ),
            camera_ids=(CAMERA,),
            window=Window(start=self.at(minutes=-5), end=format_utc(self.now + self.window)),
            unit_id=self.unit_id,
            drill=drill_of(self.blue) if self.blue else None,
            watchlist=ListSummary(root=list_root(leaves), size=len(leaves), by_category={}, by_source={}, under_18=0),
            certificate=certificate,
            threshold=self.threshold,
            documents=(),
            retention=Retention(alert_h=24, watchlist_after_end_h=0, cctv_d=0),
            notice_published_at=None,
            officer_reasons="necessary and proportionate",
            findings=(),
        )
        return authority.model_copy(update=self.authority)

    def _bundle(self, authority: Authority, decision: str, plain: bytes, cipher: bytes) -> Bundle:
        bundle = Bundle(
            deployment_id=DEPLOYMENT,
            unit_id=self.unit_id,
            recipient=self.recipient,
            authority=decision,
            list_root=authority.watchlist.root,
            leaves=tuple(person.leaf for person in self.people),
            removals=(),
            compiled_at=self.at(hours=-2),
            not_before=self.at(hours=-1),
            not_after=format_utc(self.now + self.window),
            pack_digest=self.pack_digest,
            model=standing(self.pipeline_digest, ModelState.OPERATIONAL if self.mode is Mode.OPERATIONAL else ModelState.CERTIFIED),
            plain=digest_of(plain),
            cipher=digest_of(cipher),
        )
        return bundle.model_copy(update=self.bundle)

    def _proof(self, authority: Authority, decision: str) -> str:
        told = {"clock": self.clock, "mode": self.mode, "profile": "uk-app-2022", "actor": "ao-01", "role": "x", "justification": ""}
        granted = AuthorityGranted(
            decision=decision,
            application_id=authority.application_id,
            unit_id=authority.unit_id,
            list_root=authority.watchlist.root,
            window_start=authority.window.start,
            window_end=authority.window.end,
        ).model_copy(update=self.entry)
        entries = [
            entry_bytes(OfficeInitialised(force=FORCE, mode=self.mode), **told),
            entry_bytes(granted, deployment=authority.deployment_id, authority=decision, objects=(decision,), **told),
            entry_bytes(RosterPublished(version=7, roster=digest_of(b"roster")), **told),
        ]
        hashes = [merkle.leaf_hash(entry) for entry in entries]
        note = self.office_log.sign(Checkpoint(ORIGIN, len(entries), merkle.root(hashes)).text)
        time_s = int((self.cosigned_at or self.now - timedelta(minutes=20)).timestamp())
        text = note.rpartition("\n\n")[0] + "\n"
        note = add_signatures(note, [self.witness.cosign(text, time_s)] * self.witnesses_who_cosign)
        return TlogProof(entries[1], 1, tuple(merkle.inclusion_proof(hashes, 1)), note).text


def listed(number: int, pack_digest: str, template: np.ndarray[Any, np.dtype[np.float32]] | None = None) -> ListedPerson:
    """A listed person whose template is a unit vector of its own, unless one is given."""
    if template is None:
        template = np.zeros(128, np.float32)
        template[number] = 1.0
    entry = Entry(
        entry_id=f"entry-{number}",
        subject_ref=f"person-{number}",
        category=Category.WANTED_BY_COURTS,
        justification="wanted on warrant for failing to appear",
        offence_or_power="Bail Act 1976 s.7",
        image_source=ImageSource.CUSTODY,
        legal_basis="PACE 1984 s.64A",
        image_date=date(2025, 3, 14),
        image=digest_of(b"photo"),
        template=digest_of(template.tobytes()),
        pack_digest=pack_digest,
        quality=0.8,
        born=date(1990, 1, 1),
        response=ResponseClass.AMBER,
        what_to_do="speak to them and check their name",
        proposer_id="ap-01",
        reviewer_id="co-01",
        reviewed_at=format_utc(NOW - timedelta(hours=3)),
        expires_at=format_utc(NOW + timedelta(hours=12)),
    )
    thumb = encode_jpeg(np.full((32, 24, 3), 40 * number + 20, np.uint8))
    return ListedPerson(entry.to_bytes(), new_nonce(), template, thumb)


def walker(number: int, pack_digest: str, token: SigningKey) -> BluePerson:
    """A member of staff on the blue list, with a template of their own and this token."""
    template = np.zeros(128, np.float32)
    template[100 + number] = 1.0
    entry = BlueEntry(
        entry_id=f"blue-{number}",
        walker_id=f"w-{number}",
        consent=digest_of(b"signed"),
        consented_at=format_utc(NOW - timedelta(days=1)),
        expires_at=format_utc(NOW + timedelta(days=30)),
        image=digest_of(b"photo"),
        template=digest_of(template.tobytes()),
        pack_digest=pack_digest,
        quality=0.8,
        token=token.public.text,
    )
    return BluePerson(entry.to_bytes(), new_nonce(), template)


def drill_of(blue: list[BluePerson], walks: int = 6) -> DrillPlan:
    walkers = (
        DrillWalker(walker_id=one.entry.walker_id, entry_id=one.entry.entry_id, leaf=one.leaf, token=one.entry.token) for one in blue
    )
    return DrillPlan(walkers=tuple(walkers), walks=walks)


def forge(envelope: bytes, old: str, new: str) -> bytes:
    """The envelope with its payload (for a Decision, the document inside) altered and every signature left as it was."""
    outer = json.loads(envelope)
    payload = base64.b64decode(outer["payload"])
    inner = json.loads(payload)
    if "document" in inner["body"]:
        document = base64.b64decode(inner["body"]["document"])
        assert old.encode() in document
        inner["body"]["document"] = base64.b64encode(document.replace(old.encode(), new.encode())).decode()
        payload = json.dumps(inner, separators=(",", ":")).encode()
    else:
        assert old.encode() in payload
        payload = payload.replace(old.encode(), new.encode())
    return json.dumps({**outer, "payload": base64.b64encode(payload).decode()}).encode()


def picture(shade: int = 90) -> Image:
    return np.full((48, 40, 3), shade, np.uint8)


ROOT_TEXT_OF_ANOTHER_FORCE = World().root_text
