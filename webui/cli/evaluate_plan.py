"""`lfr evaluate plan`: write down what will be measured, and log it before any run; and the log of each run given a plan (R100)."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from governance.home import home_from_environment
from governance.messages.payload import signed
from governance.messages.plan import Criterion, Plan, PlannedData, Side, Test
from governance.office import plans
from governance.office.plans import Begun
from governance.office.store import Office
from lfr_engine.errors import BadInput, Refused
from lfr_engine.evaluation.data_digest import digest_of_data, files_in_data
from lfr_engine.packs.store import OpenPack, open_pack
from watchlist.sealing.keys import SigningKey
from webui.cli.office import read_file, the_office
from webui.cli.results import require_place_for

_FILE = click.Path(path_type=Path)
_ROLES = "Material by its role: pairs=CSV (verification), crowd=DIR (crowd), faces=DIR (the others); groups=CSV where used."
_SIGNS = {">=": Side.AT_LEAST, "<=": Side.AT_MOST}


@click.command("plan")
@click.argument("pack")
@click.option("--test", type=click.Choice([test.value for test in Test]), required=True, help="The evaluation that will be run.")
@click.option("--data", "data", multiple=True, required=True, metavar="ROLE=PATH", help=_ROLES)
@click.option("--threshold", "thresholds", multiple=True, help="Thresholds to be tried, as decimals.")
@click.option("--require", "required", multiple=True, required=True, metavar="FIGURE>=VALUE", help="What counts as a pass; also <=.")
@click.option("--title", required=True, help="What the test is called.")
@click.option("--purpose", required=True, help="What it is to show.")
@click.option("--data-statement", required=True, help="Who the people are, how they were recorded, with whose consent.")
@click.option("--key", type=_FILE, required=True, help="The test body's signing key.")
@click.option("--out", type=_FILE, required=True, help="Where to write the signed plan.")
def plan_command(pack: str, data: tuple[str, ...], key: Path, out: Path, **said: Any) -> None:
    """Sign a plan for testing PACK and log it in the office's ledger, before any run.

    Give the plan to every run of it: lfr evaluate ... --plan FILE. Every run is logged, failed and aborted ones too, and a
    certificate names them all.
    """
    require_place_for(out)
    office, opened, signer = the_office(), open_pack(pack, home_from_environment().packs), SigningKey.load(key)
    body = planned(office, opened, data=dict(_role(text) for text in data), key=signer, **said)
    envelope = signed(body, signer, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R100",))
    out.write_bytes(envelope)
    digest = plans.register_plan(office, envelope)
    click.echo(f"plan {digest} is logged and cosigned; {out} goes to every run: lfr evaluate {body.test.value} ... --plan {out}")


def planned(
    office: Office,
    pack: OpenPack,
    *,
    test: str,
    data: Mapping[str, Path],
    thresholds: tuple[str, ...],
    required: tuple[str, ...],
    title: str,
    purpose: str,
    data_statement: str,
    key: SigningKey,
) -> Plan:
    """The plan for this pack as it is opened here. Raises BadInput on what no plan can hold, Refused for a foreign key."""
    issuer = issuer_of(office, key)
    material = {role: (digest_of_data(path), files_in_data(path)) for role, path in sorted(data.items())}
    try:
        return Plan(
            title=title,
            purpose=purpose,
            data_statement=data_statement,
            test=Test(test),
            pack=pack.manifest.name,
            pack_digest=pack.pack_digest,
            pipeline_digest=pack.pipeline_digest,
            pipeline=pack.pipeline_facts,
            data=tuple(PlannedData(role=role, digest=digest, files=files) for role, (digest, files) in material.items()),
            thresholds=tuple(_decimal(text) for text in thresholds),
            criteria=tuple(_criterion(text) for text in required),
            issuer=issuer,
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BadInput(f"no plan can hold {place}: {first['msg']}", next_step="correct that option") from error


def issuer_of(office: Office, key: SigningKey) -> str:
    """The test body of the roster that holds this key. Raises Refused (R37) when none does."""
    for body in office.roster.roster.test_bodies:
        if body.spki == key.public.text:
            return body.name
    raise Refused("no test body of the roster holds this key", rule_ids=("R37",), next_step="use the key of a body that the roster names")


class RunLog:
    """One run as the office's ledger knows it; `facts` go into the result, `finished` takes the result's exact bytes."""

    def __init__(self, begun: Begun | None) -> None:
        self.begun = begun
        self.result: bytes | None = None

    @property
    def facts(self) -> dict[str, object] | None:
        """`{"plan": digest, "run": ordinal}`, or None: this run is not registered."""
        return {"plan": self.begun.digest, "run": self.begun.ordinal} if self.begun else None

    def finished(self, result: bytes) -> None:
        """The measurement is done, and this is its JSON, byte for byte."""
        self.result = result


@contextmanager
def registered_run(
    plan: Path | None, *, test: str, pack: OpenPack, data: Mapping[str, Path], threshold: str | None = None
) -> Iterator[RunLog]:
    """Log a run of `plan` from its beginning to its end; whatever is raised inside is an aborted run. Without a plan: nothing.

    Raises Refused (R100) where plan, pipeline or material do not fit, before anything is measured.
    """
    if plan is None:
        yield RunLog(None)
        return
    with logged_run(the_office(), read_file(plan), test=test, pack=pack, data=data, threshold=threshold) as run:
        yield run


@contextmanager
def logged_run(
    office: Office, envelope: bytes, *, test: str, pack: OpenPack, data: Mapping[str, Path], threshold: str | None = None
) -> Iterator[RunLog]:
    """The same for an office and a plan that are open already."""
    plan = plans.read_plan(office, envelope)
    if plan.test != test:
        raise Refused(f"this plan is for {plan.test.value}, not for {test}", rule_ids=("R100",), next_step="run the test that was planned")
    if threshold is not None and plan.thresholds and Decimal(threshold) not in map(Decimal, plan.thresholds):
        raise Refused(
            f"the plan does not name the threshold {threshold}", rule_ids=("R100",), next_step=f"it names {', '.join(plan.thresholds)}"
        )
    digests = {role: digest_of_data(path) for role, path in data.items()}
    run = RunLog(plans.begin(office, envelope, pipeline_digest=pack.pipeline_digest, data=digests))
    assert run.begun is not None
    try:
        yield run
    finally:
        line = plans.end(office, run.begun, run.result)
        click.echo(f"run {line.ordinal} of this plan {line.outcome}; logged", err=True)


def plan_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--plan FILE` for a command that measures: the argument `plan` is a path or None."""

    @click.option("--plan", type=_FILE, help="A registered plan: this run is logged as one of it.")
    @functools.wraps(command)
    def with_plan(*arguments: Any, **given: Any) -> Any:
        return command(*arguments, **given)

    return with_plan


def _role(text: str) -> tuple[str, Path]:
    role, mark, path = text.partition("=")
    if not mark or not role or not path:
        raise BadInput(f"{text!r} is not ROLE=PATH", next_step="for example: --data faces=FOLDER")
    return role, Path(path)


def _criterion(text: str) -> Criterion:
    for sign, side in _SIGNS.items():
        figure, mark, value = text.partition(sign)
        if mark and figure.strip():
            return Criterion(figure=figure.strip(), side=side, value=_decimal(value.strip()))
    raise BadInput(f"{text!r} is no criterion", next_step="for example: --require 'recognised.value>=0.85'")


def _decimal(text: str) -> str:
    """As messages carry numbers: digits, a point, at most nine digits after it."""
    try:
        digits = f"{float(text):.9f}".rstrip("0")
    except ValueError as error:
        raise BadInput(f"{text!r} is no number", next_step="a decimal number, for example 0.85") from error
    return digits + "0" if digits.endswith(".") else digits
