"""The gate's checks of the pipeline certificate: what was tested is what runs here, at no lower a threshold (R35, R37, R38, R27)."""

from decimal import Decimal

from governance.messages.authority import Authority
from governance.messages.certificate import Certificate
from governance.messages.payload import Mode, Payload, digest_of, opened
from governance.messages.roster import TestBody
from governance.roster import TrustedRoster
from governance.rules.certificate import shortcomings as lacking
from governance.rules.finding import Finding, Level
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


def allows(certificate: Payload[Certificate], envelope: bytes, authority: Authority, measured: Measured) -> None:
    """Raise Refused unless this certificate is the authority's, is in force, and allows this pipeline and threshold."""
    body = certificate.body
    require(digest_of(envelope) == authority.certificate, "the authority rests on another certificate than this one", "R37")
    require(certificate.mode is measured.mode, f"the certificate is for {certificate.mode.value}", "R37")
    require(measured.now < parse_utc(body.valid_to), f"the certificate ran out at {body.valid_to}", "R37", "have the pipeline tested again")
    same = (body.pack_digest, body.pipeline_digest) == (measured.pack_digest, measured.pipeline_digest)
    require(
        same,
        f"what was measured here ({measured.pipeline_digest[:19]}…) is not the pipeline that was tested ({body.pipeline_digest[:19]}…)",
        "R35",
        "install the certified pack and version, or have this one tested",
    )
    floor = body.threshold_for(authority.watchlist.size)
    require(floor is not None, f"no threshold is certified for a list of {authority.watchlist.size}", "R37", "shorten the list")
    require(
        floor is not None and Decimal(authority.threshold) >= Decimal(floor),
        f"the threshold {authority.threshold} lies below the certified {floor} for a list of {authority.watchlist.size}",
        "R37",
        f"ask for an authority with a threshold of at least {floor}",
    )


def shortcomings(certificate: Payload[Certificate], issuer: TestBody) -> tuple[Finding, ...]:
    """What a real deployment could not start with. Blocks (Refused) unless this is a demonstration, where it is shown."""
    found = tuple(lacking(certificate.body, issuer, Level.WOULD_BLOCK))
    if found and certificate.mode is not Mode.DEMONSTRATION:
        raise Refused(
            "; ".join(finding.text for finding in found),
            rule_ids=tuple(finding.rule_id for finding in found),
            next_step="have the pipeline tested by an independent body, by group",
        )
    return found
