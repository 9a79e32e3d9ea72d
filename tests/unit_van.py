"""A real enrolled unit in a folder, with a real journal process, and the office's handing over built by `unit_world`."""

import atexit
import base64
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from governance.events import Event, EventBody, read_entry
from governance.home import UnitHome
from governance.messages.payload import Mode, digest_of
from lfr_engine.clock import Clock
from lfr_engine.image import encode_jpeg
from lfr_engine.sealed.facts import Seal
from mobile_unit import identity
from mobile_unit.gate.values import Confirmed
from mobile_unit.handed_over import inbox
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import A, JournalClient, running_journal
from mobile_unit.journal.writing import Journal
from mobile_unit.measured_pack import measured_pack
from mobile_unit.preparing import prepare
from mobile_unit.starting import Ready, Wish, check
from tests.unit_world import CAMERA, DEPLOYMENT, FORCE, UNIT, World

PASSPHRASE = "four random words here"
CONFIRMED = Confirmed(operator_id="op-01", engagement_officer_ids=("eo-01", "eo-02"), at_place=True, signs_checked=True, briefed=True)


@dataclass(frozen=True)
class DirectJournal(JournalClient):
    """Asks the journal's code directly."""

    journal: Journal

    def ask(self, request: asking.Request, answer: type[A]) -> A:
        answered = self.journal.carry_out(asking.REQUESTS.validate_json(request.model_dump_json()))
        return answer.model_validate_json(answered.model_dump_json())


@dataclass(frozen=True)
class Van:
    """An enrolled unit whose office has handed over one deployment."""

    home: UnitHome
    identity: Identity
    world: World
    clock: Clock
    packs_dir: Path
    pack: str

    def prepare(self, journal: JournalClient) -> None:
        """The one-use key, and what the office hands over for it."""
        made = prepare(
            home=self.home, identity=self.identity, journal=journal, clock=self.clock, deployment_id=DEPLOYMENT, passphrase=PASSPHRASE
        )
        self.world.hand_over(inbox(self.home, DEPLOYMENT), made.recipient)

    @contextmanager
    def journal(self) -> Iterator[JournalClient]:
        """The journal's own code on the real database, without its process: for what is not about processes."""
        journal = DirectJournal(self.home, Journal(self.home, self.identity, self.clock))
        try:
            yield journal
        finally:
            journal.journal.close()

    @contextmanager
    def process(self) -> Iterator[JournalClient]:
        """The journal as it runs in the van: a process behind a socket."""
        with running_journal(self.home, self.clock) as journal:
            yield journal

    def wish(self, **changes: Any) -> Wish:
        fields: dict[str, Any] = {
            "deployment_id": DEPLOYMENT,
            "passphrase": PASSPHRASE,
            "pack": self.pack,
            "camera_ids": (CAMERA,),
            "confirmed": CONFIRMED,
        }
        return Wish(**{**fields, **changes})

    def check(self, journal: JournalClient, **changes: Any) -> Ready:
        wish = self.wish(**changes)
        return check(home=self.home, packs_dir=self.packs_dir, identity=self.identity, journal=journal, clock=self.clock, wish=wish)

    def start(self, journal: JournalClient, **changes: Any) -> Ready:
        """Pass the gate and begin, as the runtime does, without an engine."""
        ready = self.check(journal, **changes)
        body = ready.passed.authority.body
        start = asking.Start(
            deployment_id=DEPLOYMENT,
            operator_id="op-01",
            entries=len(ready.passed.people),
            camera_ids=body.camera_ids,
            list_root=body.watchlist.root,
            pack_digest=self.world.pack_digest,
            pipeline_digest=self.world.pipeline_digest,
            threshold=body.threshold,
            sealed=(Seal.WRITES_NOTHING,),
            lacking=(),
        )
        journal.ask(start, answers.Done)
        return ready

    def raise_alert(self, journal: JournalClient, person: int = 0) -> answers.AlertSeen:
        return journal.ask(asking.Raise(deployment_id=DEPLOYMENT, camera_id=CAMERA, content=self.content(person)), answers.AlertSeen)

    def content(self, person: int = 0) -> asking.AlertContent:
        listed = self.world.people[person]
        return asking.AlertContent.model_validate_json(
            asking.AlertContent.model_construct(
                probes=(jpeg(1), jpeg(2)),
                figure=jpeg(3),
                thumb=b64(listed.thumb),
                entry=b64(listed.content),
                leaf=listed.leaf,
                similarity=0.71,
                threshold=0.6,
                quality={"size_px": 88.0},
                frame=120,
                first_frame=100,
                bbox_xyxy_px=(10, 20, 60, 80),
                others=0,
            ).model_dump_json()
        )


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def jpeg(shade: int) -> str:
    return b64(encode_jpeg(np.full((48, 40, 3), 20 * shade, np.uint8)))


def decide(alert_id: str, decision: str = "adjudicated_true", reason: str = "features_agree", who: str = "eo-01") -> asking.Adjudicate:
    line = {
        "alert_id": alert_id,
        "decision": decision,
        "reason": reason,
        "engagement_officer_id": who,
        "operator_id": "op-01",
        "scripted": False,
    }
    return asking.REQUESTS.validate_json(_json({"do": "adjudicate", **line}))  # type: ignore[return-value]


def resolve(alert_id: str, engagement: str = "engaged", outcome: str = "confirmed_true", by: str = "document") -> asking.Resolve:
    line = {
        "alert_id": alert_id,
        "engagement": engagement,
        "outcome": outcome,
        "identified_by": by,
        "engagement_officer_id": "eo-01",
        "scripted": False,
    }
    return asking.REQUESTS.validate_json(_json({"do": "resolve", **line}))  # type: ignore[return-value]


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()


def ledger(journal: JournalClient) -> list[tuple[Event, EventBody]]:
    """Every entry of the unit's ledger, parsed against the catalogue."""
    seen = journal.ask(asking.LookAtLedger(position=0, limit=500), answers.LedgerSeen)
    return [read_entry(line.entry.encode()) for line in seen.entries]


def types(journal: JournalClient) -> list[str]:
    return [event.type for event, _ in ledger(journal)]


def small_pack(packs_dir: Path) -> Path:
    """A pack that can be measured but not loaded, for tests that start no engine."""
    folder = packs_dir / "small"
    folder.mkdir(parents=True)
    model = b"not a network"
    (folder / "model.onnx").write_bytes(model)
    text = resources.files("lfr_engine.packs").joinpath("known/open-default.toml").read_text()
    head = text[: text.index("[[files]]")].replace("centerface.onnx", "model.onnx").replace("dlib_face_resnet.onnx", "model.onnx")
    files = f'[[files]]\nname = "model.onnx"\nsha256 = "{digest_of(model)}"\norigin = "made for a test"\nlicence = "none"\n'
    (folder / "manifest.toml").write_text(head.replace('name = "open-default"', 'name = "small"') + files)
    return folder


def make_van(folder: Path, *, clock: Clock | None = None, pack: Path | None = None, **world_changes: Any) -> Van:
    """Enrol, pin, make the one-use key, and hand over what the world signs. The clock is the real one unless given."""
    clock = clock or Clock()
    pack = pack or small_pack(folder / "packs")
    measured = measured_pack(str(pack), folder)
    digests = {"pack_digest": measured.pack_digest, "facts": measured.pipeline_facts}
    world = World(**{"now": clock.now_utc(), **digests, **world_changes})
    home = UnitHome(folder / "units" / UNIT)
    unit = identity.enrol(home, unit_id=UNIT, force=FORCE, name="Van 3", mode=Mode.DEMONSTRATION, profile="uk-app-2022")
    identity.pin(home, world.root_text)
    world.unit, world.unit_log = unit.key, unit.log_signer
    van = Van(home, unit, world, clock, pack.parent, pack.name)
    with van.journal() as journal:
        van.prepare(journal)
    return van


class _Models:
    """Two vans made once per test run, to be copied: unlocking a key under a passphrase takes a second on purpose."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vans-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)

    @cached_property
    def prepared(self) -> Van:
        return make_van(self.folder / "prepared")

    @cached_property
    def matching(self) -> Van:
        van = copied(self.prepared, self.folder / "matching")
        with van.journal() as journal:
            van.start(journal)
        return van


def copied(van: Van, folder: Path) -> Van:
    """The same van with all its files in another folder."""
    source = van.home.root.parent.parent
    shutil.copytree(source, folder)
    folder.chmod(0o700)  # R34: LFR_HOME is nobody else's
    return replace(van, home=UnitHome(folder / "units" / UNIT), packs_dir=folder / van.packs_dir.relative_to(source))


_MODELS = _Models()


def prepared_van(folder: Path) -> Van:
    """A van as `make_van` leaves it: one-use key made, everything handed over, nothing started."""
    return copied(_MODELS.prepared, folder / "home")


def matching_van(folder: Path) -> Van:
    """A van that passed the gate and is matching."""
    return copied(_MODELS.matching, folder / "home")
