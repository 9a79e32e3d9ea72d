"""`lfr office`: the ceremony, what comes in from units, what goes out to them, the export, and the pages."""

import json
from datetime import timedelta
from pathlib import Path

import click

from governance.authenticator import SoftwareAuthenticator
from governance.export import make_export
from governance.home import private_home
from governance.messages.decision import Action, Assertion
from governance.messages.payload import Mode
from governance.messages.roster import Rank, Role
from governance.office import authorities, ceremony, handover, records, sealing, syncing, witnessing
from governance.office.store import Actor, Office, open_office
from lfr_engine.clock import clock_from_environment
from lfr_engine.errors import BadInput, Refused
from lfr_engine.packs.store import open_pack

_PATH = click.Path(path_type=Path)


def the_office() -> Office:
    """The office of LFR_HOME."""
    return open_office(private_home().office, clock_from_environment())


@click.group()
def office() -> None:
    """Run the governance office of LFR_HOME."""


@office.command()
@click.option("--force", required=True, help="Short name of the police force, part of every ledger's name.")
@click.option("--people", type=_PATH, required=True, help="JSON list of {person_id, name, rank, roles}; at least three people.")
@click.option("--witness", "witnesses", multiple=True, required=True, help="VKEY@URL of a witness; more than once for several.")
@click.option("--root-keys", type=_PATH, required=True, help="Folder for the offline root keys; take it away afterwards.")
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default=Mode.DEMONSTRATION.value, show_default=True)
@click.option("--origin", "origins", multiple=True, default=("http://localhost:8080",), show_default=True)
def init(force: str, people: Path, witnesses: tuple[str, ...], root_keys: Path, mode: str, origins: tuple[str, ...]) -> None:
    """The ceremony: root keys, office keys, the first roster."""
    made = ceremony.init_office(
        private_home().office,
        root_folder=root_keys,
        force=force,
        mode=Mode(mode),
        people=_people(people),
        witnesses=[ceremony.WitnessSpec(*_witness(text)) for text in witnesses],
        origins=origins,
        clock=clock_from_environment(),
    )
    click.echo(f"office of {force} in {made.home.root}; roster version {made.roster.roster.version}")
    click.echo(f"pin this on every unit and verifier: {made.home.root / 'root.vkey'}")


@office.command("enrol-unit")
@click.argument("enrolment", type=_PATH)
@click.option("--root-keys", type=_PATH, required=True)
def enrol_unit(enrolment: Path, root_keys: Path) -> None:
    """Add a unit to the roster, signed by the root keys."""
    made = the_office()
    ceremony.enrol_unit(made, ceremony.Enrolment.read(enrolment), root_folder=root_keys)
    click.echo(f"roster version {made.roster.roster.version}")


@office.command()
def witness() -> None:
    """Bring the ledger before the witnesses now."""
    click.echo(witnessing.cosigned_checkpoint(the_office()), nl=False)


@office.command()
@click.argument("deployment")
def prove(deployment: str) -> None:
    """Attach the inclusion proof to an authority whose witness was down when it was granted."""
    authorities.attach_proof(the_office(), deployment)
    click.echo("the authority is under a cosigned checkpoint")


@office.command("receive-key")
@click.argument("file", type=_PATH)
def receive_key(file: Path) -> None:
    """Take in the public half of a unit's one-use key."""
    click.echo(sealing.receive_unit_key(the_office(), read_file(file)).recipient)


@office.command()
@click.argument("deployment")
@click.option("--compiler", required=True, help="Person id of the compiler.")
@click.option("--valid-for-s", type=click.IntRange(1, 86_400), default=None, help="Shorten the bundle's life.")
def seal(deployment: str, compiler: str, valid_for_s: int | None) -> None:
    """Seal the approved list for the unit's one-use key (demonstration: a software authenticator asserts)."""
    made = the_office()
    valid_for = None if valid_for_s is None else timedelta(seconds=valid_for_s)
    prepared = sealing.compile_bundle(made, Actor(compiler, Role.COMPILER), deployment, valid_for=valid_for)
    click.echo(sealing.seal(made, assert_in_software(made, compiler, Action.SEAL, prepared.document), prepared))


@office.command("hand-over")
@click.argument("deployment")
@click.argument("folder", type=_PATH)
def hand_over(deployment: str, folder: Path) -> None:
    """Write everything the unit needs into FOLDER."""
    click.echo(handover.hand_over(the_office(), deployment, folder))


@office.command()
@click.argument("file", type=_PATH)
def receive(file: Path) -> None:
    """Take in a unit's sync package."""
    taken = syncing.receive(the_office(), read_file(file))
    click.echo(f"unit {taken.unit_id}: {taken.size} entries")


@office.command()
@click.argument("deployment")
@click.option("--silver", required=True, help="Person id of Silver.")
@click.option("--officer", required=True, help="Person id of the authorising officer.")
def record(deployment: str, silver: str, officer: str) -> None:
    """Count, assert and publish the deployment record (demonstration: software authenticators assert)."""
    made = the_office()
    document = records.prepare(made, deployment)
    assertions = [assert_in_software(made, person, Action.PUBLISH, document) for person in (silver, officer)]
    records.publish(made, document, assertions)
    click.echo(json.dumps(json.loads(document)["body"], indent=1))


@office.command()
@click.argument("folder", type=_PATH)
@click.option("--who", required=True, help="Person id of who takes the export.")
@click.option("--why", required=True, help="The reason, which is logged.")
def export(folder: Path, who: str, why: str) -> None:
    """Write the auditor's export for lfr-verify."""
    made = the_office()
    person = made.roster.person(who, Role.OVERSIGHT, Role.DPO, Role.ADMINISTRATOR)
    click.echo(make_export(made, Actor(who, person.roles[0]), folder, justification=why))


@office.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--pack", default="open-default", show_default=True, help="The pack photos are enrolled with.")
def serve(port: int, pack: str) -> None:
    """Serve the office's pages on http://localhost."""
    from webui.office.serve import serve_office  # the pages are not needed by the other commands

    serve_office(the_office(), open_pack(pack, private_home().packs), port)


def assert_in_software(made: Office, person_id: str, action: Action, document: bytes) -> Assertion:
    """An assertion by the software authenticator the ceremony made; only outside operational mode (R33)."""
    if made.mode is Mode.OPERATIONAL:
        raise Refused(
            "a software authenticator cannot sign in operational mode", rule_ids=("R33",), next_step="use the pages and a passkey"
        )
    key = SoftwareAuthenticator.load(person_id, made.home.keys / "authenticators" / f"{person_id}.key")
    roster = made.roster.roster
    return key.sign(action, document, rp_id=roster.rp_id, origin=roster.origins[0])


def read_file(path: Path) -> bytes:
    """A handed-in file. Raises BadInput where it is missing or far too large."""
    try:
        if path.stat().st_size > 128 * 2**20:
            raise BadInput(f"{path} is larger than anything a unit sends")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _people(path: Path) -> list[ceremony.PersonSpec]:
    try:
        return [
            ceremony.PersonSpec(one["person_id"], one["name"], Rank(one["rank"]), tuple(Role(role) for role in one["roles"]))
            for one in json.loads(read_file(path))
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is not a list of people: {error}", next_step="lfr office init --help gives its form") from error


def _witness(text: str) -> tuple[str, str]:
    vkey, _, url = text.rpartition("@")
    if not vkey or not url.startswith(("http://", "https://")):
        raise BadInput(f"{text!r} is not VKEY@URL", next_step="lfr-witness init DIR --name NAME prints the key")
    return vkey, url
