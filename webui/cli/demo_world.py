"""The demonstration's world: a witness process, an office with its people, and two enrolled units, made anew each time.

Everything lies under LFR_HOME next to a marker file. A folder with an office but without the marker is somebody's real
one and is never touched.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from governance.home import Home, private_folder
from governance.messages.payload import Mode
from governance.messages.roster import Rank, Role
from governance.office.ceremony import Enrolment, PersonSpec, WitnessSpec, enrol_unit, init_office
from governance.office.store import Office
from lfr_engine.clock import Clock
from lfr_engine.errors import BadInput, LfrError
from lfr_engine.packs.store import OpenPack

MARKER = "this-is-a-demonstration"
FORCE = "demoshire"
UNIT, OTHER_UNIT = "unit-1", "unit-2"
PHOTOS = Path(".cache/photos")  # where set-up puts the archive
PASSPHRASE = "demonstration only, not a secret"  # noqa: S105 - printed by the demo itself

APPLICANT, COMPILER, REVIEWER = "p-applicant", "p-compiler", "p-reviewer"
OFFICER, SILVER, OPERATOR, ENGAGEMENT, AUDITOR = "p-officer", "p-silver", "p-operator", "p-engagement", "p-oversight"
PEOPLE = (
    PersonSpec(APPLICANT, "Insp. Asha Demo", Rank.INSPECTOR, (Role.APPLICANT,)),
    PersonSpec(COMPILER, "Cora Demo", Rank.STAFF, (Role.COMPILER,)),
    PersonSpec(REVIEWER, "Rhys Demo", Rank.STAFF, (Role.COMPILER,)),
    PersonSpec(OFFICER, "Supt. Olu Demo", Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER,)),
    PersonSpec(SILVER, "Ch. Insp. Sian Demo", Rank.CHIEF_INSPECTOR, (Role.SILVER,)),
    PersonSpec(OPERATOR, "PC Omar Demo", Rank.CONSTABLE, (Role.OPERATOR,)),
    PersonSpec(ENGAGEMENT, "Sgt. Eve Demo", Rank.SERGEANT, (Role.ENGAGEMENT_OFFICER,)),
    PersonSpec(AUDITOR, "Ola Demo", Rank.STAFF, (Role.OVERSIGHT,)),
)


@dataclass(slots=True)
class World:
    """What the steps of the story share."""

    home: Home
    pack: OpenPack
    pack_dir: Path
    office: Office
    roots: Path
    witness_vkey: str
    photos: Path

    @property
    def passphrase_file(self) -> Path:
        return self.home.root / "passphrase.txt"

    def inbox(self, unit_id: str, deployment_id: str) -> Path:
        return self.home.unit(unit_id).inbox / deployment_id


def lfr(*arguments: str | Path, home: Home, clock: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `lfr` as a new process of this Python with its own LFR_HOME; never raises on a refusal, the caller looks."""
    environment = {**os.environ, "LFR_HOME": str(home.root)}
    environment.pop("LFR_CLOCK", None)
    if clock:
        environment["LFR_CLOCK"] = clock
    return subprocess.run(
        [sys.executable, "-m", "webui.cli.main", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def answer(done: "subprocess.CompletedProcess[str]", what: str) -> dict[str, object]:
    """The JSON that a successful `lfr ... --json` printed. Raises LfrError with its own words when it failed."""
    if done.returncode:
        raise LfrError(f"{what} failed (exit {done.returncode}): {done.stderr.strip()[-2000:]}")
    parsed: dict[str, object] = json.loads(done.stdout)
    return parsed


@contextlib.contextmanager
def new_world(
    home: Home,
    pack: OpenPack,
    pack_dir: Path,
    *,
    origins: Sequence[str],
    clock: Clock,
    units: Sequence[str] = (UNIT, OTHER_UNIT),
    photos: Path = PHOTOS,
) -> Iterator[World]:
    """Make the world, give it, and stop its witness at the end."""
    with _only_one(home):
        _clear(home)
        roots, witness_dir = home.root / "root-keys", home.root / "witness"
        vkey = _run("governance.witness", "init", witness_dir, "--name", "witness.demo/1").strip()
        port = _free_port()
        office = init_office(
            home.office,
            root_folder=roots,
            force=FORCE,
            mode=Mode.DEMONSTRATION,
            people=PEOPLE,
            witnesses=[WitnessSpec(vkey, f"http://127.0.0.1:{port}")],
            origins=origins,
            clock=clock,
        )
        witness = _serve_witness(witness_dir, office.log_signer.vkey, port)
        try:
            world = World(home, pack, pack_dir, office, roots, vkey, photos)
            world.passphrase_file.touch(mode=0o600)
            world.passphrase_file.write_text(PASSPHRASE)
            with ThreadPoolExecutor(len(units)) as pool:
                enrolments = list(pool.map(lambda unit_id: _enrolment(world, unit_id), units))
                for enrolment in enrolments:
                    enrol_unit(world.office, enrolment, root_folder=world.roots)
                list(pool.map(lambda unit_id: _pin(world, unit_id), units))
            yield world
        finally:
            office.engine.dispose()
            witness.terminate()
            witness.wait(timeout=10)
            if witness.stdin is not None:
                witness.stdin.close()


def _enrolment(world: World, unit_id: str) -> Enrolment:
    """What the unit, in a process of its own, hands to the office when it is enrolled."""
    name = f"Van {unit_id[-1]}"
    done = lfr("unit", "enrol", "--unit-id", unit_id, "--force", FORCE, "--name", name, "--json", home=world.home)
    file = world.home.root / f"{unit_id}.enrolment.json"
    file.write_text(json.dumps(answer(done, "unit enrol")))
    return Enrolment.read(file)


def _pin(world: World, unit_id: str) -> None:
    answer(lfr("unit", "pin", unit_id, world.home.office.root / "root.vkey", "--json", home=world.home), "unit pin")


@contextlib.contextmanager
def _only_one(home: Home) -> Iterator[None]:
    private_folder(home.root)
    with (home.root / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(f"another demonstration is running in {home.root}", next_step="wait for it, or set another LFR_HOME") from error
        yield


def _clear(home: Home) -> None:
    """Remove an earlier demonstration, and nothing else."""
    marker = home.root / MARKER
    if home.office.root.exists() and not marker.exists():
        raise BadInput(f"{home.root} holds an office that no demonstration made", next_step="set LFR_HOME to an empty folder")
    home.root.chmod(0o700)  # an earlier version may have made it for everybody to read (R34)
    marker.write_text("Everything here is remade by each run of lfr demo.\n")
    for name in ("office", "office.unfinished", "units", "root-keys", "witness", "exports", "rehearsal", "refusals", "test-material"):
        shutil.rmtree(home.root / name, ignore_errors=True)


def _serve_witness(folder: Path, log_vkey: str, port: int) -> "subprocess.Popen[bytes]":
    ready = folder / "port"
    ready.unlink(missing_ok=True)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "governance.witness", "serve", folder, "--log", log_vkey),
            *("--port", str(port), "--port-file", ready, "--until-input-ends"),
        ],
        stdin=subprocess.PIPE,  # it ends with this process, however that dies
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise LfrError("the witness did not start", next_step=f"try: lfr-witness serve {folder} --log {log_vkey}")
        time.sleep(0.05)
    return process


def _run(module: str, *arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise LfrError(f"{module} failed: {done.stderr.strip()}")
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(at: datetime, clock: Clock) -> None:
    """Sleep until the clock says `at`."""
    while (left := (at - clock.now_utc()).total_seconds()) > 0:
        time.sleep(min(left, 0.5))
