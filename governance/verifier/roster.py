"""The roster in each of its versions: who held which key and role when, believed because a majority of root keys signed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .dsse import verify
from .notes import LOG_KEY, WITNESS_KEY, NoteKey, parse_vkey
from .strict import Failed, Fields, base64_bytes, count, exactly, names, text, texts, wire_time

RANKS = ("police_staff", "constable", "sergeant", "inspector", "chief_inspector", "superintendent", "chief_superintendent", "chief_officer")
_ROSTER = names(
    "force version previous valid_from valid_to rp_id origins root_threshold persons units office witnesses witness_threshold test_bodies"
)
_PERSON = names("person_id name rank roles credentials enrolled_by valid_from valid_to revoked_at")
_CREDENTIAL = names("credential_id spki authenticator")
_UNIT = names("unit_id name spki log_vkey valid_from valid_to revoked_at")
_LIST_MAX = 20_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when an entry of the roster counts; revocation ends it early."""

    start: str
    end: str
    revoked: str | None

    def covers(self, at: str) -> bool:
        return self.start <= at < self.end and (self.revoked is None or at < self.revoked)


@dataclass(frozen=True, slots=True)
class Person:
    """`credentials`: credential id to (SPKI DER, what holds the key)."""

    rank: str
    roles: frozenset[str]
    credentials: dict[str, tuple[bytes, str]]
    validity: Validity


@dataclass(frozen=True, slots=True)
class Unit:
    """`key` is SPKI DER; `log` the key of its ledger."""

    key: bytes
    log: NoteKey
    validity: Validity


@dataclass(frozen=True, slots=True)
class Roster:
    """One version."""

    version: int
    previous: str | None
    validity: Validity
    rp_id: str
    origins: tuple[str, ...]
    persons: dict[str, Person]
    units: dict[str, Unit]
    office_key: bytes
    office_log: NoteKey
    witnesses: tuple[NoteKey, ...]
    witness_threshold: int
    test_bodies: dict[str, tuple[bytes, bool]]

    def person(self, person_id: str, role: str, at: str) -> Person:
        """Raises Failed unless the person was valid and held the role at that time."""
        person = self.persons.get(person_id)
        if person is None:
            raise Failed(f"{person_id} is not in roster version {self.version}")
        if not person.validity.covers(at) or not self.validity.covers(at):
            raise Failed(f"{person_id} was not valid in roster version {self.version} at {at}")
        if role not in person.roles:
            raise Failed(f"{person_id} did not hold the role {role}")
        return person

    def unit(self, unit_id: str, at: str) -> Unit:
        unit = self.units.get(unit_id)
        if unit is None or not unit.validity.covers(at):
            raise Failed(f"unit {unit_id} was not valid in roster version {self.version} at {at}")
        return unit


def root_keys(pin: str) -> list[bytes]:
    """SPKI DER of each root key in a pinned file, one verifier key a line."""
    keys = [parse_vkey(line, kind=LOG_KEY).public for line in pin.splitlines() if line.strip()]
    if not 1 <= len(keys) <= 16 or len(set(keys)) != len(keys):
        raise Failed("a root file holds 1 to 16 different keys, one a line")
    return [Ed25519PublicKey.from_public_bytes(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key in keys]


def open_roster(envelope: bytes, roots: Sequence[bytes]) -> Roster:
    """Raises Failed unless a strict majority of the pinned root keys signed it."""
    majority = len(roots) // 2 + 1
    body = exactly(verify(envelope, "roster", roots, threshold=majority).body, _ROSTER, "the roster")
    if count(body, "root_threshold") < majority:
        raise Failed(f"the roster asks for fewer root keys than a majority of {majority}")
    verify(envelope, "roster", roots, threshold=count(body, "root_threshold"))  # it may ask for more than a majority, and then gets it
    office = exactly(body["office"], frozenset({"spki", "log_vkey"}), "the office in the roster")
    witnesses = [exactly(each, frozenset({"name", "vkey"}), "a witness in the roster") for each in _list(body, "witnesses")]
    bodies = [exactly(each, frozenset({"name", "spki", "independent"}), "a test body in the roster") for each in _list(body, "test_bodies")]
    if not 1 <= (threshold := count(body, "witness_threshold")) <= len(witnesses):
        raise Failed("the roster asks for no witness, or for more than it names")
    previous = body["previous"]
    return Roster(
        version=count(body, "version"),
        previous=None if previous is None else text(body, "previous", 71),
        validity=Validity(wire_time(body, "valid_from"), wire_time(body, "valid_to"), None),
        rp_id=text(body, "rp_id"),
        origins=texts(body, "origins"),
        persons=_unique([_person(each) for each in _list(body, "persons")], "person"),
        units=_unique([_unit(each) for each in _list(body, "units")], "unit"),
        office_key=base64_bytes(text(office, "spki")),
        office_log=parse_vkey(text(office, "log_vkey"), kind=LOG_KEY),
        witnesses=tuple(parse_vkey(text(each, "vkey"), kind=WITNESS_KEY) for each in witnesses),
        witness_threshold=threshold,
        test_bodies=_unique(
            [(text(each, "name"), (base64_bytes(text(each, "spki")), each["independent"] is True)) for each in bodies], "test body"
        ),
    )


def _person(value: Any) -> tuple[str, Person]:
    fields = exactly(value, _PERSON, "a person in the roster")
    credentials = [exactly(each, _CREDENTIAL, "a credential in the roster") for each in _list(fields, "credentials")]
    rank = text(fields, "rank")
    if rank not in RANKS:
        raise Failed(f"the roster names an unknown rank: {rank[:40]}")
    person_id = text(fields, "person_id", 80)
    if len(set(texts(fields, "enrolled_by")) - {person_id}) < 2:
        raise Failed(f"{person_id} was not enrolled by two others")
    return person_id, Person(
        rank,
        frozenset(texts(fields, "roles")),
        {text(each, "credential_id"): (base64_bytes(text(each, "spki")), text(each, "authenticator")) for each in credentials},
        _validity(fields),
    )


def _unit(value: Any) -> tuple[str, Unit]:
    fields = exactly(value, _UNIT, "a unit in the roster")
    log = parse_vkey(text(fields, "log_vkey"), kind=LOG_KEY)
    return text(fields, "unit_id", 80), Unit(base64_bytes(text(fields, "spki")), log, _validity(fields))


def _validity(fields: Fields) -> Validity:
    revoked = None if fields["revoked_at"] is None else wire_time(fields, "revoked_at")
    return Validity(wire_time(fields, "valid_from"), wire_time(fields, "valid_to"), revoked)


def _list(fields: Fields, name: str) -> list[Any]:
    value = fields[name]
    if not isinstance(value, list) or len(value) > _LIST_MAX:
        raise Failed(f"{name} in the roster is not a list")
    return value


def _unique(pairs: list[tuple[str, T]], what: str) -> dict[str, T]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Failed(f"the roster names the same {what} twice")
    return found
