"""`lfr benchmark`: measurements that anybody can repeat."""

import json
from pathlib import Path

import click

from governance.home import home_from_environment
from lfr_engine.evaluation.crowd import CrowdPlan, draw_crowds
from lfr_engine.evaluation.rehearsal_rates import RehearsalRates, rehearsal_rates
from lfr_engine.evaluation.split import Half, people_of
from lfr_engine.packs.build import NAME
from lfr_engine.packs.store import open_pack
from webui.cli.models import progress


@click.group()
def benchmark() -> None:
    """Measure recognition and speed on this machine."""


@benchmark.command()
@click.option("--pack", "pack_name", default=NAME, show_default=True, help="Name or folder of a model pack.")
@click.option("--faces", type=click.Path(path_type=Path), required=True, help="Folder of labelled photos, NAME/NAME_NNNN.jpg.")
@click.option("--passages", default=160, show_default=True, type=click.IntRange(1, 100_000), help="Listed passages, at least.")
@click.option("--threshold", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Instead of the pack's own.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 1_000_000))
@click.option("--half", type=click.Choice([str(half) for half in Half]), default=str(Half.UNSEEN), show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures into this file.")
def rehearsal(pack_name: str, faces: Path, passages: int, threshold: float | None, seed: int, half: str, json_path: Path | None) -> None:
    """Recognition on rehearsal clips of people on whom no threshold was chosen."""
    crowds = draw_crowds(people_of(faces, Half(half)), CrowdPlan(), listed_passages=passages, seed=seed)
    pack = open_pack(pack_name, home_from_environment().packs)
    rates = rehearsal_rates(crowds, pack, threshold=threshold or pack.default_threshold, say=progress)
    if json_path:
        json_path.write_text(json.dumps({"seed": seed, "half": half, **rates.as_json()}, indent=1) + "\n", "utf-8")
    click.echo(_table(rates))


def _table(rates: RehearsalRates) -> str:
    figures = rates.as_json()
    return "\n".join(
        (
            f"pack              {rates.pack}, threshold {rates.threshold}",
            f"recognised        {rates.recognised} of listed passages",
            f"false names       {figures['false_names']} in {len(rates.clips)} clips {figures['false_names_per_clip']}",
            f"passages counted  {figures['passages_counted']} of {figures['passages_true']}",
            f"refused photos    {figures['references_refused']}",
            f"seconds           {figures['seconds']}",
        )
    )
