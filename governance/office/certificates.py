"""Pipeline certificates the office has been handed, and a demonstration one for a pack that nobody has tested (R37, R98)."""

from datetime import timedelta
from pathlib import Path

from sqlmodel import Field, SQLModel, col, select

from governance.events import CertificateRegistered
from governance.messages.certificate import Band, Certificate
from governance.messages.payload import Mode, opened, signed
from governance.office.ceremony import TEST_BODY
from governance.office.store import OFFICE, Office
from lfr_engine.clock import format_utc
from lfr_engine.errors import Refused
from lfr_engine.packs.store import OpenPack
from watchlist.entry import MAX_ENTRIES
from watchlist.sealing.keys import SigningKey, VerifyingKey


class RegisteredCertificate(SQLModel, table=True):
    """A certificate by digest, newest first by `registered_at`."""

    __tablename__ = "certificate"

    digest: str = Field(primary_key=True)
    pipeline_digest: str = Field(index=True)
    registered_at: str


def register(office: Office, envelope: bytes) -> str:
    """Check that a test body of the roster signed it, keep it, log it; its digest."""
    certificate = read(office, envelope)
    digest = office.keep_object(envelope)
    with office.transaction() as session:
        if session.get(RegisteredCertificate, digest) is None:
            now = format_utc(office.clock.now_utc())
            session.add(RegisteredCertificate(digest=digest, pipeline_digest=certificate.pipeline_digest, registered_at=now))
            body = CertificateRegistered(certificate=digest, pipeline_digest=certificate.pipeline_digest)
            office.record(session, body, OFFICE, objects=(digest,))
    return digest


def read(office: Office, envelope: bytes) -> Certificate:
    """The certificate in an envelope signed by the test body it names. Raises VerificationFailed or Refused (R37)."""
    keys = [VerifyingKey.from_text(body.spki) for body in office.roster.roster.test_bodies]
    certificate = opened(envelope, Certificate, keys).body
    own = VerifyingKey.from_text(office.roster.test_body(certificate.issuer).spki)
    payload = opened(envelope, Certificate, [own])
    office.require_mode(payload.mode, rule_id="R37")
    return payload.body


def newest(office: Office) -> tuple[str, Certificate]:
    """(digest, certificate) registered last. Raises Refused (R37) when there is none."""
    with office.read() as session:
        query = select(RegisteredCertificate).order_by(col(RegisteredCertificate.registered_at).desc())
        row = session.exec(query).first()
    if row is None:
        raise Refused("no pipeline certificate is registered", rule_ids=("R37",), next_step="lfr office certify PACK --root-keys FOLDER")
    return row.digest, read(office, office.object_bytes(row.digest))


def demonstration_certificate(office: Office, pack: OpenPack, root_folder: Path) -> bytes:
    """A certificate that says of itself that nothing was tested independently; only a demonstration accepts it."""
    if office.mode is not Mode.DEMONSTRATION:
        raise Refused("a demonstration certificate is not issued in this mode", rule_ids=("R37",))
    threshold = pack.manifest.threshold.value
    body = Certificate(
        pack=pack.manifest.name,
        pack_digest=pack.pack_digest,
        pipeline_digest=pack.pipeline_digest,
        camera_class="rehearsal camera",
        bands=(Band(max_entries=MAX_ENTRIES, threshold=threshold),),
        groups=(),
        issuer=TEST_BODY,
        data_statement="Not an independent test. The threshold is the pack's default: " + pack.manifest.threshold.chosen,
        licence="; ".join(f"{file.name}: {file.licence}" for file in pack.manifest.files),
        valid_to=format_utc(office.clock.now_utc() + timedelta(days=30)),
    )
    key = SigningKey.load(root_folder / "test-body.key")
    return signed(body, key, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R37", "R98"))
