"""`lfr unit run`: the whole deployment on the unit, gate to sync, with the console in the same process when asked for."""

import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from waitress.server import create_server

from governance.events import AlertDecision, AlertOutcome
from governance.home import UnitHome, private_home
from lfr_engine.clock import Clock, clock_from_environment
from lfr_engine.errors import BadInput, LfrError
from mobile_unit import identity as identities
from mobile_unit.console import Console
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient, running_journal
from mobile_unit.purge import purge
from mobile_unit.run_lock import only_run
from mobile_unit.runtime.camera import Rehearsal, Source, VideoFile, camera_class, source_named
from mobile_unit.runtime.deployment import Deployment, Ended
from mobile_unit.runtime.drill import ScriptedWalkers
from mobile_unit.runtime.scripted_officer import Script, ScriptedOfficer
from mobile_unit.starting import Wish, check
from mobile_unit.sync import sync
from webui.cli.unit_options import as_json, gate_options, purged, say, unit_argument, wished

OFFICER_S = 30.0  # to decide what is waiting when matching ends
CONSOLE_THREADS = 16
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Van:
    """What every step of a run needs."""

    home: UnitHome
    identity: Identity
    journal: JournalClient
    clock: Clock


@click.command()
@unit_argument
@click.argument("deployment")
@gate_options
@click.option("--rehearsal", type=_FILE, help="Match on the rehearsal camera that this file describes.")
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), help="Where the rehearsal camera writes its truth.")
@click.option("--source", type=_FILE, help="Match on this video file.")
@click.option("--scripted-officer", type=_FILE, help="Let a script decide by the truth in this file; every event says so.")
@click.option("--scripted-walkers", type=_FILE, help="In a rehearsal: taps a drill's walkers by the truth in this file; every tap says so.")
@click.option("--console", type=click.IntRange(1, 65535), help="Serve the console on http://localhost:PORT until Ctrl-C.")
@as_json
def run(home: UnitHome, deployment: str, json_: bool, **given: Any) -> None:
    """Pass the gate, match until the window ends or somebody stops, purge, and sync DEPLOYMENT."""
    sources = sources_of(given["camera"], given.pop("rehearsal"), given.pop("truth"), given.pop("source"))
    script_file, port, walkers_file = given.pop("scripted_officer"), given.pop("console"), given.pop("scripted_walkers")
    script = Script.read(script_file) if script_file else None
    wish = replace(wished(deployment, **given), camera_class=camera_class(sources))
    clock, me = clock_from_environment(), identities.load(home)
    with only_run(home), running_journal(home, clock) as journal:
        walkers = ScriptedWalkers.read(walkers_file, journal, wish.deployment_id) if walkers_file else None
        answer = through(Van(home=home, identity=me, journal=journal, clock=clock), wish, sources, script, port, walkers)
    say(answer, json_)


def sources_of(cameras: tuple[str, ...], rehearsal: Path | None, truth: Path | None, video: Path | None) -> dict[str, Source]:
    """Each camera's source: `--camera ID=SOURCE`, or one camera with --rehearsal or --source. Raises BadInput on anything unclear."""
    given = dict(camera.partition("=")[::2] for camera in cameras)
    if len(given) < len(cameras) or not given:
        raise BadInput("name each camera once", next_step="--camera ID=SOURCE")
    if rehearsal is None and video is None:
        return {camera_id: source_named(source) for camera_id, source in given.items()}
    if len(given) > 1 or any(given.values()) or (rehearsal is not None and video is not None):
        raise BadInput("--rehearsal and --source are for one camera", next_step="give several as --camera ID=SOURCE")
    [camera_id] = given
    if video is not None:
        return {camera_id: VideoFile(video)}
    if rehearsal is None or truth is None:
        raise BadInput("a rehearsal needs --truth", next_step="name a file that the rehearsal camera may write")
    return {camera_id: Rehearsal(rehearsal.resolve(), truth.resolve())}


def through(
    van: Van, wish: Wish, sources: Mapping[str, Source], script: Script | None, port: int | None, walkers: ScriptedWalkers | None = None
) -> dict[str, object]:
    """From the gate to the sync package; what the command prints."""
    ready = check(
        home=van.home,
        packs_dir=private_home().packs,
        identity=van.identity,
        journal=van.journal,
        clock=van.clock,
        wish=wish,
    )
    officer = _officer(van.journal, script, wish)
    deployment = Deployment(
        identity=van.identity,
        journal=van.journal,
        clock=van.clock,
        ready=ready,
        wish=wish,
        alert_raised=officer.take if officer else lambda _alert_id: None,
    )
    console = Console(identity=van.identity, journal=van.journal, clock=van.clock, ready=ready, wish=wish, running=deployment)
    with _serving(console, port) as left:
        with _stopped_by_signals(deployment, wish.confirmed.operator_id, left):
            if walkers:
                walkers.start()
            ended = deployment.run(sources)
            if walkers:
                walkers.finish(OFFICER_S)
            if officer:
                officer.finish(OFFICER_S)
        answer = finish(van, wish.deployment_id, ended)
        deployment.live.went("purged")
        if port is not None and not left.is_set():
            click.echo(f"matching has ended ({ended.because}) and the list is purged; open alerts can be decided until Ctrl-C", err=True)
            left.wait()
    if port is not None:
        answer |= {**alerts_so_far(van.journal, wish.deployment_id), **synced(van, wish.deployment_id)}
    return answer


def finish(van: Van, deployment_id: str, ended: Ended) -> dict[str, object]:
    """Purge and sync, and everything that was counted."""
    done = purge(home=van.home, identity=van.identity, journal=van.journal, clock=van.clock, deployment_id=deployment_id)
    answer: dict[str, object] = {"deployment_id": deployment_id, "ended_because": ended.because, "counters": ended.counters.as_json()}
    answer["fault"] = ended.fault.message if ended.fault else None
    return {**answer, **alerts_so_far(van.journal, deployment_id), "purge": purged(done), **synced(van, deployment_id)}


def alerts_so_far(journal: JournalClient, deployment_id: str) -> dict[str, object]:
    alerts = journal.ask(asking.LookAtAlerts(deployment_id=deployment_id), answers.AlertsSeen).alerts
    decided = {one.value: sum(alert.decision is one for alert in alerts) for one in AlertDecision}
    resolved = {one.value: sum(alert.outcome is one for alert in alerts) for one in AlertOutcome}
    undecided = sum(alert.decision is None for alert in alerts)
    return {"alerts": len(alerts), "undecided": undecided, "decided": decided, "resolved": resolved}


def synced(van: Van, deployment_id: str) -> dict[str, object]:
    made = sync(home=van.home, journal=van.journal, deployment_id=deployment_id)
    return {"ledger": {"size": made.size, "root": made.root}, "sync": str(made.path), "sequence": made.sequence}


def _officer(journal: JournalClient, script: Script | None, wish: Wish) -> ScriptedOfficer | None:
    if script is None:
        return None
    officer = ScriptedOfficer(journal, script, wish.confirmed.engagement_officer_ids[0], wish.confirmed.operator_id)
    officer.start()
    return officer


@contextmanager
def _stopped_by_signals(deployment: Deployment, who: str, left: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop matching in order, then purge, sync and leave, instead of tearing the run apart."""

    def stop(*_: object) -> None:
        left.set()
        deployment.stop(who)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _serving(console: Console, port: int | None) -> Iterator[threading.Event]:
    """The console's pages in threads of this process; the event is set by Ctrl-C once matching has ended.

    Raises LfrError when the port is taken: better before matching starts than a van without its console.
    """
    left = threading.Event()
    if port is None:
        yield left
        return
    from webui.unit import create_app

    listener = _listener(port)
    server = create_server(create_app(console), sockets=[listener], threads=CONSOLE_THREADS)
    threading.Thread(target=server.run, name="console", daemon=True).start()
    click.echo(f"console: http://localhost:{port}", err=True)
    before = {number: signal.signal(number, lambda *_: left.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield left
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        server.close()


def _listener(port: int) -> socket.socket:
    """Loopback only: nobody else in the street reaches the console (R32)."""
    listener = socket.socket(socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise LfrError(f"port {port} is taken", next_step="name another one with --console") from error
    return listener
