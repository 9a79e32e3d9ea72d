"""`lfr drill`: staff who agreed to walk, the schedule that the authority draws, their taps, and a rehearsal of it all (R30, R78, R101)."""

from pathlib import Path
from typing import Any

import click

from governance.home import UnitHome, home_from_environment
from governance.messages.roster import Role
from governance.office import drills
from governance.office.store import Actor
from lfr_engine.clock import clock_from_environment
from lfr_engine.errors import BadInput
from lfr_engine.packs.store import open_pack
from mobile_unit.identity import checked_id
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import any_journal
from mobile_unit.runtime.drill import tap
from watchlist.sealing.keys import SigningKey
from webui.cli.drill_rehearsal import rehearse
from webui.cli.office import read_file, the_office
from webui.cli.unit_options import as_json, say, unit_argument

_PATH = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def drill() -> None:
    """Recognition measured live: consenting staff walk at times that nobody chose, and missed ones count."""


drill.add_command(rehearse)


@drill.command()
@click.argument("file", type=_PATH)
@as_json
def token(file: Path, json_: bool) -> None:
    """Make a walker's own token: the key in FILE stays with the walker, its public half is printed for the office."""
    if file.exists():
        raise BadInput(f"{file} exists already: a token is made once", next_step="name a new file")
    key = SigningKey.generate()
    key.save(file)
    say({"token": key.public.text}, json_)


@drill.command()
@click.argument("application")
@click.argument("walker")
@click.argument("photo", type=_FILE)
@click.option("--consent", type=_FILE, required=True, help="The consent and tasking they signed; only its digest is kept here.")
@click.option("--consented-at", required=True, help="When they signed, as 2026-05-01T09:00:00.000Z.")
@click.option("--expires-at", required=True, help="Until when it holds.")
@click.option("--token", "token_text", required=True, help="The public half of their token, as `lfr drill token` printed it.")
@click.option("--pack", default="open-default", show_default=True)
@click.option("--as", "who", required=True, help="Your id in the roster: compiler or applicant.")
def add(application: str, walker: str, photo: Path, consent: Path, who: str, pack: str, token_text: str, **times: str) -> None:
    """Put WALKER (a staff pseudonym) on the blue list of APPLICATION, from PHOTO."""
    office = the_office()
    given = drills.WalkerOf(
        checked_id(walker), read_file(photo), read_file(consent), times["consented_at"], times["expires_at"], token_text
    )
    opened = open_pack(pack, home_from_environment().packs)
    row = drills.add_walker(office, Actor(who, Role.COMPILER), application, given, opened)
    click.echo(f"{row.walker_id} is on the blue list; leaf {row.leaf[:16]}")


@drill.command()
@click.argument("application")
@click.argument("number", type=click.IntRange(0, 500))
@click.option("--as", "who", required=True, help="Your id in the roster: compiler or applicant.")
def walks(application: str, number: int, who: str) -> None:
    """Ask for NUMBER walks in APPLICATION's deployment; when is drawn from the authority once it is granted."""
    drills.ask_for_walks(the_office(), Actor(who, Role.COMPILER), application, number)
    click.echo(f"{number} walks asked for; the authorising officer sees and asserts them with the list")


@drill.command()
@unit_argument
@click.argument("deployment")
@as_json
def schedule(home: UnitHome, deployment: str, json_: bool) -> None:
    """Who is due when in DEPLOYMENT, and who has tapped."""
    with any_journal(home, clock_from_environment()) as journal:
        seen = journal.ask(asking.LookAtDrill(deployment_id=checked_id(deployment)), answers.DrillSeen)
    rows: list[dict[str, Any]] = [walk.model_dump(mode="json") for walk in seen.walks]
    if json_:
        say({"walks": rows}, json_)
        return
    for row in rows:
        click.echo(f"{row['number']:4} {row['due_at']}  {row['walker_id']:20} {row['tapped_at'] or 'not yet'}")


@drill.command("tap")
@unit_argument
@click.argument("deployment")
@click.argument("walk", type=click.IntRange(1, 500))
@click.option("--token", "token_file", type=_FILE, required=True, help="Your own token, as you set out.")
@as_json
def tap_command(home: UnitHome, deployment: str, walk: int, token_file: Path, json_: bool) -> None:
    """You set out on WALK now. It counts from here, recognised or not."""
    with any_journal(home, clock_from_environment()) as journal:
        tap(journal, checked_id(deployment), walk, SigningKey.load(token_file))
    say({"walk": walk, "tapped": True}, json_)
