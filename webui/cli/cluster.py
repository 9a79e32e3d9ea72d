"""`lfr cluster`: bulk enrolment, and the check of a long list for people who look alike, on one machine or many."""

import json
from pathlib import Path

import click

from governance.home import home_from_environment
from lfr_engine.cluster.bulk import Job, enrol_source
from lfr_engine.cluster.listfile import read_list
from lfr_engine.cluster.lookalikes import lookalikes
from lfr_engine.cluster.session import cluster as joined
from lfr_engine.cluster.sharded import ShardedGallery
from lfr_engine.packs.store import open_pack
from webui.cli.models import progress
from webui.cli.results import require_place_for, write_whole

_address = click.option("--address", metavar="HOST:PORT", help="Join this Ray cluster; without it one is started on this machine alone.")
_token_file = click.option(
    "--token-file", type=click.Path(path_type=Path), help="The cluster's token, in a file only you can read; required off this machine."
)


@click.group()
def cluster() -> None:
    """Work that is too much for one process, on Ray (extra `cluster`)."""


@cluster.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--pack", "pack_name", required=True, metavar="NAME|DIR", help="A model pack by name, or its folder.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder for the list.")
@click.option("--resume", is_flag=True, help="Go on with what was begun in that folder.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write what came of it there as JSON.")
@_address
@_token_file
def enrol(
    source: Path, pack_name: str, out: Path, resume: bool, json_path: Path | None, address: str | None, token_file: Path | None
) -> None:
    """Enrol every photo of SOURCE, a folder of folders NAME/*.jpg or such a folder as a zip archive.

    On a cluster of several machines source and pack lie at the same path on each, and nothing but names and templates is sent.
    """
    require_place_for(json_path)
    pack = open_pack(pack_name, home_from_environment().packs)
    with joined(address, token_file) as machines:
        manifest = enrol_source(Job(source, pack, out), machines, resume=resume, say=progress)
    if json_path is not None:
        write_whole(json_path, json.dumps(manifest.model_dump(), indent=1) + "\n")
    click.echo(f"{manifest.rows} photos enrolled in {out}; {manifest.refused} refused, with reasons in {out / 'refused.jsonl'}")


@cluster.command(name="lookalikes")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--threshold", required=True, type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Least similarity of a pair.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Write the pairs there as JSON lines.")
@click.option("--shards", type=click.IntRange(1, 4096), help="Parts to cut the list into; default: one for each machine.")
@_address
@_token_file
def find_lookalikes(folder: Path, threshold: float, out: Path, shards: int | None, address: str | None, token_file: Path | None) -> None:
    """Compare the list in FOLDER with itself: pairs of different people who reach the threshold, for review before anybody is sought."""
    require_place_for(out)
    listed = read_list(folder)
    with joined(address, token_file) as machines:
        pairs = lookalikes(listed, ShardedGallery(listed, machines, shards), threshold, progress)
    write_whole(out, "".join(json.dumps(pair.as_json()) + "\n" for pair in pairs))
    click.echo(f"{len(pairs)} pairs of different people at {threshold:g} or more, in {out}")
