"""`lfr benchmark`: measurements that anybody can repeat, always beside what a user would pick instead."""

import importlib
import json
import time
from pathlib import Path

import click

from governance.home import home_from_environment
from lfr_engine.benchmark.machine import this_machine
from lfr_engine.benchmark.material import material_in
from lfr_engine.benchmark.result import Report, Row
from lfr_engine.evaluation.crowd import CrowdPlan, draw_crowds
from lfr_engine.evaluation.rehearsal_rates import RehearsalRates, rehearsal_rates
from lfr_engine.evaluation.split import Half, people_of
from lfr_engine.packs.build import NAME
from lfr_engine.packs.store import open_pack
from webui.cli.models import progress
from webui.cli.results import require_place_for, write_whole

# In the order in which `all` runs them; each is a module with `measure(material, quick=, say=)`.
_ALL = {
    "pipeline": "frames a second, recognition and floor on the crowd clip, against a loop over every face of every frame",
    "recognition": "2,000 rehearsal passages, paired with the same loop",
    "latency": "from the frame with the deciding view to the alert, two cameras at live pace",
    "search": "1,000,000 templates, against FAISS and NumPy",
    "enrol": "2,000 photos, against one by one",
    "selfcheck": "devices and precisions, against fp32 ONNX Runtime",
}
_SOAK = {"soak": "one hour, four cameras, 20,000 people: memory at the start and at the end"}


@click.group()
def benchmark() -> None:
    """Measure recognition and speed on this machine."""


def _measure(names: tuple[str, ...], folder: Path | None, quick: bool, json_path: Path | None, plots: Path | None) -> None:
    """Run the named benchmarks one after the other; what is there already is shown even where a later one fails."""
    require_place_for(json_path)
    material = material_in(folder, home_from_environment().packs)
    rows: list[Row] = []
    machine = this_machine()
    for name in names:
        began_s = time.monotonic()
        progress(f"{name}: started")
        module = importlib.import_module(f"lfr_engine.benchmark.{name}")
        rows += module.measure(material, quick=quick, say=progress)
        progress(f"{name}: {time.monotonic() - began_s:.0f} s")
        if json_path:
            write_whole(json_path, json.dumps(Report(tuple(rows), machine).as_json(), indent=1) + "\n")
    report = Report(tuple(rows), machine)
    if plots:
        report.write_plots(plots)
    click.echo(report.as_table())


def _add(name: str, names: tuple[str, ...], text: str) -> None:
    @benchmark.command(name, help=f"Measure {text}.")
    @click.option("--material", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Labelled faces, clip and packs.")
    @click.option("--quick", is_flag=True, help="Smaller: says whether it runs, not how well.")
    @click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures into this file.")
    @click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Write a picture of each row into this folder.")
    def command(material: Path | None, quick: bool, json_path: Path | None, plots: Path | None) -> None:
        _measure(names, material, quick, json_path, plots)


for _name, _text in {**_ALL, **_SOAK}.items():
    _add(_name, (_name,), _text)
_add("all", tuple(_ALL), "everything but the soak")


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
