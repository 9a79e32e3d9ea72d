"""The demonstration with pages: the office and a running unit's console on http://localhost, alerts decided by you."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import click

from governance.office.accounts import demo_passwords
from lfr_engine.errors import LfrError
from webui.cli import demo_story
from webui.cli.demo_refusals import gate_options
from webui.cli.demo_subject import Subject
from webui.cli.demo_world import PEOPLE, UNIT, World, wait_until

_WINDOW = timedelta(hours=2)
_LEAD = timedelta(seconds=6)
_ROUNDS = 200  # how often the rehearsal's walkers come round: more than enough for the window
_AT_ONCE = 1.5  # how many of them are in the street: so few that one person can decide the alerts as they come


def serve(world: World, subject: Subject, office_port: int, console_port: int) -> None:
    """Serve both until Ctrl-C; then the unit stops, purges and syncs, and the office takes its package in."""
    # A shell that starts this in the background has it ignore Ctrl-C, and SIGTERM would leave the other processes behind.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    passwords = demo_passwords(world.office)
    start = world.office.clock.now_utc() + _LEAD
    listed = demo_story.apply(world, "Op Demonstration, live", UNIT, subject.entries, start, start + _WINDOW)
    granted = demo_story.authorise(world, listed.application_id)
    demo_story.deliver(world, granted)
    wait_until(start, world.office.clock)
    office = _start(world, "office", "serve", "--port", str(office_port), "--pack", world.pack_dir)
    console = _start(
        world, "unit", "run", UNIT, granted.deployment_id, *gate_options(world), *_endless(world, subject), "--console", str(console_port)
    )
    click.echo(f"\noffice   http://localhost:{office_port}    sign in as one of:")
    for person in PEOPLE:
        roles = ", ".join(role.value for role in person.roles)
        click.echo(f"           {person.person_id:14} {passwords[person.person_id]:16} {person.name}, {roles}")
    click.echo(f"console  http://localhost:{console_port}    the unit's own screen: you decide the alerts")
    click.echo("Ctrl-C stops matching, destroys the one-use key and brings the unit's ledger home.")
    sys.stdout.flush()
    try:
        _wait(office, console)
    except KeyboardInterrupt:
        click.echo("\nstopping")
    finally:
        _stop(console, signal.SIGINT)
        _stop(office, signal.SIGTERM)
    packages = sorted((world.home.unit(UNIT).outbox / granted.deployment_id).glob("sync-*.dsse.json"))
    entries = demo_story.take_in(world, packages)
    click.echo(f"the unit's ledger is home: {entries} entries")


def _endless(world: World, subject: Subject) -> tuple[str | Path, ...]:
    """The same walkers again and again; a video of the user's is played once."""
    if subject.passages is None:
        return subject.source
    folder = world.home.root / "rehearsal"
    spec = json.loads((folder / "rehearsal.json").read_text())
    spec["walkers"], spec["at_once"] = spec["walkers"] * _ROUNDS, _AT_ONCE
    path = folder / "endless.json"
    path.write_text(json.dumps(spec))
    return ("--rehearsal", path, "--truth", folder / "endless-truth.json")


def _start(world: World, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "LFR_HOME": str(world.home.root)}
    return subprocess.Popen([sys.executable, "-m", "webui.cli.main", *map(str, arguments)], env=environment, start_new_session=True)


def _wait(office: "subprocess.Popen[bytes]", console: "subprocess.Popen[bytes]") -> None:
    """Until Ctrl-C, or until one of the two ends by itself."""
    while office.poll() is None and console.poll() is None:
        try:
            console.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
    if office.returncode:
        raise LfrError(f"the office's pages ended with exit code {office.returncode}", next_step="is the port free? try --office-port")
    if console.returncode:
        raise LfrError(f"the console ended with exit code {console.returncode}", next_step="is the port free? try --console-port")


def _stop(process: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
