"""The roster: which person, role, rank and unit holds which key, signed by a threshold of offline root keys."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from governance.messages.payload import Base64, Base64Url, Body, Digest, Id, Line, Strict, WireTime


class Rank(StrEnum):
    """Police ranks from lowest to highest, and staff."""

    STAFF = "police_staff"
    CONSTABLE = "constable"
    SERGEANT = "sergeant"
    INSPECTOR = "inspector"
    CHIEF_INSPECTOR = "chief_inspector"
    SUPERINTENDENT = "superintendent"
    CHIEF_SUPERINTENDENT = "chief_superintendent"
    CHIEF_OFFICER = "chief_officer"

    @property
    def level(self) -> int:
        return list(Rank).index(self)


class Role(StrEnum):
    """What a person may be asked to do; who may not combine which is rule R4's matter."""

    APPLICANT = "applicant"
    COMPILER = "compiler"
    AUTHORISING_OFFICER = "authorising_officer"
    SILVER = "silver"
    OPERATOR = "operator"
    ENGAGEMENT_OFFICER = "engagement_officer"
    DPO = "dpo"
    OVERSIGHT = "oversight"
    ADMINISTRATOR = "administrator"


class Authenticator(StrEnum):
    """What holds a person's key. `software` is for demonstrations and tests, and every page says so."""

    PASSKEY = "passkey"
    SOFTWARE = "software"


class Credential(Strict):
    """A WebAuthn credential: its id, its public key as SPKI DER (ES256 or EdDSA) and what holds it."""

    credential_id: Base64Url
    spki: Base64
    authenticator: Authenticator


class Person(Strict):
    """A member of staff by pseudonymous id; `name` is for pages, never for ledger entries."""

    person_id: Id
    name: Line
    rank: Rank
    roles: tuple[Role, ...]
    credentials: tuple[Credential, ...]
    enrolled_by: Annotated[tuple[Id, ...], Field(min_length=2, max_length=2)]
    valid_from: WireTime
    valid_to: WireTime
    revoked_at: WireTime | None = None


class Unit(Strict):
    """A mobile unit, its signing key and its ledger's name and key (vkey text of a signed note)."""

    unit_id: Id
    name: Line
    spki: Base64
    log_vkey: Line
    valid_from: WireTime
    valid_to: WireTime
    revoked_at: WireTime | None = None


class Office(Strict):
    """The office's countersigning key and its ledger."""

    spki: Base64
    log_vkey: Line


class Witness(Strict):
    """An independent party that cosigns checkpoints."""

    name: Line
    vkey: Line


class TestBody(Strict):
    """Who may issue pipeline certificates."""

    __test__ = False  # the name is the field's word, not a test class

    name: Line
    spki: Base64
    independent: bool


class Roster(Body):
    """The whole roster at one version; the newest valid version counts, and an older one is refused once seen."""

    object_type: ClassVar[str] = "roster"
    max_bytes: ClassVar[int] = 4 * 2**20

    force: Id
    version: Annotated[int, Field(ge=1)]
    previous: Digest | None
    valid_from: WireTime
    valid_to: WireTime
    rp_id: Line
    origins: tuple[Line, ...]
    root_threshold: Annotated[int, Field(ge=1, le=16)]
    persons: tuple[Person, ...]
    units: tuple[Unit, ...]
    office: Office
    witnesses: tuple[Witness, ...]
    witness_threshold: Annotated[int, Field(ge=1)]
    test_bodies: tuple[TestBody, ...]
