"""The gate's checks of the sealed list: who sealed it, for whom, when, and that it holds exactly what was approved."""

import base64

from governance.assertions import check_assertion, refuse_software_key
from governance.messages.authority import Authority, DrillPlan
from governance.messages.bundle import Bundle
from governance.messages.decision import Action, Decision
from governance.messages.payload import Mode, Payload, digest_of, opened, parse
from governance.messages.roster import Role
from governance.roster import TrustedRoster
from governance.rules.profile import COMPILE_BEFORE_START_CEILING
from lfr_engine.clock import format_utc, parse_utc
from mobile_unit.gate.values import Measured, refusing, require
from watchlist.blue import BluePerson
from watchlist.bundle import ListedPerson, unpack_blue, unpack_list
from watchlist.entry import list_root
from watchlist.sealing import age


def sealed(envelope: bytes, trusted: TrustedRoster) -> Payload[Bundle]:
    """What the compiler asserted and the office countersigned (R31)."""
    with refusing("R31"):
        decision = opened(envelope, Decision, [trusted.office_key]).body
        document = base64.b64decode(decision.document)
        require(decision.action is Action.SEAL, f"this decision is to {decision.action.value}, not to seal", "R31")
        require(len(decision.assertions) == 1, "a bundle carries exactly one assertion, the compiler's", "R31")
        assertion = decision.assertions[0]
        compiler = trusted.person(assertion.person_id, Role.COMPILER, rule_id="R31")
        held_by = check_assertion(assertion, Action.SEAL, document, person=compiler, roster=trusted.roster)
        bundle = parse(document, Bundle)
        if bundle.mode is not Mode.DEMONSTRATION:
            refuse_software_key(held_by)
        return bundle


def belongs(bundle: Payload[Bundle], authority: Authority, decision: str, measured: Measured) -> None:
    """For this unit, this deployment and this authority; sealed in time, in force now; the approved leaves less removals."""
    body = bundle.body
    require(bundle.mode is measured.mode, f"the bundle is for {bundle.mode.value}", "R31")
    require(
        body.unit_id == measured.unit_id,
        f"this bundle is sealed for unit {body.unit_id}, this is unit {measured.unit_id}",
        "R31",
        "ask the office for the bundle of this unit",
    )
    require(body.deployment_id == authority.deployment_id, f"this bundle is for deployment {body.deployment_id}", "R31")
    require(body.recipient == measured.recipient, "this bundle is sealed for another one-use key than this unit's", "R31")
    require(body.authority == decision, "this bundle was sealed under another authority", "R31")
    require(body.pack_digest == measured.pack_digest, "the templates of this bundle were made with another model pack", "R35")
    compiled_at, start = parse_utc(body.compiled_at), parse_utc(authority.window.start)
    age_at_start = start - compiled_at
    require(compiled_at <= measured.now, f"the list claims to be compiled at {body.compiled_at}, which is still to come", "R20")
    require(
        age_at_start <= COMPILE_BEFORE_START_CEILING,
        f"the list was compiled at {body.compiled_at}, more than 24 h before the start",
        "R20",
        "have the list compiled again",
    )
    valid = parse_utc(body.not_before) <= measured.now < parse_utc(body.not_after)
    require(
        valid,
        f"the bundle is valid from {body.not_before} to {body.not_after}; it is {format_utc(measured.now)}",
        "R20",
        "ask the office to seal a new one",
    )
    with refusing("R1"):
        root = list_root(body.leaves)
    approved = authority.watchlist
    require(root == body.list_root == approved.root, "the list in this bundle is not the one the authorising officer approved", "R1")
    require(len(body.leaves) == approved.size, "the list in this bundle has another length than the approved one", "R1")
    require(set(body.removals) <= set(body.leaves), "the bundle removes an entry that was never on the list", "R28")
    require(set(body.removals) != set(body.leaves), "every entry was removed from this list", "R28")


def unsealed(
    bundle: Bundle, cipher: bytes, one_use_key: str, drill: DrillPlan | None = None
) -> tuple[tuple[ListedPerson, ...], tuple[BluePerson, ...]]:
    """The people on the list, and apart from them the staff of the drill: the cipher text is the sealed one, this key opens
    it, and it holds what was sealed."""
    with refusing("R31"):
        require(digest_of(cipher) == bundle.cipher, "the encrypted list was altered after it was sealed", "R31", "copy the bundle again")
        plain = age.decrypt(cipher, one_use_key)
        require(digest_of(plain) == bundle.plain, "the list inside is not the one the compiler sealed", "R31")
    with refusing("R28"):
        people = unpack_list(plain, approved=set(bundle.leaves) - set(bundle.removals))
    with refusing("R30"):
        blue = unpack_blue(plain, approved={walker.leaf for walker in drill.walkers} if drill else set())
    packs = [*(person.entry.pack_digest for person in people), *(person.entry.pack_digest for person in blue)]
    others = [pack for pack in packs if pack != bundle.pack_digest]
    require(not others, f"{len(others)} templates on this list were made with another model pack", "R35")
    return tuple(people), tuple(blue)
