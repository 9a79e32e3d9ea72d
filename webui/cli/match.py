"""`lfr match`: one video file against one list, for tests. No authority, so no camera: it opens files only."""

import hashlib
import json
from pathlib import Path

import click

from governance.home import home_from_environment
from governance.match_uses import count_test_use
from lfr_engine.clock import clock_from_environment
from lfr_engine.inference import Backend, Precision, Runtime
from lfr_engine.match import MARK, ListedPhoto, MatchResult, match_video
from lfr_engine.packs.build import NAME, build_open_default
from lfr_engine.packs.store import OpenPack, open_pack
from watchlist.intake.table import read_table
from webui.cli.models import progress, runtime_of
from webui.cli.results import require_place_for, write_whole


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option("--watchlist", required=True, type=click.Path(path_type=Path), help="CSV with the columns subject_ref and image.")
@click.option("--pack", "pack_name", default=NAME, show_default=True, metavar="NAME|DIR", help="A model pack by name, or its folder.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Least similarity of a candidate; default: the pack's."
)
@click.option("--backend", type=click.Choice([one.value for one in Backend]), help="What computes; default: what fits this machine.")
@click.option(
    "--precision", type=click.Choice([one.value for one in Precision]), default="fp32", show_default=True, help="How numbers are held."
)
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write the result there as JSON.")
def match(
    video: Path, watchlist: Path, pack_name: str, threshold: float | None, backend: str | None, precision: str, json_path: Path | None
) -> None:
    """Compare the video file VIDEO with a watchlist. The output is a TEST: nobody may be stopped on it."""
    require_place_for(json_path)
    rows = read_table(watchlist)
    pack = open_or_build(pack_name, runtime_of(backend, precision))
    result = match_video(
        video,
        [ListedPhoto(row.subject_ref, row.image, row.path) for row in rows],
        pack,
        threshold=pack.default_threshold if threshold is None else threshold,
        say=progress,
    )
    _count(result, video)
    if json_path is not None:
        write_whole(json_path, json.dumps(result.as_json(), indent=1) + "\n")
    _print(result)


def open_or_build(name: str, runtime: Runtime | None = None) -> OpenPack:
    """Open the pack; the default one is built where it is missing, which takes a few seconds and no network."""
    packs = home_from_environment().packs
    if name == NAME and not (packs / NAME).is_dir() and not Path(NAME).is_dir():
        build_open_default(packs, progress)
    return open_pack(name, packs, runtime)


def _count(result: MatchResult, video: Path) -> None:
    """Count this use in the local ledger before anything of its result is shown: no log, no result."""
    with video.open("rb") as file:
        digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    uses = count_test_use(
        home_from_environment().test_ledger,
        pack_digest=result.pack.pack_digest,
        enrolled=result.enrolled,
        video_digest=digest,
        clock=clock_from_environment(),
    )
    progress(f"this is use {uses} of lfr match on this machine; uses are counted in the local ledger")


def _print(result: MatchResult) -> None:
    counters = result.counters
    click.echo(f"{MARK} of {result.pack.manifest.name} at similarity {result.threshold:g}: no authority, no action")
    click.echo(
        f"{counters.frames} frames, {counters.passages} passages, {counters.faces} faces, {result.enrolled} enrolled, "
        f"{len(result.refused)} photos refused, {len(result.alerts)} candidates, {result.seconds:.1f} s"
    )
    for alert in result.alerts:
        candidate = alert.candidates[0]
        click.echo(f"  frames {alert.first_frame}-{alert.frame}: {candidate.entry_id} at {candidate.similarity:.3f}")
    if not result.complete:
        click.echo(f"the video is not complete: {result.why_incomplete}")
