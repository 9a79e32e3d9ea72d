"""`lfr unit`: the mobile unit's life, one command per step. Errors leave through `webui.cli.main`."""

from pathlib import Path
from typing import Any

import click

from governance.home import UnitHome, private_home
from governance.messages.payload import Mode
from lfr_engine.clock import clock_from_environment
from lfr_engine.errors import BadInput
from mobile_unit import identity as identities
from mobile_unit.identity import checked_id, unit_home
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import any_journal
from mobile_unit.journal.tables import RUNNING, State
from mobile_unit.preparing import prepare
from mobile_unit.purge import purge
from mobile_unit.recovery import recover
from mobile_unit.starting import check
from mobile_unit.sync import sync
from webui.cli.unit_options import as_json, gate_options, passphrase_in, purged, say, text_in, unit_argument, wished
from webui.cli.unit_run import run


@click.group()
def unit() -> None:
    """Run a mobile unit."""


@unit.command()
@click.option("--unit-id", required=True, help="Its id in the roster.")
@click.option("--force", required=True, help="The force's id.")
@click.option("--name", required=True, help="What people call it.")
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default="demonstration", show_default=True)
@click.option("--profile", default="uk-app-2022", show_default=True)
@as_json
def enrol(unit_id: str, force: str, name: str, mode: str, profile: str, json_: bool) -> None:
    """Make this unit's keys; prints the public halves for the office."""
    home = unit_home(private_home(), unit_id)
    made = identities.enrol(home, unit_id=unit_id, force=force, name=name, mode=Mode(mode), profile=profile)
    say(made.enrolment.model_dump(mode="json"), json_)


@unit.command()
@unit_argument
@click.argument("root", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def pin(home: UnitHome, root: Path, json_: bool) -> None:
    """Pin the root keys in file ROOT: only rosters they signed are believed."""
    identities.load(home)
    pinned = identities.pin(home, text_in(root))
    say({"keys": len(pinned.keys), "threshold": pinned.threshold}, json_)


@unit.command()
@unit_argument
@click.argument("deployment")
@click.option("--passphrase-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@as_json
def key(home: UnitHome, deployment: str, passphrase_file: Path, json_: bool) -> None:
    """Make the one-use key of DEPLOYMENT; its signed public half goes to the outbox."""
    clock, me = clock_from_environment(), identities.load(home)
    passphrase = passphrase_in(passphrase_file)
    with any_journal(home, clock) as journal:
        made = prepare(home=home, identity=me, journal=journal, clock=clock, deployment_id=checked_id(deployment), passphrase=passphrase)
    say({"recipient": made.recipient, "unit_key": str(made.path), "digest": made.digest}, json_)


@unit.command("check")
@unit_argument
@click.argument("deployment")
@gate_options
@as_json
def check_command(home: UnitHome, deployment: str, json_: bool, **given: Any) -> None:
    """Ask the gate whether DEPLOYMENT may start; starts nothing. Exit code 4 and the rule when it may not."""
    clock, me = clock_from_environment(), identities.load(home)
    wish = wished(deployment, **given)
    with any_journal(home, clock) as journal:
        passed = check(home=home, packs_dir=private_home().packs, identity=me, journal=journal, clock=clock, wish=wish).passed
    window = passed.authority.body.window
    would_block = [{"rule_id": finding.rule_id, "text": finding.text} for finding in passed.would_block]
    answer: dict[str, object] = {"passed": True, "would_block": would_block, "decision": passed.decision, "bundle": passed.bundle_digest}
    say({**answer, "certificate": passed.certificate_digest, "window": {"start": window.start, "end": window.end}}, json_)


@unit.command()
@unit_argument
@click.option("--who", help="Your id; the unit's own when left out.")
@as_json
def stop(home: UnitHome, who: str | None, json_: bool) -> None:
    """Stop the running deployment within a moment."""
    clock, me = clock_from_environment(), identities.load(home)
    with any_journal(home, clock) as journal:
        seen = journal.ask(asking.LookAtUnit(), answers.UnitSeen)
        running = [one for one in seen.deployments if one.state in RUNNING]
        if not running:
            raise BadInput("no deployment is running on this unit")
        for one in running:
            order = asking.Order(deployment_id=one.deployment_id, what="stop", who=checked_id(who) if who else me.unit_id)
            journal.ask(order, answers.Done)
    say({"ordered": [one.deployment_id for one in running]}, json_)


@unit.command()
@unit_argument
@click.option("--who", required=True, help="Your person id; the roster must give you the role silver.")
@as_json
def release(home: UnitHome, who: str, json_: bool) -> None:
    """As Silver, let matching go on after the monitor of false alerts suspended it (R54)."""
    clock = clock_from_environment()
    identities.load(home)
    with any_journal(home, clock) as journal:
        seen = journal.ask(asking.LookAtUnit(), answers.UnitSeen)
        waiting = [one for one in seen.deployments if one.state == State.SUSPENDED]
        if not waiting:
            raise BadInput("no deployment on this unit waits for Silver")
        for one in waiting:
            journal.ask(asking.Order(deployment_id=one.deployment_id, what="release", who=checked_id(who)), answers.Done)
    say({"released": [one.deployment_id for one in waiting]}, json_)


@unit.command("purge")
@unit_argument
@click.argument("deployment")
@as_json
def purge_command(home: UnitHome, deployment: str, json_: bool) -> None:
    """Destroy DEPLOYMENT's one-use key and certify it; repeating it is safe."""
    clock, me = clock_from_environment(), identities.load(home)
    with any_journal(home, clock) as journal:
        done = purge(home=home, identity=me, journal=journal, clock=clock, deployment_id=checked_id(deployment))
    say(purged(done), json_)


@unit.command("sync")
@unit_argument
@click.argument("deployment")
@as_json
def sync_command(home: UnitHome, deployment: str, json_: bool) -> None:
    """Put the next signed package of the ledger into the outbox."""
    clock = clock_from_environment()
    identities.load(home)
    with any_journal(home, clock) as journal:
        made = sync(home=home, journal=journal, deployment_id=checked_id(deployment))
    say({"sync": str(made.path), "sequence": made.sequence, "size": made.size, "root": made.root}, json_)


@unit.command("recover")
@unit_argument
@as_json
def recover_command(home: UnitHome, json_: bool) -> None:
    """After a power cut: end what was left running, finish every purge, erase what is due."""
    clock, me = clock_from_environment(), identities.load(home)
    with any_journal(home, clock) as journal:
        done = recover(home=home, identity=me, journal=journal, clock=clock)
    say({"ended": done.ended, "purges": [purged(one) for one in done.purges], "erased_alerts": done.erased}, json_)


unit.add_command(run)
