"""`lfr evaluate`: error rates of a pipeline on labelled data, with intervals, by group, as JSON, HTML and PDF."""

from pathlib import Path

import click

from lfr_engine.evaluation.equality import GroupFigures, Trial, compare
from lfr_engine.evaluation.figures import identification_figures, verification_figures
from lfr_engine.evaluation.group_report import group_sections, groups_json
from lfr_engine.evaluation.groups import read_groups
from lfr_engine.evaluation.identification import identify
from lfr_engine.evaluation.pairs import read_pairs
from lfr_engine.evaluation.protocol import read_protocol
from lfr_engine.evaluation.still_reports import identification_sections, verification_sections
from lfr_engine.evaluation.stills import Use
from lfr_engine.evaluation.verification import verify
from webui.cli.calibrate import calibrate_command
from webui.cli.evaluate_crowd import crowd
from webui.cli.evaluate_plan import plan_command
from webui.cli.evaluate_quality import quality_command
from webui.cli.evaluate_run import Options, Run, begin_run, common_options, failures_of

_FILE = click.Path(path_type=Path)


@click.group()
def evaluate() -> None:
    """Measure a pipeline on labelled data: errors with intervals, by group."""


@evaluate.command()
@click.argument("pairs_csv", metavar="PAIRS.csv", type=_FILE)
@common_options
def verification(pairs_csv: Path, options: Options) -> None:
    """A smoke test: pairs of photos (image_a, image_b, same), each judged the same person or not."""
    material = read_pairs(pairs_csv)
    with begin_run("verification", options, {"pairs": pairs_csv}) as run:
        kept = run.templates(material.photos, Use.PROBE)
        found = verify(material, kept, seed=options.seed)
        scored = list(zip(material.pairs, found.scores.tolist(), strict=True))
        groups = _groups(
            run,
            [photo.person for photo in material.photos],
            [Trial(pair.a.person, score < run.threshold) for pair, score in scored if pair.same],
            [Trial(pair.a.person, score >= run.threshold) for pair, score in scored if not pair.same],
        )
        title, summary, sections = verification_sections(found)
        figures = verification_figures(found) | failures_of(kept) | {"groups": groups_json(groups)}
        label = f"Smoke test of {run.pack.manifest.name}"
        run.publish(
            title, label, summary, (*sections, *group_sections(groups, "strangers accepted, by the person of the first photo")), figures
        )


@evaluate.command()
@click.argument("faces", metavar="DIR", type=_FILE)
@click.option(
    "--fillers", default=0, show_default=True, type=click.IntRange(0, 500_000), help="Strangers enrolled to make the list longer."
)
@common_options
def identification(faces: Path, fillers: int, options: Options) -> None:
    """Open-set 1:N: listed people searched for with another photo, strangers with theirs (a folder per person, or protocol.csv)."""
    protocol = read_protocol(faces, seed=options.seed, fillers=fillers)
    with begin_run("identification", options, {"faces": faces}) as run:
        references = run.templates(protocol.enrolled, Use.REFERENCE)
        probes = run.templates((*protocol.mated, *protocol.nonmated), Use.PROBE)
        found = identify(protocol, references, probes, threshold=run.threshold, seed=options.seed)
        groups = _groups(
            run,
            [photo.person for photo in protocol.photos],
            [Trial(person, score < run.threshold) for person, score in zip(found.searches.mated_people, found.searches.mate, strict=True)],
            [
                Trial(person, score >= run.threshold)
                for person, score in zip(found.searches.nonmated_people, found.searches.stranger_best, strict=True)
            ],
        )
        title, summary, sections = identification_sections(found)
        figures = identification_figures(found) | failures_of(references | probes) | {"groups": groups_json(groups), "fillers": fillers}
        label = f"Technology test of {run.pack.manifest.name} on still photos"
        run.publish(title, label, summary, (*sections, *group_sections(groups, "strangers for whom somebody was returned")), figures)


def _groups(run: Run, people: list[str], misses: list[Trial], falses: list[Trial]) -> tuple[GroupFigures, ...]:
    if run.options.groups is None:
        return ()
    return compare(read_groups(run.options.groups, people), misses, falses, seed=run.options.seed)


evaluate.add_command(crowd)
evaluate.add_command(plan_command)
evaluate.add_command(calibrate_command)
evaluate.add_command(quality_command)
