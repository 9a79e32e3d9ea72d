"""`lfr models`: build the default pack, list the packs there are, verify one byte by byte, check what computes it."""

import json
from pathlib import Path

import click

from governance.home import home_from_environment
from lfr_engine.clock import clock_from_environment, format_utc
from lfr_engine.errors import Refused
from lfr_engine.inference import Backend, Precision, Runtime, default_runtime
from lfr_engine.packs.build import NAME, build_open_default
from lfr_engine.packs.manifest import Manifest, known_manifests
from lfr_engine.packs.reference_faces import reference_photos
from lfr_engine.packs.selfcheck import check
from lfr_engine.packs.store import checked_files, find_pack
from lfr_engine.packs.verdict import RULES, Verdict, store
from webui.cli.background import background
from webui.cli.certify import certify
from webui.cli.compare_groups import compare_groups
from webui.cli.conform import conform_command
from webui.cli.register import clear, monitors, move, register_command


def progress(line: str) -> None:
    """One line of progress on standard error."""
    click.echo(line, err=True)


def runtime_of(backend: str | None, precision: str) -> Runtime:
    """What `--backend` and `--precision` ask for."""
    return Runtime(Backend(backend) if backend else default_runtime().backend, Precision(precision))


@click.group()
def models() -> None:
    """Model packs, their certificates, and the register of which pipelines may be used."""


@models.command()
@click.argument("name", type=click.Choice([NAME]))
def build(name: str) -> None:
    """Build a pack from the installed packages; one that stands there whole is left alone."""
    click.echo(build_open_default(home_from_environment().packs, progress))


@models.command(name="list")
def list_packs() -> None:
    """The packs this program knows, and whether they are installed."""
    packs = home_from_environment().packs
    for known in known_manifests():
        installed = "installed" if (packs / known.name).is_dir() else "not installed"
        click.echo(f"{known.name}: {known.title}; use: {known.use}; threshold {known.threshold.value}; {installed}")


@models.command()
@click.argument("name_or_dir", metavar="NAME|DIR")
def verify(name_or_dir: str) -> None:
    """Check every byte of a pack against its manifest."""
    manifest, _ = checked_files(find_pack(name_or_dir, home_from_environment().packs))
    click.echo(_described(manifest))


@models.command()
@click.argument("pack", default=NAME, metavar="[NAME|DIR]")
@click.option("--backend", type=click.Choice([one.value for one in Backend]), help="What computes; default: what would compute here.")
@click.option(
    "--precision", type=click.Choice([one.value for one in Precision]), default="fp32", show_default=True, help="How numbers are held."
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def selfcheck(pack: str, backend: str | None, precision: str, as_json: bool) -> None:
    """Compare a runtime with fp32 ONNX Runtime on photos, and keep the verdict: below fp32 a pack opens only with one that passed."""
    packs = home_from_environment().packs
    runtime = runtime_of(backend, precision)
    verdict = check(find_pack(pack, packs), runtime, reference_photos(), format_utc(clock_from_environment().now_utc()))
    path = store(packs, verdict, runtime)
    click.echo(json.dumps(verdict.as_json(), indent=1) if as_json else _said(verdict, path))
    if not verdict.passed:
        raise Refused(f"{verdict.pack} must not be computed so", rule_ids=RULES, next_step="use fp32, or another backend")


def _said(verdict: Verdict, path: Path) -> str:
    seen = verdict.comparison
    return "\n".join(
        [
            f"{verdict.pack} with {verdict.runtime}, beside {verdict.reference}, on {verdict.processor}",
            f"faces {seen.faces}, found by one only {seen.faces_missed}, furthest landmark {seen.largest_shift:.4f} eye distances",
            f"templates of the same crop: cosine {seen.least_cosine:.6f} or more",
            f"scores of {seen.pairs} pairs: largest change {seen.largest_drift:.6f}; same and different people are {seen.gap:.3f} apart",
            f"decisions at the default threshold: {seen.decisions_changed} changed",
            ("passed" if verdict.passed else "FAILED: " + "; ".join(verdict.failings)) + f"; kept in {path}",
        ]
    )


models.add_command(background)
models.add_command(conform_command)
for _command in (certify, register_command, move, clear, compare_groups, monitors):
    models.add_command(_command)


def _described(manifest: Manifest) -> str:
    lines = [f"{manifest.name}: {manifest.title}", f"pack digest {manifest.pack_digest()}", f"use: {manifest.use}"]
    lines += [f"{file.name}: {file.sha256}; {file.licence}; from {file.origin}" for file in manifest.files]
    lines.append(f"default threshold {manifest.threshold.value}: {manifest.threshold.chosen}")
    return "\n".join(lines)
