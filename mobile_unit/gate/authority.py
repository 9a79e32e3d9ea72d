"""The gate's checks of the authority: who granted it, that it is in a witnessed log, and that it is about this deployment."""

import base64
from datetime import datetime

from governance.assertions import check_assertion, refuse_software_key
from governance.events import AuthorityGranted, read_entry
from governance.ledger.note import Verifier
from governance.ledger.tlog_proof import parse_proof
from governance.messages.authority import Authority
from governance.messages.decision import Action, Decision
from governance.messages.payload import Mode, Payload, digest_of, opened, parse
from governance.messages.roster import Rank, Role
from governance.roster import TrustedRoster
from lfr_engine.clock import format_utc, parse_utc
from lfr_engine.errors import Refused
from mobile_unit.gate.values import Confirmed, Measured, refusing, require


def granted(envelope: bytes, trusted: TrustedRoster) -> Payload[Authority]:
    """The authority, once the office countersigned it and the named officer's own key asserted exactly these bytes.

    Rank (R2), role and separation of duties (R4) are the officer's; applicant and operators must be other people.
    """
    with refusing("R1"):
        decision = opened(envelope, Decision, [trusted.office_key]).body
        document = base64.b64decode(decision.document)
        require(decision.action is Action.AUTHORISE, f"this decision is to {decision.action.value}, not to authorise", "R1")
        authority = parse(document, Authority)
        body = authority.body
        officer = trusted.person(body.authorising_officer_id, Role.AUTHORISING_OFFICER, rule_id="R1")
        require(
            officer.rank.level >= Rank.SUPERINTENDENT.level,
            f"{officer.person_id} is {officer.rank.value}: an authority needs a superintendent or above",
            "R2",
            "ask an officer of that rank to decide",
        )
        require(len(decision.assertions) == 1, "an authority carries exactly one assertion, the authorising officer's", "R1")
        held_by = check_assertion(decision.assertions[0], Action.AUTHORISE, document, person=officer, roster=trusted.roster)
        if authority.mode is not Mode.DEMONSTRATION:
            refuse_software_key(held_by)
    require(body.applicant_id != officer.person_id, "applicant and authorising officer are the same person", "R4")
    require(officer.person_id not in body.operator_ids, "the authorising officer is also an operator of this deployment", "R4")
    require(body.force == trusted.roster.force, f"this authority is of {body.force}, the roster of {trusted.roster.force}", "R1")
    return authority


def logged(proof: str, envelope: bytes, authority: Authority, trusted: TrustedRoster) -> datetime:
    """The newest cosignature time of a checkpoint under which this very authority is an entry of the office's log (R66)."""
    next_step = "ask the office for the authority's proof under a checkpoint that the witnesses cosigned"
    require(proof.strip() != "", "the authority came without its proof from the ledger: no log, no start", "R66", next_step)
    roster = trusted.roster
    with refusing("R66"):
        parsed = parse_proof(proof)
        cosigned_at = parsed.verify(
            log=Verifier.from_vkey(roster.office.log_vkey),
            witnesses=[Verifier.from_vkey(witness.vkey) for witness in roster.witnesses],
            threshold=roster.witness_threshold,
        )
        event, entry = read_entry(parsed.entry)
    told = isinstance(entry, AuthorityGranted) and (
        entry.decision,
        event.deployment,
        entry.unit_id,
        entry.list_root,
        entry.window_start,
        entry.window_end,
    )
    wanted = (
        digest_of(envelope),
        authority.deployment_id,
        authority.unit_id,
        authority.watchlist.root,
        authority.window.start,
        authority.window.end,
    )
    require(told == wanted, "the ledger entry that was proved is not the granting of this authority", "R66", next_step)
    return cosigned_at


def fits(authority: Payload[Authority], measured: Measured, confirmed: Confirmed, trusted: TrustedRoster) -> None:
    """This unit, these cameras, this place, now, with these people. Raises Refused naming what does not fit."""
    body = authority.body
    require(authority.mode is measured.mode, f"the authority is for {authority.mode.value}, this unit for {measured.mode.value}", "R1")
    require(
        body.unit_id == measured.unit_id,
        f"the authority is for unit {body.unit_id}, this is unit {measured.unit_id}",
        "R1",
        "load the authority that names this unit, or send the unit it names",
    )
    require(
        trusted.unit_key(measured.unit_id) == measured.unit_key,
        "the roster gives this unit another key than it has",
        "R1",
        "lfr unit enrol",
    )
    _in_window(body, measured.now)
    others = sorted(set(measured.camera_ids) - set(body.camera_ids))
    require(not others, f"the authority does not name camera {', '.join(others)}", "R1", f"it names {', '.join(body.camera_ids)}")
    require(bool(measured.camera_ids), "no camera was named", "R1")
    require(confirmed.at_place, f"nobody confirmed that the unit stands at {body.place.name}", "R1", "go there, look, then confirm it")
    require(
        confirmed.operator_id in body.operator_ids,
        f"{confirmed.operator_id} is not one of the operators the authority names",
        "R1",
        f"it names {', '.join(body.operator_ids)}",
    )
    trusted.person(confirmed.operator_id, Role.OPERATOR)
    require(bool(confirmed.engagement_officer_ids), "no engagement officer was named: nobody could decide an alert", "R46")
    for person_id in confirmed.engagement_officer_ids:
        trusted.person(person_id, Role.ENGAGEMENT_OFFICER, rule_id="R46")
        require(person_id != body.authorising_officer_id, "the authorising officer cannot engage under the same authority", "R4")


def _in_window(body: Authority, now: datetime) -> None:
    start, end = parse_utc(body.window.start), parse_utc(body.window.end)
    if now < start:
        raise Refused(
            f"the window opens at {body.window.start}; it is {format_utc(now)}", rule_ids=("R8",), next_step="wait for the window"
        )
    if now >= end:
        raise Refused(
            f"the window closed at {body.window.end}; it is {format_utc(now)}", rule_ids=("R8",), next_step="ask for a new authority"
        )
