"""An open office: its database, ledger, keys and roster, and the one way to change anything.

`transaction` gives a session in which rows and their events are committed together; no event, no change.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, inspect
from sqlmodel import Session, SQLModel

from governance.events import ClockSimulated, EventBody, entry_bytes
from governance.home import OfficeHome, private_folder
from governance.ledger.database import open_database, reading
from governance.ledger.log import Log
from governance.ledger.note import Signer
from governance.messages.payload import Mode, digest_of
from governance.roster import RootPin, TrustedRoster, trust_roster
from governance.rules.profile import UK_APP_2022, Profile
from lfr_engine import durable
from lfr_engine.clock import Clock, format_utc
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from watchlist.sealing.keys import SigningKey

JUSTIFICATION_DUTY = "duty under the published policy"  # for governance operations that open no personal data


@dataclass(frozen=True, slots=True)
class OfficeSettings:
    """`office.json`: fixed at the ceremony. `witness_urls` maps a witness name to where it listens."""

    force: str
    mode: Mode
    witness_urls: dict[str, str]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, in which role; both go into the ledger."""

    person_id: str
    role: str


OFFICE = Actor("office", "system")


@dataclass(slots=True)
class Office:
    """All the services' way to files and rows; wire it once per process with `open_office`."""

    home: OfficeHome
    settings: OfficeSettings
    clock: Clock
    engine: Engine
    log: Log
    key: SigningKey = field(repr=False)
    log_signer: Signer = field(repr=False)
    profile: Profile = UK_APP_2022

    @property
    def mode(self) -> Mode:
        return self.settings.mode

    @property
    def force(self) -> str:
        return self.settings.force

    def require_mode(self, mode: Mode, *, rule_id: str = "R1") -> None:
        """Refuse an object of another mode: nothing of a demonstration counts in earnest, and the other way round."""
        if mode is not self.mode:
            raise Refused(f"this is for {mode.value} use, the office works in {self.mode.value} mode", rule_ids=(rule_id,))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, or leaves no trace."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking only."""
        with Session(reading(self.engine), expire_on_commit=False) as session:
            yield session

    def record(
        self,
        session: Session,
        body: EventBody,
        actor: Actor,
        *,
        justification: str = JUSTIFICATION_DUTY,
        deployment: str | None = None,
        authority: str | None = None,
        objects: tuple[str, ...] = (),
        recipients: tuple[str, ...] = (),
    ) -> int:
        """Append the event to the ledger within the caller's transaction; returns its index."""
        entry = entry_bytes(
            body,
            clock=self.clock,
            actor=actor.person_id,
            role=actor.role,
            justification=justification,
            mode=self.mode,
            profile=self.profile.name,
            deployment=deployment,
            authority=authority,
            objects=objects,
            recipients=recipients,
        )
        return self.log.append(session, entry)

    # Signed objects lie as files named by digest; the ledger names them, so that an export can collect them.
    def keep_object(self, envelope: bytes) -> str:
        """Store an envelope durably before its event is committed; the digest that names it."""
        digest = digest_of(envelope)
        path = self.object_path(digest)
        if not path.exists():
            private_folder(path.parent)
            durable.put(path, envelope)
        return digest

    def object_path(self, digest: str) -> Path:
        return self.home.ledger / "objects" / f"{digest.removeprefix('sha256:')}.dsse.json"

    def object_bytes(self, digest: str) -> bytes:
        """The envelope. Raises BadInput when it is missing, VerificationFailed when it was altered on disk."""
        try:
            content = self.object_path(digest).read_bytes()
        except FileNotFoundError as error:
            raise BadInput(f"the office does not hold object {digest}") from error
        if digest_of(content) != digest:
            raise VerificationFailed(f"object {digest} was altered on disk", next_step="restore it from a backup or from the unit")
        return content

    @property
    def pin(self) -> RootPin:
        return RootPin.parse((self.home.root / "root.vkey").read_text())

    @property
    def roster_bytes(self) -> bytes:
        return (self.home.root / "roster.dsse.json").read_bytes()

    @property
    def roster(self) -> TrustedRoster:
        """The roster, checked again at each use: it may have expired since."""
        return trust_roster(self.roster_bytes, self.pin, at=self.clock.now_utc())


def open_office(home: OfficeHome, clock: Clock, *, create: bool = False) -> Office:
    """Open an office that `lfr office init` made; `create` makes its tables. Raises BadInput where there is none."""
    try:
        fields = json.loads((home.root / "office.json").read_text())
        settings = OfficeSettings(fields["force"], Mode(fields["mode"]), dict(fields["witness_urls"]))
    except FileNotFoundError as error:
        raise BadInput(f"there is no office in {home.root}", next_step="run: lfr office init") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{home.root / 'office.json'} is damaged", next_step="restore it from a backup") from error
    if clock.simulated and settings.mode is Mode.OPERATIONAL:
        raise Refused("a simulated clock in operational mode", rule_ids=("R36",), next_step="unset LFR_CLOCK")
    engine = _database(home, create=create)
    log = Log(f"{settings.force}/office")
    log.create(engine)
    SQLModel.metadata.create_all(engine)
    office = Office(
        home=home,
        settings=settings,
        clock=clock,
        engine=engine,
        log=log,
        key=SigningKey.load(home.keys / "office.key"),
        log_signer=Signer(log.origin, SigningKey.load(home.keys / "log.key").private),
    )
    if clock.simulated:
        with office.transaction() as session:
            office.record(session, ClockSimulated(setting=f"from {format_utc(clock.now_utc())} at rate {clock.sim_rate:g}"), OFFICE)
    return office


def _database(home: OfficeHome, *, create: bool) -> Engine:
    """Its database, which holds a ledger already, or with `create` none yet: no office begins again at zero by mistake."""
    engine = open_database(home.database, create=create)
    with reading(engine).connect() as connection:
        begun = inspect(connection).has_table("ledger_entry")
    if begun and create:
        raise BadInput("the database already holds a ledger", next_step="name an empty database in LFR_DATABASE_URL")
    if not begun and not create:
        raise LfrError("the database holds no ledger of this office", next_step="correct LFR_DATABASE_URL, or restore the database")
    return engine
