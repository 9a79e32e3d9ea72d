"""Taking in what a unit sends home, each package once, in order, with no gap and no fork (R66, R69).

The unit's entries are appended to the office's copy of that unit's ledger; the copy's root must equal the unit's signed
checkpoint, so neither side can have changed an entry. The office ledger then names that root.
"""

import base64
from collections.abc import Iterator

from sqlmodel import Field, Session, SQLModel, col, select

from governance.events import ListErased, SyncReceived, read_entry
from governance.ledger.checkpoint import Checkpoint, parse_checkpoint
from governance.ledger.log import Log
from governance.ledger.note import Verifier, open_note
from governance.messages.payload import digest_of, opened, parse
from governance.messages.unit import SyncPackage
from governance.office import blobs, certificates, monitoring
from governance.office.authorities import of_deployment
from governance.office.handover import SyncNonce
from governance.office.store import OFFICE, Actor, Office
from lfr_engine.errors import BadInput, Refused, VerificationFailed
from watchlist.sealing import dsse


class TakenSync(SQLModel, table=True):
    """One package that was taken; `checkpoint` is the unit's signed note after it."""

    __tablename__ = "sync"

    package: str = Field(primary_key=True)
    unit_id: str = Field(index=True)
    deployment_id: str = Field(index=True)
    sequence: int
    size: int
    root: str
    checkpoint: str


def unit_log(office: Office, unit_id: str) -> Log:
    """The office's copy of a unit's ledger, in the office's own database."""
    return Log(f"{office.force}/unit/{unit_id}")


def receive(office: Office, envelope: bytes) -> TakenSync:
    """Take a package. The same package again changes nothing; a gap, a fork or a foreign package is refused."""
    claimed = parse(dsse.unverified_payload(envelope, SyncPackage.media_type()), SyncPackage).body  # only to learn whose key to ask for
    payload = opened(envelope, SyncPackage, [office.roster.unit_key(claimed.unit_id)])
    office.require_mode(payload.mode)
    package = payload.body
    stated = _stated_checkpoint(office, package)
    digest = digest_of(envelope)
    log = unit_log(office, package.unit_id)
    entries = [base64.b64decode(entry) for entry in package.entries]
    _require_named(package, entries)
    kept = tuple(office.keep_object(base64.b64decode(one)) for one in package.objects)
    office.keep_object(envelope)
    with office.transaction() as session:
        present = session.get(TakenSync, digest)
        if present is not None:
            return present
        _require_expected(session, package)
        size = log.size(session)
        if size != package.previous_size or (size and log.root(session, size).hex() != package.previous_root):
            raise Refused(
                f"the package continues from entry {package.previous_size}; the office has {size}",
                rule_ids=("R66", "R69"),
                next_step="bring the packages in order, ask the unit for a lost one; if the roots differ, stop and call oversight",
            )
        log.append_many(session, entries)
        if log.size_and_root(session) != (stated.size, stated.root_hash):
            raise VerificationFailed("the entries do not give the root that the unit signed", rule_ids=("R66",))
        row = TakenSync(
            package=digest,
            unit_id=package.unit_id,
            deployment_id=package.deployment_id,
            sequence=package.sequence,
            size=stated.size,
            root=stated.root_hash.hex(),
            checkpoint=package.checkpoint,
        )
        session.add(row)
        body = SyncReceived(
            unit_id=package.unit_id,
            origin=log.origin,
            size=stated.size,
            root=stated.root_hash.hex(),
            sequence=package.sequence,
            package=digest,
        )
        office.record(session, body, Actor(package.unit_id, "unit"), deployment=package.deployment_id, objects=(digest, *kept))
        _fold(office, session, package, entries)
        if any(read_entry(entry)[0].type == "purge.done" for entry in entries):
            _erase_list(office, session, package.deployment_id)  # last: a package that is refused erases nothing
    return row


def newest_sync(session: Session, unit_id: str) -> TakenSync | None:
    """The last package taken from a unit."""
    query = select(TakenSync).where(TakenSync.unit_id == unit_id).order_by(col(TakenSync.sequence).desc())
    return session.exec(query).first()


def unit_entries(office: Office, session: Session, unit_id: str) -> Iterator[bytes]:
    """The unit's entries as the office holds them."""
    log = unit_log(office, unit_id)
    return log.entries(session, 0, log.size(session))


def _fold(office: Office, session: Session, package: SyncPackage, entries: list[bytes]) -> None:
    """Every deployment of which this package tells something, also a late decision on an earlier one (R54)."""
    told = {read_entry(entry)[0].deployment for entry in entries} | {package.deployment_id}
    for deployment_id in sorted(told - {None}, key=str):
        try:
            granted = of_deployment(session, str(deployment_id))
        except BadInput:
            continue  # the unit refused something that was never authorised: nothing was matched
        certificate = certificates.read(office, office.object_bytes(granted.authority.certificate))
        monitoring.fold(
            office,
            session,
            deployment_id=granted.deployment_id,
            pipeline_digest=certificate.pipeline_digest,
            entries=unit_entries(office, session, package.unit_id),
        )


def _erase_list(office: Office, session: Session, deployment_id: str) -> None:
    """The unit has purged, so the office's copies go too (R62). What the ledger says of the list, its commitments, stays."""
    authority = of_deployment(session, deployment_id).authority
    erased = ListErased(application_id=authority.application_id, files=blobs.erase_list(office, authority.application_id))
    office.record(session, erased, OFFICE, deployment=deployment_id)


def _stated_checkpoint(office: Office, package: SyncPackage) -> Checkpoint:
    unit = office.roster.unit(package.unit_id)
    verifier = Verifier.from_vkey(unit.log_vkey)
    stated = parse_checkpoint(open_note(package.checkpoint, [verifier]).text)
    if stated.origin != verifier.name:
        raise VerificationFailed(f"the checkpoint is of {stated.origin}, not of unit {package.unit_id}", rule_ids=("R66",))
    return stated


def _require_named(package: SyncPackage, entries: list[bytes]) -> None:
    """Every entry is of the catalogue, and every object that comes along is one an entry names: nothing is planted."""
    named = {digest for entry in entries for digest in read_entry(entry)[0].objects}
    if any(digest_of(base64.b64decode(one)) not in named for one in package.objects):
        raise Refused("the package brings an object that none of its entries names", rule_ids=("R69",))


def _require_expected(session: Session, package: SyncPackage) -> None:
    granted = of_deployment(session, package.deployment_id)
    nonce = session.get(SyncNonce, package.deployment_id)
    if granted.unit_id != package.unit_id or nonce is None or nonce.nonce != package.office_nonce:
        raise Refused("this package does not belong to a deployment handed to this unit", rule_ids=("R69",))
    last = newest_sync(session, package.unit_id)
    expected = 1 if last is None else last.sequence + 1
    if package.sequence != expected:
        raise Refused(
            f"package {package.sequence} came where {expected} is next", rule_ids=("R69",), next_step="bring the missing one first"
        )
