"""Believing a roster, and asking it who may do what. Pure: bytes, keys and a time in; a verdict or an error out.

Order of checks: signatures by a majority of the pinned root keys; the roster's own threshold is no lower and is met; not
older than the newest version already seen; valid now. Only then is anything in it read.
"""

from dataclasses import dataclass
from datetime import datetime

from governance.ledger.note import Verifier
from governance.messages.payload import opened
from governance.messages.roster import Person, Role, Roster, TestBody, Unit
from lfr_engine.clock import parse_utc
from lfr_engine.errors import BadInput, Refused, VerificationFailed
from watchlist.sealing.keys import VerifyingKey

MAX_ROOT_KEYS = 16


@dataclass(frozen=True, slots=True)
class RootPin:
    """The pinned root keys: a text file with one signed-note key (vkey) a line. A strict majority must have signed."""

    keys: tuple[VerifyingKey, ...]

    @property
    def threshold(self) -> int:
        return len(self.keys) // 2 + 1

    @classmethod
    def parse(cls, text: str) -> "RootPin":
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not 1 <= len(lines) <= MAX_ROOT_KEYS:
            raise BadInput(f"a root file holds 1 to {MAX_ROOT_KEYS} keys, one a line; this one has {len(lines)}")
        keys = tuple(VerifyingKey.from_raw(Verifier.from_vkey(line).public_key) for line in lines)
        if len({key.keyid for key in keys}) != len(keys):
            raise BadInput("a root file names the same key twice")
        return cls(keys)


@dataclass(frozen=True, slots=True)
class TrustedRoster:
    """A roster that passed every check, as of one time."""

    roster: Roster
    at: datetime

    def person(self, person_id: str, *roles: Role, rule_id: str = "R33") -> Person:
        """The person, who holds at least one of `roles` and is valid at this time. Raises Refused otherwise."""
        person = next((one for one in self.roster.persons if one.person_id == person_id), None)
        if person is None:
            raise Refused(f"{person_id} is not in the roster", rule_ids=(rule_id,), next_step="enrol them, or ask somebody who is")
        if not _valid(person.valid_from, person.valid_to, person.revoked_at, self.at):
            raise Refused(f"{person_id} is not valid in the roster at this time", rule_ids=(rule_id,))
        if roles and not set(roles) & set(person.roles):
            wanted = " or ".join(role.value for role in roles)
            raise Refused(f"{person_id} does not hold the role {wanted}", rule_ids=(rule_id,))
        return person

    def unit(self, unit_id: str) -> Unit:
        """The unit, valid at this time. Raises Refused (R1) otherwise."""
        unit = next((one for one in self.roster.units if one.unit_id == unit_id), None)
        if unit is None or not _valid(unit.valid_from, unit.valid_to, unit.revoked_at, self.at):
            raise Refused(f"unit {unit_id} is not enrolled, or no longer valid", rule_ids=("R1",), next_step="lfr unit enrol")
        return unit

    def test_body(self, name: str) -> TestBody:
        """The issuer of a certificate. Raises Refused (R37) when the roster does not know it."""
        body = next((one for one in self.roster.test_bodies if one.name == name), None)
        if body is None:
            raise Refused(f"the roster knows no test body {name!r}", rule_ids=("R37",))
        return body

    @property
    def office_key(self) -> VerifyingKey:
        return VerifyingKey.from_text(self.roster.office.spki)

    def unit_key(self, unit_id: str) -> VerifyingKey:
        return VerifyingKey.from_text(self.unit(unit_id).spki)


def trust_roster(envelope: bytes, pin: RootPin, *, at: datetime, seen_version: int = 0) -> TrustedRoster:
    """Check in the order of this module's docstring. Raises VerificationFailed or Refused (R1)."""
    payload = opened(envelope, Roster, pin.keys, threshold=pin.threshold)
    roster = payload.body
    if roster.root_threshold < pin.threshold:
        raise VerificationFailed(f"the roster asks for {roster.root_threshold} root keys where a majority is {pin.threshold}")
    opened(envelope, Roster, pin.keys, threshold=roster.root_threshold)  # it may ask for more than a majority of itself
    if roster.version < seen_version:
        raise Refused(
            f"roster version {roster.version} is older than version {seen_version} seen here before",
            rule_ids=("R1",),
            next_step="fetch the newest roster from the office",
        )
    if not _valid(roster.valid_from, roster.valid_to, None, at):
        raise Refused(
            f"the roster is valid from {roster.valid_from} to {roster.valid_to} and not now",
            rule_ids=("R1",),
            next_step="ask the root key holders to sign a new roster",
        )
    return TrustedRoster(roster, at)


def _valid(start: str, end: str, revoked: str | None, at: datetime) -> bool:
    return parse_utc(start) <= at < parse_utc(end) and (revoked is None or at < parse_utc(revoked))
