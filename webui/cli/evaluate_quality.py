"""`lfr evaluate quality`: error-versus-discard characteristics of the quality measures (ISO/IEC 29794-1 and 29794-5)."""

from pathlib import Path

import click

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.discard import probe_trials
from lfr_engine.evaluation.discard_report import quality_curves, quality_figures, quality_sections
from lfr_engine.evaluation.material import read_faces
from lfr_engine.evaluation.split import Half, half_of
from lfr_engine.evaluation.stills import Use
from webui.cli.evaluate_run import Options, begin_run, common_options
from webui.cli.models import progress

_EVERYBODY = "everybody"


@click.command("quality")
@click.argument("faces", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--half", default=str(Half.CHOOSING), show_default=True, type=click.Choice([_EVERYBODY, *map(str, Half)]), help="Of whom.")
@common_options
def quality_command(faces: Path, half: str, options: Options) -> None:
    """Which quality measures foretell misses: people of DIR with two photos, the second made worse in known ways."""
    people = {name: photos for name, photos in read_faces(faces).items() if len(photos) > 1 and half in (_EVERYBODY, half_of(name))}
    if not people:
        raise BadInput(f"{faces} has nobody with two photos", next_step="give a folder with several photos per person")
    with begin_run("quality", options, {"faces": faces}) as run:
        kept = run.templates([photos[0] for photos in people.values()], Use.REFERENCE)
        references = {name: kept[photos[0].name] for name, photos in people.items()}
        trials = probe_trials(references, [photos[1] for photos in people.values()], run.pack, seed=options.seed, say=progress)
        curves = quality_curves(trials, run.threshold)
        summary, sections = quality_sections(trials, curves, run.threshold)
        figures = quality_figures(trials, curves, run.threshold)
        run.publish(f"Quality measures of {run.pack.manifest.name}", "Error versus discard", summary, sections, figures)
