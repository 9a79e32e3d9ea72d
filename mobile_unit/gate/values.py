"""What the gate compares: what the office handed over, what this unit knows by itself, what the operator confirmed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from governance.messages.authority import Authority
from governance.messages.bundle import Bundle
from governance.messages.certificate import CameraClass, Certificate
from governance.messages.payload import Mode, Payload
from governance.roster import RootPin, TrustedRoster
from governance.rules.finding import Finding, Level
from lfr_engine.errors import BadInput, Refused, VerificationFailed
from watchlist.blue import BluePerson
from watchlist.bundle import ListedPerson
from watchlist.sealing.keys import VerifyingKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """Exact bytes as they came from the office; nothing in here is believed before the gate has checked it."""

    roster: bytes
    authority: bytes
    authority_proof: str
    certificate: bytes
    bundle: bytes
    cipher: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What this unit pinned or saw before and never forgets; None and 0 on its first day."""

    pin: RootPin
    roster_version: int = 0
    last_seen: datetime | None = None
    newest_cosignature: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is true here and now: this unit's identity, its cameras, the pack it measured, and its clock."""

    unit_id: str
    unit_key: VerifyingKey
    mode: Mode
    camera_ids: tuple[str, ...]
    pack_digest: str
    pipeline_digest: str
    pipeline_facts: str
    camera_class: CameraClass
    one_use_key: Callable[[], str] = field(repr=False)  # asked for last: unlocking is meant to be slow, and nothing else needs it
    recipient: str
    now: datetime
    clock_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What people on the spot say: who they are, that the van stands at the place, signs are up, the briefing was given."""

    operator_id: str
    engagement_officer_ids: tuple[str, ...]
    at_place: bool
    signs_checked: bool
    briefed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Everything matching needs, all of it checked. Digests name the exact bytes that were presented."""

    roster: TrustedRoster
    authority: Payload[Authority]
    decision: str
    cosigned_at: datetime
    certificate: Payload[Certificate]
    certificate_digest: str
    bundle: Payload[Bundle]
    bundle_digest: str
    people: tuple[ListedPerson, ...] = field(repr=False)
    blue: tuple[BluePerson, ...] = field(repr=False)
    findings: tuple[Finding, ...]

    @property
    def would_block(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is Level.WOULD_BLOCK)


_AGAIN = "ask the office to hand the deployment over again"


@contextmanager
def refusing(rule_id: str) -> Iterator[None]:
    """At the gate a check that cannot be made has failed: broken or altered input becomes a refusal under this rule."""
    try:
        yield
    except (VerificationFailed, BadInput) as error:
        raise Refused(error.message, rule_ids=error.rule_ids or (rule_id,), next_step=error.next_step or _AGAIN) from error


def require(holds: bool, message: str, rule_id: str, next_step: str = "") -> None:
    """Raise Refused under this rule unless it holds."""
    if not holds:
        raise Refused(message, rule_ids=(rule_id,), next_step=next_step)
