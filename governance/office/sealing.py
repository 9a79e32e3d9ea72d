"""Sealing the approved list for one unit's one-use key (R20, R28, R31).

The compiler asserts a document over the digests of cipher and plain text; the office countersigns. Sealed entries are the
approved leaves minus removals, and nothing can be added without a new authority.
"""

import base64
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlmodel import Field, Session, SQLModel, col, select

from governance.assertions import check_assertion, refuse_software_key
from governance.events import BundleSealed, UnitKeyReceived
from governance.messages.bundle import Bundle, UnitKey
from governance.messages.decision import Action, Assertion, Decision
from governance.messages.payload import Mode, compose, digest_of, opened, parse, signed
from governance.messages.roster import Role
from governance.office import certificates, drills, entries, register
from governance.office.authorities import of_deployment
from governance.office.store import Actor, Office
from governance.rules.model_states import require_may_match
from lfr_engine.clock import format_utc, parse_utc
from lfr_engine.errors import Refused, VerificationFailed
from watchlist.bundle import seal_list, write_bundle
from watchlist.entry import list_root
from watchlist.sealing import dsse


class ReceivedUnitKey(SQLModel, table=True):
    """The public half of a unit's one-use key for a deployment."""

    __tablename__ = "unit_key"

    deployment_id: str = Field(primary_key=True)
    unit_id: str
    recipient: str
    digest: str


class SealedBundle(SQLModel, table=True):
    """A bundle that left the office; `decision` names its envelope, the file lies under `blobs/bundles`."""

    __tablename__ = "bundle"

    decision: str = Field(primary_key=True)
    deployment_id: str = Field(index=True)
    sealed_at: str
    not_after: str
    entries: int


@dataclass(frozen=True, slots=True)
class Sealing:
    """A list encrypted and described, waiting for the compiler's assertion over `document`."""

    document: bytes
    cipher: bytes
    deployment_id: str
    entries: int


def receive_unit_key(office: Office, envelope: bytes) -> UnitKey:
    """Keep a unit's one-use public key. Raises Refused when it is for another unit, or another key is here already."""
    claimed = parse(dsse.unverified_payload(envelope, UnitKey.media_type()), UnitKey).body  # only to learn whose key must verify it
    payload = opened(envelope, UnitKey, [office.roster.unit_key(claimed.unit_id)])
    office.require_mode(payload.mode)
    key = payload.body
    digest = office.keep_object(envelope)
    with office.transaction() as session:
        granted = of_deployment(session, key.deployment_id)
        if granted.unit_id != key.unit_id:
            raise Refused(f"the authority names unit {granted.unit_id}, not {key.unit_id}", rule_ids=("R1", "R31"))
        present = session.get(ReceivedUnitKey, key.deployment_id)
        if present is not None and present.recipient != key.recipient:
            raise Refused(
                "this deployment has another one-use key already",
                rule_ids=("R31",),
                next_step="use the key made first, or vary the authority",
            )
        if present is None:
            session.add(ReceivedUnitKey(deployment_id=key.deployment_id, unit_id=key.unit_id, recipient=key.recipient, digest=digest))
            body = UnitKeyReceived(unit_id=key.unit_id, unit_key=digest)
            office.record(session, body, Actor(key.unit_id, "unit"), deployment=key.deployment_id, objects=(digest,))
    return key


def compile_bundle(office: Office, compiler: Actor, deployment_id: str, *, valid_for: timedelta | None = None) -> Sealing:
    """Encrypt the approved list now. Raises Refused (R20) more than 24 h before the start, (R31) without the unit's key.

    `valid_for` shortens the bundle's life from now; without it the bundle lasts as long as the authority's window.
    """
    office.roster.person(compiler.person_id, Role.COMPILER)
    now = office.clock.now_utc()
    with office.read() as session:
        granted = of_deployment(session, deployment_id)
        authority = granted.authority
        key = session.get(ReceivedUnitKey, deployment_id)
        if key is None:
            raise Refused(
                "the unit has not sent its one-use key", rule_ids=("R31",), next_step=f"lfr unit key {granted.unit_id} {deployment_id}"
            )
        if parse_utc(authority.window.start) - now > office.profile.compile_before_start:
            raise Refused(
                "a list is compiled at most 24 hours before the start", rule_ids=("R20",), next_step="come back on the day before"
            )
        if parse_utc(authority.window.end) <= now:
            raise Refused("the authority's window has passed", rule_ids=("R8",))
        people = entries.listed_people(office, session, granted.application_id)
        certificate = certificates.read(office, office.object_bytes(authority.certificate))
        model = register.standing(session, certificate.pipeline_digest)
        blue = drills.blue_people(office, session, granted.application_id, authority.drill)
    require_may_match(model.state, office.mode, certificate.pack)
    if list_root(person.leaf for person in people) != authority.watchlist.root:
        raise VerificationFailed("the list is not the one the authorising officer approved", rule_ids=("R28",), next_step="call oversight")
    plain, cipher = seal_list(people, key.recipient, blue)
    end = parse_utc(authority.window.end)
    body = Bundle(
        deployment_id=deployment_id,
        unit_id=granted.unit_id,
        recipient=key.recipient,
        authority=granted.decision,
        list_root=authority.watchlist.root,
        leaves=tuple(sorted(person.leaf for person in people)),
        removals=(),
        compiled_at=format_utc(now),
        not_before=format_utc(now),
        not_after=format_utc(min(end, now + valid_for) if valid_for else end),
        pack_digest=certificate.pack_digest,
        model=model,
        plain=digest_of(plain),
        cipher=digest_of(cipher),
    )
    document = compose(body, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R20", "R28", "R31"))
    return Sealing(document, cipher, deployment_id, len(people))


def seal(office: Office, assertion: Assertion, sealing: Sealing) -> Path:
    """Check the compiler's assertion, countersign, log the disclosure; the bundle file's path."""
    compiler = office.roster.person(assertion.person_id, Role.COMPILER)
    held_by = check_assertion(assertion, Action.SEAL, sealing.document, person=compiler, roster=office.roster.roster)
    if office.mode is Mode.OPERATIONAL:
        refuse_software_key(held_by)
    decision = Decision(action=Action.SEAL, document=base64.b64encode(sealing.document).decode(), assertions=(assertion,))
    envelope = signed(decision, office.key, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R31",))
    bundle = parse(sealing.document, Bundle).body
    if (bundle.cipher, bundle.deployment_id) != (digest_of(sealing.cipher), sealing.deployment_id):
        raise VerificationFailed("the encrypted list is not the one that was asserted", rule_ids=("R31",), next_step="compile it again")
    with office.read() as session:
        _require_same_standing(office, session, bundle)
    digest = office.keep_object(envelope)
    path = bundle_path(office, digest)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_bundle(path, envelope, sealing.cipher)
    with office.transaction() as session:
        session.add(
            SealedBundle(
                decision=digest,
                deployment_id=sealing.deployment_id,
                sealed_at=format_utc(office.clock.now_utc()),
                not_after=bundle.not_after,
                entries=sealing.entries,
            )
        )
        office.record(
            session,
            BundleSealed(decision=digest, unit_id=bundle.unit_id, entries=sealing.entries),
            Actor(assertion.person_id, Role.COMPILER),
            justification="the list goes to the authorised unit, encrypted to its one-use key",
            deployment=sealing.deployment_id,
            authority=bundle.authority,
            objects=(digest,),
            recipients=(bundle.unit_id,),
        )
    return path


def _require_same_standing(office: Office, session: Session, bundle: Bundle) -> None:
    """Between compiling and the assertion a review may have begun, or a ledger come in. Raises Refused."""
    row = register.get(session, bundle.model.pipeline_digest)
    require_may_match(row.model_state, office.mode, row.model)
    if register.standing(session, row.pipeline_digest) != bundle.model:
        raise Refused("the model register changed after this list was compiled", rule_ids=("R99",), next_step="compile it again")


def newest_bundle(session: Session, deployment_id: str) -> SealedBundle:
    """The bundle sealed last. Raises Refused (R20) when there is none."""
    query = select(SealedBundle).where(SealedBundle.deployment_id == deployment_id).order_by(col(SealedBundle.sealed_at).desc())
    row = session.exec(query).first()
    if row is None:
        raise Refused("no list has been sealed for this deployment", rule_ids=("R20",), next_step="lfr office seal")
    return row


def bundle_path(office: Office, decision: str) -> Path:
    return office.home.blobs / "bundles" / f"{decision.removeprefix('sha256:')}.zip"
