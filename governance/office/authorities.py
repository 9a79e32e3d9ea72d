"""From a submitted application to a logged, cosigned authority (R1-R10, R26).

`prepare` fixes the document an officer is shown: its bytes are kept and only those bytes can be asserted. `grant` checks
the assertion, countersigns, logs and brings the ledger before the witnesses. Without a cosigned checkpoint the authority
exists, but no gate accepts it.
"""

import base64
import secrets
from collections.abc import Sequence

import uuid6
from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, Session, SQLModel, select

from governance.assertions import check_assertion, refuse_software_key
from governance.events import AuthorityGranted
from governance.messages.authority import Authority, ShownFinding
from governance.messages.certificate import Certificate
from governance.messages.decision import Action, Assertion, Decision
from governance.messages.payload import Mode, compose, digest_of, parse, signed
from governance.messages.roster import Role
from governance.office import applications, certificates, drills, entries, register, risk
from governance.office.applications import Application
from governance.office.store import Actor, Office
from governance.office.witnessing import cosigned_checkpoint, proof_of
from governance.rules.application import Case, findings
from governance.rules.finding import Finding, Level
from lfr_engine.errors import BadInput, Refused
from watchlist.entry import Entry


class ServedDocument(SQLModel, table=True):
    """A document exactly as an officer was shown it, waiting for one assertion."""

    __tablename__ = "served_document"

    digest: str = Field(primary_key=True)
    application_id: str = Field(index=True)
    revision: int
    officer_id: str
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class GrantedAuthority(SQLModel, table=True):
    """An authority in the ledger at `entry_index`; its envelope is the object named `decision`."""

    __tablename__ = "authority"

    decision: str = Field(primary_key=True)
    application_id: str = Field(index=True, unique=True)
    deployment_id: str = Field(index=True, unique=True)
    unit_id: str
    entry_index: int
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    proof: str = ""

    @property
    def authority(self) -> Authority:
        return parse(self.document, Authority).body


def case_of(office: Office, session: Session, row: Application, officer_id: str | None) -> Case:
    """Everything the rules look at for this application as it stands now."""
    certificate: Certificate | None
    try:
        certificate = certificates.newest(office)[1]
    except Refused:
        certificate = None
    kept = [one for one in entries.kept(session, row.application_id) if one.content]
    drill = drills.plan_of(session, row.application_id)
    return Case(
        content=applications.submitted_content(row),
        applicant_id=row.applicant_id,
        entries=tuple(Entry.from_bytes(one.content) for one in kept if one.content),
        officer=office.roster.person(officer_id, Role.AUTHORISING_OFFICER, rule_id="R2") if officer_id else None,
        certificate=certificate,
        now=office.clock.now_utc(),
        mode=office.mode,
        profile=office.profile,
        issuer=office.roster.test_body(certificate.issuer) if certificate else None,
        risk=risk.list_risk(session, [one.entry_id for one in kept]),
        model_state=register.get(session, certificate.pipeline_digest).model_state if certificate else None,
        walkers=len(drill.walkers) if drill else 0,
    )


def prepare(office: Office, officer: Actor, application_id: str, *, reasons: str) -> tuple[bytes, Sequence[Finding]]:
    """The document to assert, with the officer's own reasons and the findings inside.

    Raises Refused with every rule that blocks, and BadInput when the reasons are missing or copied from the applicant (R7).
    """
    with office.transaction() as session:
        row = applications.get(session, application_id)
        if row.state != "submitted":
            raise Refused(f"this application is {row.state}, not waiting for a decision", rule_ids=("R1",))
        case = case_of(office, session, row, officer.person_id)
        found = findings(case)
        _refuse_blocked(found)
        _require_own_reasons(reasons, case)
        document = _document(office, session, row, case, found, reasons=reasons.strip(), officer_id=officer.person_id)
        session.add(
            ServedDocument(
                digest=digest_of(document),
                application_id=application_id,
                revision=row.revision,
                officer_id=officer.person_id,
                document=document,
            )
        )
    return document, found


def grant(office: Office, assertion: Assertion, document: bytes) -> GrantedAuthority:
    """Countersign and log what an officer asserted, then have it cosigned.

    Raises Refused for a document that was not served, was served to somebody else, or whose application changed since.
    """
    officer = office.roster.person(assertion.person_id, Role.AUTHORISING_OFFICER, rule_id="R2")
    held_by = check_assertion(assertion, Action.AUTHORISE, document, person=officer, roster=office.roster.roster)
    if office.mode is Mode.OPERATIONAL:
        refuse_software_key(held_by)
    authority = parse(document, Authority).body
    envelope = signed(
        Decision(action=Action.AUTHORISE, document=base64.b64encode(document).decode(), assertions=(assertion,)),
        office.key,
        clock=office.clock,
        mode=office.mode,
        profile=office.profile.name,
        rule_ids=("R1",),
    )
    digest = office.keep_object(envelope)
    with office.transaction() as session:
        served = session.get(ServedDocument, digest_of(document))
        row = applications.get(session, authority.application_id)
        if served is None or served.officer_id != assertion.person_id:
            raise Refused("this document was not served to this officer", rule_ids=("R1",), next_step="open the decision page again")
        if row.state != "submitted" or row.revision != served.revision or row.revision != authority.revision:
            raise Refused(
                "the application was decided or changed after this document was served", rule_ids=("R1",), next_step="open it again"
            )
        case = case_of(office, session, row, assertion.person_id)
        if entries.summary(session, row.application_id, case.start.date()) != authority.watchlist:
            raise Refused("the list was changed after this document was served", rule_ids=("R1", "R26"), next_step="open it again")
        if drills.plan_of(session, row.application_id) != authority.drill:
            raise Refused("the drill was changed after this document was served", rule_ids=("R1", "R30"), next_step="open it again")
        _refuse_blocked(findings(case))  # a rank, a review or the window may have run out since it was served
        row.state, row.deployment_id = "authorised", authority.deployment_id
        session.add(row)
        index = office.record(
            session,
            AuthorityGranted(
                decision=digest,
                application_id=authority.application_id,
                unit_id=authority.unit_id,
                list_root=authority.watchlist.root,
                window_start=authority.window.start,
                window_end=authority.window.end,
            ),
            Actor(assertion.person_id, Role.AUTHORISING_OFFICER),
            deployment=authority.deployment_id,
            authority=digest,
            objects=(digest,),
        )
        granted = GrantedAuthority(
            decision=digest,
            application_id=authority.application_id,
            deployment_id=authority.deployment_id,
            unit_id=authority.unit_id,
            entry_index=index,
            document=document,
        )
        session.add(granted)
    return attach_proof(office, granted.deployment_id)


def served_document(session: Session, digest: str, officer_id: str) -> bytes:
    """The bytes prepared for this officer. Raises BadInput for anybody else's or none."""
    row = session.get(ServedDocument, digest)
    if row is None or row.officer_id != officer_id:
        raise BadInput("no such document was prepared for you", next_step="open the decision page again")
    return row.document


def attach_proof(office: Office, deployment_id: str) -> GrantedAuthority:
    """Have the ledger cosigned and keep the authority's inclusion proof. Safe to repeat when a witness was down."""
    checkpoint = cosigned_checkpoint(office)
    with office.read() as session:
        index = of_deployment(session, deployment_id).entry_index
    proof = proof_of(office, index, checkpoint).text
    with office.transaction() as session:
        granted = of_deployment(session, deployment_id)
        granted.proof = proof
        session.add(granted)
    return granted


def of_deployment(session: Session, deployment_id: str) -> GrantedAuthority:
    """Raises BadInput when no authority was granted for it."""
    row = session.exec(select(GrantedAuthority).where(GrantedAuthority.deployment_id == deployment_id)).first()
    if row is None:
        raise BadInput(f"there is no authority for deployment {deployment_id}")
    return row


def _document(
    office: Office, session: Session, row: Application, case: Case, found: Sequence[Finding], *, reasons: str, officer_id: str
) -> bytes:
    """The authority's exact bytes as this officer is shown them. Raises Refused (R37) where no threshold is certified."""
    digest, certificate = certificates.newest(office)
    summary = entries.summary(session, row.application_id, case.start.date())
    drill = drills.plan_of(session, row.application_id)
    threshold = certificate.threshold_for(summary.size + (len(drill.walkers) if drill else 0))  # walkers are compared with as well
    if threshold is None:
        raise Refused(f"the certificate has no threshold for a list of {summary.size}", rule_ids=("R37",))
    content = case.content
    body = Authority(
        server_random=secrets.token_hex(32),
        revision=row.revision,
        application_id=row.application_id,
        deployment_id=str(uuid6.uuid7()),
        force=office.force,
        operating_forces=content.operating_forces,
        operation=content.operation,
        applicant_id=row.applicant_id,
        authorising_officer_id=officer_id,
        operator_ids=content.operator_ids,
        use_case=content.use_case,
        objective=content.objective,
        necessity=content.necessity,
        proportionality=content.proportionality,
        alternatives=content.alternatives,
        seriousness_of_harm=content.seriousness_of_harm,
        policy=content.policy,
        place=content.place,
        camera_ids=content.camera_ids,
        window=content.window,
        unit_id=content.unit_id,
        watchlist=summary,
        drill=drill,
        certificate=digest,
        threshold=threshold,
        documents=content.documents,
        retention=content.retention,
        notice_published_at=content.notice_published_at,
        officer_reasons=reasons,
        findings=tuple(_shown(finding) for finding in found if finding.level is not Level.MET),
    )
    return compose(
        body,
        clock=office.clock,
        mode=office.mode,
        profile=office.profile.name,
        rule_ids=("R1", "R2", "R4", "R5", "R6", "R7", "R8", "R26"),
    )


def _refuse_blocked(found: Sequence[Finding]) -> None:
    blocking = [finding for finding in found if finding.level is Level.BLOCKS]
    if blocking:
        raise Refused(
            "; ".join(finding.text for finding in blocking),
            rule_ids=tuple(dict.fromkeys(finding.rule_id for finding in blocking)),
            next_step="return the application with these findings",
        )


def _require_own_reasons(reasons: str, case: Case) -> None:
    text = reasons.strip()
    if len(text) < case.profile.min_reason_chars:
        raise BadInput(f"give your own reasons, at least {case.profile.min_reason_chars} characters", rule_ids=("R7",))
    if text in {case.content.necessity.strip(), case.content.proportionality.strip(), case.content.objective.strip()}:
        raise BadInput("these are the applicant's words: give your own reasons", rule_ids=("R7",))


def _shown(finding: Finding) -> ShownFinding:
    return ShownFinding.model_validate({"rule_id": finding.rule_id, "level": finding.level.value, "text": finding.text})
