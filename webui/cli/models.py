"""`lfr models`: build the default pack, list the packs there are, verify one byte by byte."""

import click

from governance.home import home_from_environment
from lfr_engine.packs.build import NAME, build_open_default
from lfr_engine.packs.manifest import Manifest, known_manifests
from lfr_engine.packs.store import checked_files, find_pack


def progress(line: str) -> None:
    """One line of progress on standard error."""
    click.echo(line, err=True)


@click.group()
def models() -> None:
    """Build, list and verify model packs."""


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


def _described(manifest: Manifest) -> str:
    lines = [f"{manifest.name}: {manifest.title}", f"pack digest {manifest.pack_digest()}", f"use: {manifest.use}"]
    lines += [f"{file.name}: {file.sha256}; {file.licence}; from {file.origin}" for file in manifest.files]
    lines.append(f"default threshold {manifest.threshold.value}: {manifest.threshold.chosen}")
    return "\n".join(lines)
