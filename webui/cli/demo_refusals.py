"""Refusals performed, not described: each on a really altered file, in a new process, beside an unaltered control that passes.

They use a deployment of their own that is authorised like any other, on copies of the unit's folder; the copies are
removed afterwards and the deployment's one-use key is destroyed.
"""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from governance.home import Home, private_folder
from governance.messages.authority import Authority
from governance.messages.decision import Action, Decision
from governance.messages.payload import compose, digest_of, parse, signed
from governance.messages.roster import Role
from governance.office import authorities
from governance.office.authorities import GrantedAuthority, ServedDocument
from governance.office.entries import PhotoOf
from governance.office.store import Actor
from lfr_engine.clock import format_utc, parse_utc
from webui.cli import demo_story, demo_test
from webui.cli.demo_application import CAMERA, OFFICER_REASONS
from webui.cli.demo_world import ENGAGEMENT, OFFICER, OPERATOR, OTHER_UNIT, UNIT, World, answer, lfr, new_world, wait_until
from webui.cli.office import assert_in_software

WINDOW = timedelta(minutes=20)
_BUNDLE_LIFE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One performed refusal; `control_passed` says that the same call on unaltered files went through."""

    what: str
    rule_id: str
    exit_code: int
    control_passed: bool
    message: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @property
    def as_expected(self) -> bool:
        return self.exit_code in {4, 5} and bool(self.rule_id) and self.control_passed


@dataclass(frozen=True, slots=True)
class Performed:
    """The refusals of the gate, the deployment they were tried on, and how long one check of the gate took, in seconds."""

    refusals: list[Refusal]
    deployment_id: str
    check_s: float


def perform(world: World, people: list[PhotoOf]) -> Performed:
    """All refusals of the gate, two processes at a time; the control is the same call on an unaltered copy and must pass."""
    copies = world.home.root / "refusals"
    try:
        with ThreadPoolExecutor(2) as pool:
            dishonest = pool.submit(_low_threshold, world, copies / "dishonest", people)  # the longest: an office of its own
            granted = _prepare_deployment(world, people)
            began = time.monotonic()
            control = pool.submit(_on_copy, world, granted, copies / "control").result()
            check_s = time.monotonic() - began
            attempts = _attempts(world, granted, copies)
            done = dict(zip(attempts, pool.map(lambda attempt: attempt(), attempts.values()), strict=True))
            done["a threshold below the certificate"] = dishonest.result()
    finally:
        shutil.rmtree(copies, ignore_errors=True)
    refusals = [_judged(what, done[what], control.returncode == 0) for what in done]
    return Performed(refusals, granted.deployment_id, check_s)


def _prepare_deployment(world: World, people: list[PhotoOf]) -> GrantedAuthority:
    """A deployment that is authorised, sealed and handed over, and never run; its window has begun."""
    start = world.office.clock.now_utc() + timedelta(seconds=2)
    listed = demo_story.apply(world, "Refusals (never run)", UNIT, people, start, start + WINDOW)
    granted = demo_story.authorise(world, listed.application_id)
    demo_story.deliver(world, granted)
    wait_until(start, world.office.clock)
    return granted


def _attempts(world: World, granted: GrantedAuthority, copies: Path) -> dict[str, "Callable[[], subprocess.CompletedProcess[str]]"]:
    deployment, window = granted.deployment_id, granted.authority.window
    after = format_utc(parse_utc(window.end) + timedelta(minutes=1))
    yesterday = format_utc(parse_utc(window.start) - timedelta(days=1))
    short_lived = demo_story.reseal(world, deployment, valid_for=_BUNDLE_LIFE)
    expired_at = world.office.clock.now_utc() + _BUNDLE_LIFE

    def expired() -> "subprocess.CompletedProcess[str]":
        wait_until(expired_at, world.office.clock)
        return altered("bundle", lambda home: _replace(home, deployment, "bundle.zip", short_lived.read_bytes()))

    def altered(name: str, alter: Callable[[Home], None]) -> "subprocess.CompletedProcess[str]":
        return _on_copy(world, granted, copies / name, alter=alter)

    return {
        "the bundle on another unit": lambda: _on_copy(
            world, granted, copies / "unit", unit=OTHER_UNIT, alter=lambda home: _to_other_unit(world, home, deployment)
        ),
        "an expired bundle": expired,
        "an altered authority": lambda: altered("authority", lambda home: _extend_window(home, deployment)),
        "an authority missing from the log": lambda: altered("log", lambda home: _unlogged(world, home, granted)),
        "outside the window": lambda: _on_copy(world, granted, copies / "window", clock=f"sim:{after}:1"),
        "the clock turned back": lambda: _on_copy(world, granted, copies / "clock", clock=f"sim:{yesterday}:1"),
    }


def _on_copy(
    world: World,
    granted: GrantedAuthority,
    folder: Path,
    *,
    unit: str = UNIT,
    clock: str = "",
    alter: Callable[[Home], None] = lambda home: None,
) -> "subprocess.CompletedProcess[str]":
    """`lfr unit check` in a new process on a copy of the units' folders, altered as told."""
    home = _copy(world, folder)
    alter(home)
    return _check(world, home, unit, granted.deployment_id, clock)


def altered_ledger(export: Path, verify: Callable[[Path], "subprocess.CompletedProcess[str]"]) -> Refusal:
    """One bit of one entry changed in a copy of the export; the separate verifier must find it, and pass the original."""
    copy = export.with_name(export.name + "-altered")
    shutil.copytree(export, copy)
    tile = next(path for path in sorted((copy / "tile" / "entries").rglob("*")) if path.is_file())
    content = bytearray(tile.read_bytes())
    content[len(content) // 2] ^= 1
    tile.write_bytes(bytes(content))
    found, control = verify(copy), verify(export)
    shutil.rmtree(copy)
    failures = [failure for check in json.loads(found.stdout)["checks"] for failure in check["failures"]] if found.returncode == 5 else []
    message = failures[0]["what"] if failures else _last_line(found)
    return Refusal("an altered ledger", "R66" if failures else "", found.returncode, control.returncode == 0, message)


def _judged(what: str, refused: "subprocess.CompletedProcess[str]", control_passed: bool) -> Refusal:
    try:
        error = json.loads(refused.stderr.strip().splitlines()[-1])
    except (ValueError, IndexError):
        error = {"rule_ids": [], "message": _last_line(refused)}
    return Refusal(what, next(iter(error["rule_ids"]), ""), refused.returncode, control_passed, error["message"])


def _check(world: World, home: Home, unit: str, deployment: str, clock: str = "") -> "subprocess.CompletedProcess[str]":
    return lfr("unit", "check", unit, deployment, *gate_options(world), "--json", home=home, clock=clock)


def gate_options(world: World) -> list[str | Path]:
    """What an operator states and names at every start."""
    return [
        *("--passphrase-file", world.passphrase_file, "--pack", world.pack_dir, "--operator", OPERATOR, "--engagement-officer", ENGAGEMENT),
        *("--camera", CAMERA, "--at-place", "--signs-checked", "--briefed"),
    ]


def _copy(world: World, folder: Path) -> Home:
    home = Home(folder)
    private_folder(folder)
    shutil.copytree(world.home.root / "units", folder / "units", ignore=shutil.ignore_patterns("*.sock"))
    return home


def _inbox(home: Home, deployment: str, unit: str = UNIT) -> Path:
    return home.unit(unit).inbox / deployment


def _to_other_unit(world: World, home: Home, deployment: str) -> None:
    """Another van gets the whole handover and makes a one-use key of its own for it."""
    shutil.copytree(_inbox(home, deployment), _inbox(home, deployment, OTHER_UNIT))
    answer(lfr("unit", "key", OTHER_UNIT, deployment, "--passphrase-file", world.passphrase_file, "--json", home=home), "unit key")


def _replace(home: Home, deployment: str, name: str, content: bytes) -> None:
    (_inbox(home, deployment) / name).write_bytes(content)


def _extend_window(home: Home, deployment: str) -> None:
    """Somebody wants another hour: the end is changed inside the document, all signatures stay."""
    path = _inbox(home, deployment) / "authority.dsse.json"
    envelope = json.loads(path.read_bytes())
    decision = json.loads(base64.b64decode(envelope["payload"]))
    document = json.loads(base64.b64decode(decision["body"]["document"]))
    document["body"]["window"]["end"] = format_utc(parse_utc(document["body"]["window"]["end"]) + timedelta(hours=1))
    decision["body"]["document"] = base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()
    envelope["payload"] = base64.b64encode(json.dumps(decision, separators=(",", ":")).encode()).decode()
    path.write_text(json.dumps(envelope))


def _unlogged(world: World, home: Home, granted: GrantedAuthority) -> None:
    """An officer and the office sign in private: every signature holds, but no witness ever saw it."""
    office = world.office
    document = parse(granted.document, Authority)
    again = compose(
        document.body.model_copy(update={"operation": "Unlogged"}), clock=office.clock, mode=office.mode, profile=office.profile.name
    )
    assertion = assert_in_software(office, OFFICER, Action.AUTHORISE, again)
    decision = Decision(action=Action.AUTHORISE, document=base64.b64encode(again).decode(), assertions=(assertion,))
    _replace(
        home,
        granted.deployment_id,
        "authority.dsse.json",
        signed(decision, office.key, clock=office.clock, mode=office.mode, profile=office.profile.name),
    )


def _low_threshold(world: World, folder: Path, people: list[PhotoOf]) -> "subprocess.CompletedProcess[str]":
    """A dishonest office, with keys, roster and witness of its own, authorises a threshold below the certificate's."""
    home, origins, clock = Home(folder), world.office.roster.roster.origins, world.office.clock
    with new_world(home, world.pack, world.pack_dir, origins=origins, clock=clock, units=(UNIT,), photos=world.photos) as other:
        demo_test.certify(other)
        start = other.office.clock.now_utc() + timedelta(seconds=1)
        listed = demo_story.apply(other, "Below the certificate", UNIT, people[:1], start, start + WINDOW)
        document, _ = authorities.prepare(
            other.office, Actor(OFFICER, Role.AUTHORISING_OFFICER), listed.application_id, reasons=OFFICER_REASONS
        )
        lowered = _lowered(other, document)
        low = authorities.grant(other.office, assert_in_software(other.office, OFFICER, Action.AUTHORISE, lowered), lowered)
        demo_story.deliver(other, low)
        wait_until(start, other.office.clock)
        return _check(other, other.home, UNIT, low.deployment_id)


def _lowered(world: World, document: bytes) -> bytes:
    served = parse(document, Authority)
    lower = f"{float(served.body.threshold) - 0.05:.4f}"
    office = world.office
    altered = compose(
        served.body.model_copy(update={"threshold": lower}), clock=office.clock, mode=office.mode, profile=office.profile.name
    )
    with office.transaction() as session:
        session.add(
            ServedDocument(
                digest=digest_of(altered),
                application_id=served.body.application_id,
                revision=served.body.revision,
                officer_id=OFFICER,
                document=altered,
            )
        )
    return altered


def _last_line(done: "subprocess.CompletedProcess[str]") -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1][:500] if lines else ""
