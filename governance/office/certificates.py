"""Pipeline certificates in the office: taken in once plan and runs are those of the ledger, read again at each use (R37, R98, R102)."""

from sqlmodel import Field, Session, SQLModel, col, select

from governance.events import CertificateRegistered
from governance.messages.certificate import RETEST_CEILING, CameraClass, Certificate
from governance.messages.model import ModelState, Need
from governance.messages.payload import Payload, opened
from governance.messages.plan import Test
from governance.office import plans, register
from governance.office.plans import RegisteredPlan
from governance.office.store import OFFICE, Actor, Office
from governance.rules.model_states import Cause
from lfr_engine.clock import format_utc, parse_utc
from lfr_engine.errors import Refused
from watchlist.sealing.keys import VerifyingKey


class RegisteredCertificate(SQLModel, table=True):
    """A certificate by digest, newest first by `registered_at`."""

    __tablename__ = "certificate"

    digest: str = Field(primary_key=True)
    pipeline_digest: str = Field(index=True)
    registered_at: str


def take_in(office: Office, envelope: bytes) -> str:
    """Check issuer, plan and runs, keep it, log it, and move its pipeline on in the register; its digest.

    Raises Refused: R100 where plan and runs are not those of the ledger, R102 where it lasts too long.
    """
    payload = _opened(office, envelope)
    certificate = payload.body
    if parse_utc(certificate.valid_to) - parse_utc(payload.issued_at) > RETEST_CEILING:
        raise Refused("a certificate lasts at most 24 months", rule_ids=("R102",))
    digest = office.keep_object(envelope)
    with office.transaction() as session:
        if session.get(RegisteredCertificate, digest) is not None:
            return digest
        _require_planned(office, session, certificate)
        now = format_utc(office.clock.now_utc())
        session.add(RegisteredCertificate(digest=digest, pipeline_digest=certificate.pipeline_digest, registered_at=now))
        body = CertificateRegistered(certificate=digest, pipeline_digest=certificate.pipeline_digest)
        actor = Actor(certificate.issuer, "test_body")
        office.record(session, body, actor, objects=(digest,))
        _move_on(office, session, certificate, digest, actor)
    return digest


def read(office: Office, envelope: bytes) -> Certificate:
    """The certificate in an envelope signed by the test body it names. Raises VerificationFailed or Refused (R37)."""
    return _opened(office, envelope).body


def newest(office: Office) -> tuple[str, Certificate]:
    """(digest, certificate) registered last. Raises Refused (R37) when there is none."""
    with office.read() as session:
        query = select(RegisteredCertificate).order_by(col(RegisteredCertificate.registered_at).desc())
        row = session.exec(query).first()
    if row is None:
        raise Refused("no pipeline certificate is registered", rule_ids=("R37",), next_step="lfr evaluate plan, then lfr models certify")
    return row.digest, read(office, office.object_bytes(row.digest))


def of_pipeline(session: Session, pipeline_digest: str) -> list[RegisteredCertificate]:
    """All certificates of one pipeline, newest first."""
    query = select(RegisteredCertificate).where(RegisteredCertificate.pipeline_digest == pipeline_digest)
    return list(session.exec(query.order_by(col(RegisteredCertificate.registered_at).desc())))


def _opened(office: Office, envelope: bytes) -> Payload[Certificate]:
    keys = [VerifyingKey.from_text(body.spki) for body in office.roster.roster.test_bodies]
    certificate = opened(envelope, Certificate, keys).body
    own = VerifyingKey.from_text(office.roster.test_body(certificate.issuer).spki)
    payload = opened(envelope, Certificate, [own])
    office.require_mode(payload.mode, rule_id="R37")
    return payload


def _require_planned(office: Office, session: Session, certificate: Certificate) -> None:
    """The ledger's own account of plans and runs is what the certificate must carry, failed runs included."""
    for one in certificate.evidence:
        row = session.get(RegisteredPlan, one.plan)
        if row is None or row.pipeline_digest != certificate.pipeline_digest:
            raise Refused("a plan of the certificate was never registered for this pipeline", rule_ids=("R100",))
        if one.runs != plans.runs(office, one.plan):
            raise Refused(
                "the certificate does not name every run of its plan as the ledger has them",
                rule_ids=("R100",),
                next_step="issue it again: lfr models certify",
            )
    beyond = [one.value.replace("_", " ") for one in certificate.camera_classes if one is not CameraClass.REHEARSAL]
    if beyond and not any(plans.read_plan(office, office.object_bytes(one.plan)).test is Test.CROWD for one in certificate.evidence):
        raise Refused(
            f"no run behind the certificate was on film, so it cannot cover a {' or a '.join(beyond)}",
            rule_ids=("R99",),
            next_step="add a registered run of lfr evaluate crowd DIR, filmed with such a camera",
        )


def _move_on(office: Office, session: Session, certificate: Certificate, digest: str, actor: Actor) -> None:
    row = register.get(session, certificate.pipeline_digest)
    began = min(one.runs[one.run - 1].began_at for one in certificate.evidence)
    if row.model_state is ModelState.TESTED:
        register.move(office, session, row, ModelState.CERTIFIED, Cause.CERTIFICATE, actor)
        if register.past_limit(office, session, row):  # inherited: a new version does not shed the review of the one before it
            register.move(office, session, row, ModelState.UNDER_REVIEW, Cause.MONITOR, OFFICE)
    elif row.model_state is ModelState.UNDER_REVIEW and Need.RETEST in row.open_needs and began >= row.since:
        register.clear(office, session, row, Need.RETEST, digest, actor)
