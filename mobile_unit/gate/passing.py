"""The gate as a whole: `gate` returns what may run, or raises Refused naming the rule. No file, network or clock in it.

Order, each step trusting only what the ones before it established:

 1. clock      a simulated one only in a demonstration or exercise (R36); never behind a time seen before (R20)
 2. roster     a majority of the pinned root keys, not older than one seen before, valid now (R1)
 3. authority  office key, officer's role, rank and own assertion (R1, R2), separation of duties (R4)
 4. ledger     the authority is an entry under a checkpoint enough witnesses cosigned, before now (R66, R20)
 5. here       this unit and its key, these cameras, this place, this hour, these people (R1, R8, R46)
 6. certificate  a test body's, the authority's own, in force (R102), for the pipeline measured here (R35) and this class of
                 camera (R99), threshold not lower (R37)
 7. bundle     office and compiler, for this unit, key and authority (R31), fresh and in force (R20), the approved list (R1, R28);
                 the pipeline stood in the model register as one that may match (R55, R98, R99)
 8. checklist  signs checked (R83), briefing given (R96)
 9. opening    the cipher text is the sealed one, the one-use key opens it, the entries are the approved ones (R31, R28)

What a demonstration lacks (R27, R37, R38) comes back as findings "would_block"; in every other mode it refuses.
"""

from datetime import datetime

from governance.messages.payload import Mode, digest_of
from governance.roster import trust_roster
from lfr_engine.clock import format_utc
from mobile_unit.gate import authority as authority_checks
from mobile_unit.gate import bundle as bundle_checks
from mobile_unit.gate import certificate as certificate_checks
from mobile_unit.gate.values import Confirmed, Measured, Passed, Presented, Remembered, refusing, require


def gate(presented: Presented, remembered: Remembered, measured: Measured, confirmed: Confirmed) -> Passed:
    """Every check in the order above. Raises Refused, and nothing else, on anything that does not hold."""
    operational = measured.mode is Mode.OPERATIONAL
    require(not (operational and measured.clock_simulated), "the clock is simulated (LFR_CLOCK)", "R36", "unset LFR_CLOCK")
    for floor in (remembered.last_seen, remembered.newest_cosignature):
        _not_behind(measured.now, floor)

    with refusing("R1"):
        trusted = trust_roster(presented.roster, remembered.pin, at=measured.now, seen_version=remembered.roster_version)
    authority = authority_checks.granted(presented.authority, trusted)
    decision = digest_of(presented.authority)
    cosigned_at = authority_checks.logged(presented.authority_proof, presented.authority, authority.body, trusted)
    _not_behind(measured.now, cosigned_at)
    authority_checks.fits(authority, measured, confirmed, trusted)

    certificate, issuer = certificate_checks.certified(presented.certificate, trusted)
    certificate_checks.allows(certificate, presented.certificate, authority.body, measured)
    findings = certificate_checks.shortcomings(certificate, issuer, entries=certificate_checks.compared_with(authority.body))

    bundle = bundle_checks.sealed(presented.bundle, trusted)
    bundle_checks.belongs(bundle, authority.body, decision, measured)
    certificate_checks.stands(certificate.body, bundle.body, measured)
    require(confirmed.signs_checked, "nobody confirmed that the signs are up outside the zone of recognition", "R83", "check the signs")
    require(
        confirmed.briefed, "nobody confirmed that the team was briefed for this deployment", "R96", "hold the briefing, then confirm it"
    )
    people, blue = bundle_checks.unsealed(bundle.body, presented.cipher, measured.one_use_key(), authority.body.drill)
    return Passed(
        roster=trusted,
        authority=authority,
        decision=decision,
        cosigned_at=cosigned_at,
        certificate=certificate,
        certificate_digest=digest_of(presented.certificate),
        bundle=bundle,
        bundle_digest=digest_of(presented.bundle),
        people=people,
        blue=blue,
        findings=findings,
    )


def _not_behind(now: datetime, floor: datetime | None) -> None:
    require(
        floor is None or now >= floor,
        f"this unit's clock says {format_utc(now)}, but {format_utc(floor or now)} has been seen already: it was turned back",
        "R20",
        "set the clock from a trusted source, then start again",
    )
