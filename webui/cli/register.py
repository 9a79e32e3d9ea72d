"""`lfr models register` and the steps in it that people take: adopt, report a change, suspend, reopen, clear, retire (R55, R98, R99)."""

import json
from pathlib import Path

import click

from governance.messages.model import ModelState, Need
from governance.messages.payload import digest_of
from governance.messages.roster import Role
from governance.monitors import characteristics
from governance.monitors.false_alerts import look
from governance.office import certificates, register
from governance.office.register import RegisteredPipeline
from governance.office.store import Actor, Office
from governance.rules.model_states import Cause
from lfr_engine.errors import BadInput
from webui.cli.office import read_file, the_office

_FILE = click.Path(path_type=Path)
# What people do, the state it leads to, why, and who may: adopting and clearing is never the operators' own business (R38).
_STEPS: dict[str, tuple[ModelState, Cause, tuple[Role, ...]]] = {
    "adopt": (ModelState.OPERATIONAL, Cause.ADOPTED, (Role.DPO, Role.AUTHORISING_OFFICER)),
    "change": (ModelState.UNDER_REVIEW, Cause.CHANGE, (Role.ADMINISTRATOR, Role.SILVER, Role.DPO, Role.AUTHORISING_OFFICER)),
    "supplier": (ModelState.UNDER_REVIEW, Cause.SUPPLIER, (Role.ADMINISTRATOR, Role.SILVER, Role.DPO, Role.AUTHORISING_OFFICER)),
    "retest-due": (ModelState.UNDER_REVIEW, Cause.RETEST_DUE, (Role.ADMINISTRATOR, Role.DPO, Role.AUTHORISING_OFFICER)),
    "suspend": (ModelState.SUSPENDED, Cause.ORDER, (Role.SILVER, Role.DPO, Role.OVERSIGHT, Role.AUTHORISING_OFFICER)),
    "reopen": (ModelState.UNDER_REVIEW, Cause.ORDER, (Role.DPO, Role.AUTHORISING_OFFICER)),
    "retire": (ModelState.RETIRED, Cause.WITHDRAWN, (Role.DPO, Role.AUTHORISING_OFFICER)),
}
_CLEARING: dict[Need, tuple[Role, ...]] = {
    Need.HUMAN_REVIEW: (Role.DPO, Role.AUTHORISING_OFFICER),
    Need.ETHICS_REFERRAL: (Role.OVERSIGHT,),  # the ethics committee's own answer, entered by them and by nobody else
}


@click.command("register")
@click.option("--json", "json_", is_flag=True, help="Print JSON, errors too.")
def register_command(json_: bool) -> None:
    """List every pipeline with its state, what its review needs, its certificates and its cumulative monitor."""
    office = the_office()
    with office.read() as session:
        lines = [_line(office, row) for row in register.listing(session)]
    click.echo(json.dumps(lines) if json_ else "\n".join(_told(line) for line in lines) or "no pipeline is registered")


@click.command("move")
@click.argument("pipeline")
@click.argument("step", type=click.Choice(list(_STEPS)))
@click.option("--who", required=True, help="Your person id; the roster decides whether you may.")
def move(pipeline: str, step: str, who: str) -> None:
    """Take a STEP in the register for PIPELINE (a digest, or enough of its beginning).

    adopt: from certified into real use. change, supplier, retest-due: into review. suspend: by order. reopen: from suspended
    into review. retire: for good.
    """
    office = the_office()
    becomes, cause, roles = _STEPS[step]
    actor = acting(office, who, roles)
    with office.transaction() as session:
        row = found_in(register.listing(session), pipeline)
        register.move(office, session, row, becomes, cause, actor)
    click.echo(f"{row.model} is {becomes.value.replace('_', ' ')}; needs {row.needs or 'nothing'}")


@click.command("clear")
@click.argument("pipeline")
@click.argument("need", type=click.Choice([need.value for need in _CLEARING]))
@click.option("--who", required=True, help="Your person id.")
@click.option("--evidence", type=_FILE, required=True, help="The document that shows it; its digest is logged, the file stays with you.")
def clear(pipeline: str, need: str, who: str, evidence: Path) -> None:
    """Enter that a review of PIPELINE had its human review or its ethics committee. A retest is cleared by `lfr models certify`."""
    office = the_office()
    actor = acting(office, who, _CLEARING[Need(need)])
    with office.transaction() as session:
        row = found_in(register.listing(session), pipeline)
        register.clear(office, session, row, Need(need), digest_of(read_file(evidence)), actor)
    click.echo(f"{row.model} is {row.state.replace('_', ' ')}; still needs {row.needs or 'nothing'}")


@click.command("monitors")
@click.option("--passages", type=click.IntRange(1_000, 10_000_000), default=100_000, show_default=True)
@click.option("--runs", type=click.IntRange(10, 100_000), default=2_000, show_default=True)
def monitors(passages: int, runs: int) -> None:
    """Simulate the monitor of false alerts: how often it stops a healthy pipeline, and how soon a bad one."""
    click.echo(characteristics.table(passages=passages, runs=runs))


def acting(office: Office, who: str, roles: tuple[Role, ...]) -> Actor:
    """Who acts, in the first of these roles that the roster gives them. Raises Refused (R33)."""
    person = office.roster.person(who, *roles)
    return Actor(who, next(role for role in roles if role in person.roles))


def found_in(rows: list[RegisteredPipeline], text: str) -> RegisteredPipeline:
    """The one pipeline whose digest begins so. Raises BadInput."""
    wanted = text.removeprefix("sha256:")
    found = [row for row in rows if row.pipeline_digest.removeprefix("sha256:").startswith(wanted)]
    if len(found) != 1:
        raise BadInput(f"{len(found)} pipelines have a digest that begins with {wanted[:20]!r}", next_step="lfr models register")
    return found[0]


def _line(office: Office, row: RegisteredPipeline) -> dict[str, object]:
    with office.read() as session:
        monitored = look(register.cumulative(session, row))
        held = [one.digest for one in certificates.of_pipeline(session, row.pipeline_digest)]
    return {
        "model": row.model,
        "pipeline_digest": row.pipeline_digest,
        "state": row.state,
        "since": row.since,
        "needs": row.needs.split(),
        "predecessor": row.predecessor,
        "certificates": held,
        "monitor": {**monitored.cumulative.model_dump(), "lower": monitored.lower, "lower_worst": monitored.lower_worst},
        "wording": monitored.wording,
    }


def _told(line: dict[str, object]) -> str:
    needs = line["needs"]
    waits = f"; needs {', '.join(map(str, needs))}" if isinstance(needs, list) and needs else ""
    state = str(line["state"]).replace("_", " ")
    return f"{line['model']} {line['pipeline_digest']}\n  {state} since {line['since']}{waits}\n  {line['wording']}"
