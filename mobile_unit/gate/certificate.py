"""The gate's checks of the pipeline certificate: what was tested is what runs here, at no lower a threshold, and the model
register lets it run (R35, R37, R38, R27, R55, R98, R99, R102)."""

import json
from decimal import Decimal
from typing import Any

from governance.messages.authority import Authority
from governance.messages.bundle import Bundle
from governance.messages.certificate import RETEST_CEILING, Certificate
from governance.messages.payload import Mode, Payload, digest_of, opened
from governance.messages.roster import TestBody
from governance.roster import TrustedRoster
from governance.rules.certificate import shortcomings as lacking
from governance.rules.finding import Finding, Level
from governance.rules.model_states import require_may_match
from lfr_engine.clock import parse_utc
from lfr_engine.errors import Refused
from mobile_unit.gate.values import Measured, refusing, require
from watchlist.sealing.keys import VerifyingKey


def certified(envelope: bytes, trusted: TrustedRoster) -> tuple[Payload[Certificate], TestBody]:
    """The certificate and who issued it: a test body of the roster, by its own key."""
    with refusing("R37"):
        keys = [VerifyingKey.from_text(body.spki) for body in trusted.roster.test_bodies]
        certificate = opened(envelope, Certificate, keys)
        issuer = trusted.test_body(certificate.body.issuer)
        return opened(envelope, Certificate, [VerifyingKey.from_text(issuer.spki)]), issuer


def compared_with(authority: Authority) -> int:
    """How many people everybody is compared with: the list, and the walkers of the drill."""
    return authority.watchlist.size + (len(authority.drill.walkers) if authority.drill else 0)


def allows(certificate: Payload[Certificate], envelope: bytes, authority: Authority, measured: Measured) -> None:
    """Raise Refused unless this certificate is the authority's, is in force, and allows this pipeline and threshold."""
    body = certificate.body
    require(digest_of(envelope) == authority.certificate, "the authority rests on another certificate than this one", "R37")
    require(certificate.mode is measured.mode, f"the certificate is for {certificate.mode.value}", "R37")
    issued, runs_out = parse_utc(certificate.issued_at), parse_utc(body.valid_to)
    require(issued <= measured.now, f"the certificate was issued at {certificate.issued_at}, which is still to come", "R37")
    require(measured.now < runs_out, f"the certificate ran out at {body.valid_to}", "R37", "have the pipeline tested again")
    ends = authority.window.end
    require(
        parse_utc(ends) <= runs_out,
        f"the certificate runs out at {body.valid_to}, before the authority ends at {ends}",
        "R37",
        "have the pipeline tested again, or ask for a shorter window",
    )
    require(runs_out - issued <= RETEST_CEILING, "the certificate lasts longer than 24 months", "R102", "have the pipeline tested again")
    _same_pipeline(body, measured)
    require(
        measured.camera_class in body.camera_classes,
        f"the pipeline was tested with {' and '.join(body.camera_classes)}, not with a {measured.camera_class}".replace("_", " "),
        "R99",
        "have this kind of camera tested",
    )
    size = compared_with(authority)
    floor = body.threshold_for(size)
    require(floor is not None, f"no threshold is certified for a list of {size}", "R37", "shorten the list")
    require(
        floor is not None and Decimal(authority.threshold) >= Decimal(floor),
        f"the threshold {authority.threshold} lies below the certified {floor} for a list of {size}",
        "R37",
        f"ask for an authority with a threshold of at least {floor}",
    )


def stands(certificate: Certificate, bundle: Bundle, measured: Measured) -> None:
    """Raise Refused unless the model register let this pipeline match when the list was sealed (R55, R98, R99)."""
    require(
        bundle.model.pipeline_digest == certificate.pipeline_digest,
        "the list was sealed with the model register's line on another pipeline",
        "R98",
    )
    require_may_match(bundle.model.state, measured.mode, certificate.pack)


def shortcomings(certificate: Payload[Certificate], issuer: TestBody, *, entries: int) -> tuple[Finding, ...]:
    """What a real deployment could not start with. Blocks (Refused) unless this is a demonstration, where it is shown."""
    found = tuple(lacking(certificate.body, issuer, Level.WOULD_BLOCK, entries=entries))
    if found and certificate.mode is not Mode.DEMONSTRATION:
        raise Refused(
            "; ".join(finding.text for finding in found),
            rule_ids=tuple(finding.rule_id for finding in found),
            next_step="have the pipeline tested by an independent body, by group",
        )
    return found


def _same_pipeline(body: Certificate, measured: Measured) -> None:
    """Pack and pipeline measured here are those that were tested; the refusal names the parts that differ."""
    if (body.pack_digest, body.pipeline_digest) == (measured.pack_digest, measured.pipeline_digest):
        return
    parts = ", ".join(_differing(json.loads(body.pipeline), json.loads(measured.pipeline_facts))) or "the pack"
    raise Refused(
        f"what was measured here ({measured.pipeline_digest[:19]}…) is not the pipeline that was tested "
        f"({body.pipeline_digest[:19]}…): they differ in {parts}",
        rule_ids=("R35",),
        next_step="install the certified pack and version, or have this one tested",
    )


def _differing(tested: Any, here: Any, path: str = "") -> list[str]:
    """The names of what two descriptions of a pipeline do not agree in."""
    if isinstance(tested, dict) and isinstance(here, dict):
        names = sorted(tested.keys() | here.keys())
        return [part for name in names for part in _differing(tested.get(name), here.get(name), f"{path}.{name}" if path else name)]
    return [] if tested == here else [path]
