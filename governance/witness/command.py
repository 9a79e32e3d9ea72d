"""The command `lfr-witness`: `init` makes a key, `serve` cosigns until it is stopped."""

import os
import signal
import sys
import threading
from collections import defaultdict
from pathlib import Path

import click
from waitress.server import create_server

from governance.ledger.note import ED25519, Verifier
from governance.witness.memory import Memory, create_memory
from governance.witness.service import BODY_BYTES_MAX, WitnessApp
from lfr_engine.clock import clock_from_environment
from lfr_engine.errors import BadInput, LfrError


@click.group()
def cli() -> None:
    """Cosigns the checkpoints of logs it knows and refuses every other history of them."""


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Key name without spaces, e.g. ethics.example.org/w1.")
def init(folder: Path, name: str) -> None:
    """Make the witness's key in FOLDER and print its verifier key, which goes into the roster."""
    click.echo(create_memory(folder, name))


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--log", "vkeys", multiple=True, required=True, metavar="VKEY", help="Verifier key of a log; its name is the log's origin.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--port-file", type=click.Path(path_type=Path), help="Write the port here once requests are answered.")
@click.option("--until-input-ends", is_flag=True, help="Stop when standard input ends, as it does when the program that started this dies.")
def serve(folder: Path, vkeys: tuple[str, ...], host: str, port: int, port_file: Path | None, until_input_ends: bool) -> None:
    """Answer POST /add-checkpoint for the logs named."""
    logs = _logs(vkeys)
    memory = Memory(folder)
    for origin in logs:
        memory.head(origin)  # an unreadable memory stops the start, not the first request
    app = WitnessApp(memory=memory, logs=logs, clock=clock_from_environment())
    try:
        server = create_server(
            app, host=host, port=port, threads=4, connection_limit=64, channel_timeout=15, max_request_body_size=BODY_BYTES_MAX, ident=None
        )
    except OSError as error:
        raise LfrError(f"cannot listen on {host}:{port}: {error.strerror}", next_step="choose another port, or 0 for a free one") from error
    bound: int = server.effective_port
    signal.signal(signal.SIGTERM, _stop)
    if until_input_ends:
        threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    if port_file is not None:
        fresh = port_file.with_name(f".{port_file.name}.new")
        fresh.write_text(f"{bound}\n", encoding="utf-8")
        fresh.replace(port_file)
    click.echo(f"{memory.cosigner.verifier.name} listens on http://{host}:{bound}/add-checkpoint")
    server.run()  # returns on SystemExit and KeyboardInterrupt, with its threads finished
    memory.close()


def main() -> None:
    """Errors become one line and their exit code here and nowhere deeper."""
    try:
        cli(prog_name="lfr-witness")
    except LfrError as error:
        click.echo(f"lfr-witness: {error.message}" + (f"; {error.next_step}" if error.next_step else ""), err=True)
        raise SystemExit(error.exit_code) from error


def _logs(vkeys: tuple[str, ...]) -> dict[str, list[Verifier]]:
    logs = defaultdict[str, list[Verifier]](list)
    for vkey in vkeys:
        verifier = Verifier.from_vkey(vkey)
        if verifier.algorithm != ED25519:
            raise BadInput(f"{verifier.name} is a witness's key, not a log's")
        logs[verifier.name].append(verifier)
    return dict(logs)


def _stop_at_end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # unbuffered: a buffer's lock, held here at exit, would end the process in a crash
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(0)
