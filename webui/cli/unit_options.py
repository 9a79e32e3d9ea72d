"""What several `lfr unit` commands share: arguments, options, what they mean, and how an answer is printed."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from governance.home import private_home
from lfr_engine.errors import BadInput
from mobile_unit.gate.values import Confirmed
from mobile_unit.identity import checked_id, unit_home
from mobile_unit.purge import Purge
from mobile_unit.starting import Wish

Command = Callable[..., Any]


def unit_argument(command: Command) -> Command:
    """UNIT on the command line becomes `home`, that unit's folders."""

    @click.argument("unit_id", metavar="UNIT")
    @functools.wraps(command)
    def with_home(*, unit_id: str, **given: Any) -> Any:
        return command(home=unit_home(private_home(), unit_id), **given)

    return with_home


def as_json(command: Command) -> Command:
    return click.option("--json", "json_", is_flag=True, help="Print JSON, errors too.")(command)


def gate_options(command: Command) -> Command:
    """What the operator names and confirms before a start."""
    for option in reversed(
        (
            click.option("--passphrase-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True),
            click.option("--pack", default="open-default", show_default=True, help="Model pack: a name, or a folder."),
            click.option("--operator", required=True, help="Your id in the roster."),
            click.option("--engagement-officer", multiple=True, help="Who may decide an alert; may be given more than once."),
            click.option(
                "--camera",
                multiple=True,
                metavar="ID[=SOURCE]",
                help="Camera as the authority names it, and its source: rtsp://..., device:/dev/video0, file:PATH, rehearsal:SPEC.",
            ),
            click.option("--at-place", is_flag=True, help="You see that the unit stands at the authorised place."),
            click.option("--signs-checked", is_flag=True, help="You saw the signs outside the zone of recognition."),
            click.option("--briefed", is_flag=True, help="The team was briefed for this deployment."),
        )
    ):
        command = option(command)
    return command


def wished(deployment: str, **given: Any) -> Wish:
    """The wish behind the gate's options."""
    confirmed = Confirmed(
        operator_id=checked_id(given["operator"]),
        engagement_officer_ids=tuple(checked_id(who) for who in given["engagement_officer"]),
        at_place=given["at_place"],
        signs_checked=given["signs_checked"],
        briefed=given["briefed"],
    )
    return Wish(
        deployment_id=checked_id(deployment),
        passphrase=passphrase_in(given["passphrase_file"]),
        pack=given["pack"],
        camera_ids=tuple(checked_id(camera.partition("=")[0]) for camera in given["camera"]),
        confirmed=confirmed,
    )


def text_in(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text", next_step="name a text file") from error


def passphrase_in(path: Path) -> str:
    """The first line of the file."""
    lines = text_in(path).splitlines()
    if not lines or not lines[0].strip():
        raise BadInput(f"{path} holds no passphrase", next_step="write it on the file's first line")
    return lines[0].strip()


def purged(done: Purge) -> dict[str, object]:
    return {
        "deployment_id": done.certificate.deployment_id,
        "digest": done.digest,
        "bundle_opens_after": done.certificate.bundle_opens_after,
        "destroyed": {one.what: one.count for one in done.certificate.destroyed},
        "ended_because": done.certificate.ended_because,
    }


def say(answer: dict[str, Any], json_: bool) -> None:
    """Print an answer as JSON, or as one line per fact."""
    if json_:
        click.echo(json.dumps(answer))
        return
    for name, value in answer.items():
        click.echo(f"{name.replace('_', ' '):24} {value if isinstance(value, str | int | bool) else json.dumps(value)}")
