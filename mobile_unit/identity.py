"""Who this unit is: its keys, its ledger's name, its mode, and the root keys it pinned.

`enrol` makes the keys once and hands out public halves only; the office puts them into the roster. `unit.json` is written
last, so a unit either is enrolled or can be enrolled again.
"""

from dataclasses import dataclass, field
from pathlib import Path

import uuid6
from pydantic import TypeAdapter, ValidationError

from governance.home import Home, UnitHome
from governance.ledger.note import Signer
from governance.messages.payload import Id, Line, Mode, Strict
from governance.roster import RootPin
from lfr_engine import durable
from lfr_engine.errors import BadInput, Refused
from watchlist.sealing.keys import SigningKey, read_secret

_UNIT_FILE, _ROOT_FILE = "unit.json", "root.vkey"


class UnitFacts(Strict):
    """What `unit.json` holds. `epoch` names this ledger's life: a unit set up anew begins another one."""

    unit_id: Id
    force: Id
    name: Line
    mode: Mode
    profile: Id
    epoch: Id


class Enrolment(Strict):
    """What the office needs to enrol this unit: public halves only."""

    unit_id: Id
    force: Id
    name: Line
    mode: Mode
    epoch: Id
    spki: Line
    log_vkey: Line


@dataclass(frozen=True, slots=True)
class Identity:
    """A loaded unit. `key` signs objects, `log_key` signs the ledger's checkpoints; neither is ever printed."""

    facts: UnitFacts
    key: SigningKey = field(repr=False)
    log_key: SigningKey = field(repr=False)

    @property
    def unit_id(self) -> str:
        return self.facts.unit_id

    @property
    def origin(self) -> str:
        return f"{self.facts.force}/unit/{self.facts.unit_id}"

    @property
    def log_signer(self) -> Signer:
        return Signer(self.origin, self.log_key.private)

    @property
    def enrolment(self) -> Enrolment:
        facts = self.facts
        return Enrolment(
            unit_id=facts.unit_id,
            force=facts.force,
            name=facts.name,
            mode=facts.mode,
            epoch=facts.epoch,
            spki=self.key.public.text,
            log_vkey=self.log_signer.vkey,
        )


def unit_home(home: Home, unit_id: str) -> UnitHome:
    """The unit's folders. Raises BadInput on an id that could name a place outside of them."""
    return home.unit(checked_id(unit_id))


def checked_id(text: str) -> str:
    """An id as messages carry it, safe as a file name. Raises BadInput."""
    try:
        return TypeAdapter(Id).validate_python(text)
    except ValidationError as error:
        raise BadInput(f"{text[:40]!r} is not an id: letters, digits, dot, dash, underscore, at most 80") from error


def enrol(home: UnitHome, *, unit_id: str, force: str, name: str, mode: Mode, profile: str) -> Identity:
    """Make this unit's keys and folders. Raises BadInput when it is enrolled already: its keys are never replaced."""
    try:
        facts = UnitFacts(unit_id=unit_id, force=force, name=name, mode=mode, profile=profile, epoch=str(uuid6.uuid7()))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{first['loc'][0]} of a unit: {first['msg']}") from error
    if (home.root / _UNIT_FILE).exists():
        raise BadInput(
            f"unit {unit_id} is enrolled here already", next_step="lfr unit enrol --unit-id with another id, or another LFR_HOME"
        )
    home.create()
    key, log_key = _key(home.keys / "unit.key"), _key(home.keys / "log.key")
    durable.put(home.root / _UNIT_FILE, facts.model_dump_json().encode())
    return Identity(facts, key, log_key)


def load(home: UnitHome) -> Identity:
    """The unit that `enrol` made. Raises BadInput when there is none, Refused (R34) on loose file modes."""
    if not (home.root / _UNIT_FILE).is_file():
        raise BadInput(f"there is no enrolled unit in {home.root}", next_step="lfr unit enrol")
    try:
        facts = UnitFacts.model_validate_json(read_secret(home.root / _UNIT_FILE))
    except ValidationError as error:
        raise BadInput(f"{home.root / _UNIT_FILE} is not what enrolling writes") from error
    return Identity(facts, SigningKey.load(home.keys / "unit.key"), SigningKey.load(home.keys / "log.key"))


def pin(home: UnitHome, root: str) -> RootPin:
    """Pin these root keys for good. Raises Refused (R1) when other keys are pinned: that needs hands and a decision."""
    parsed = RootPin.parse(root)
    path = home.root / _ROOT_FILE
    if path.exists() and RootPin.parse(path.read_text("utf-8", "replace")) != parsed:
        raise Refused(
            "this unit has pinned other root keys", rule_ids=("R1",), next_step=f"if the roots really changed, remove {path} by hand"
        )
    durable.put(path, root.encode())
    return parsed


def pinned(home: UnitHome) -> RootPin:
    """The pinned root keys. Raises Refused (R1) when none were pinned."""
    path = home.root / _ROOT_FILE
    if not path.is_file():
        raise Refused("this unit has no pinned root keys", rule_ids=("R1",), next_step="lfr unit pin UNIT ROOT.vkey")
    return RootPin.parse(path.read_text("utf-8", "replace"))


def _key(path: Path) -> SigningKey:
    """A new key, or the one an enrolment that was cut off has left here."""
    if not path.exists():
        SigningKey.generate().save(path)
    return SigningKey.load(path)
