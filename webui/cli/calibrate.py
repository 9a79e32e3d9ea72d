"""`lfr evaluate calibrate`: which threshold a list of each length asks for, with the false alerts and misses to expect (R27, R37)."""

from pathlib import Path

import click

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.bands import calibrated_bands
from lfr_engine.evaluation.calibration_report import calibration_figures, calibration_sections
from lfr_engine.evaluation.calibration_scores import CalibrationScores, passage_scores, still_scores
from lfr_engine.evaluation.crowd import CrowdPlan, draw_crowds
from lfr_engine.evaluation.extrapolation import BackTest, back_tests
from lfr_engine.evaluation.material import read_faces
from lfr_engine.evaluation.protocol import read_protocol
from lfr_engine.evaluation.split import Half, half_of
from lfr_engine.evaluation.stills import Use
from webui.cli.evaluate_run import Options, Run, begin_run, common_options
from webui.cli.models import progress

_FILE = click.Path(path_type=Path)
REHEARSAL = "rehearsal"
_EVERYBODY = "everybody"


@click.command("calibrate")
@click.argument("faces_or_rehearsal", metavar="DIR|rehearsal", type=_FILE)
@click.option("--faces", type=_FILE, metavar="DIR", help="For a rehearsal: labelled photos, a folder per person.")
@click.option("--passages", default=150, show_default=True, type=click.IntRange(1, 100_000), help="Rehearsal: listed passages, at least.")
@click.option("--fillers", default=300, show_default=True, type=click.IntRange(0, 100_000), help="Photos: enrolled, never searched for.")
@click.option("--half", default=_EVERYBODY, show_default=True, type=click.Choice([_EVERYBODY, *map(str, Half)]), help="Rehearsal: of whom.")
@click.option("--sizes", default="200,1000,5000,20000", show_default=True, metavar="N,N,...", help="List bands.")
@click.option("--target", default=0.001, show_default=True, type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Cap of FPIR.")
@common_options
def calibrate_command(
    faces_or_rehearsal: Path, faces: Path | None, passages: int, fillers: int, half: str, sizes: str, target: float, options: Options
) -> None:
    """Thresholds by list band from photos in DIR, or from whole passages of a `rehearsal` of --faces.

    With --threshold every band stands at that threshold; without it at the lowest that keeps the target.
    """
    bands_at = _sizes(sizes)
    rehearsal = str(faces_or_rehearsal) == REHEARSAL
    folder = faces if rehearsal else faces_or_rehearsal
    if folder is None:
        raise BadInput("a rehearsal needs faces", next_step="give --faces DIR, a folder with one folder of photos per person")
    with begin_run("calibrate", options, {"faces": folder}) as run:
        scores = _passages(run, folder, passages, half) if rehearsal else _photos(run, folder, fillers)
        _publish(run, scores, bands_at, target)


def _photos(run: Run, folder: Path, fillers: int) -> CalibrationScores:
    protocol = read_protocol(folder, seed=run.options.seed, fillers=fillers)
    references = run.templates(protocol.enrolled, Use.REFERENCE)
    probes = run.templates([*protocol.mated, *protocol.nonmated], Use.PROBE)
    return still_scores(protocol, references, probes, run.pack.dimension)


def _passages(run: Run, folder: Path, passages: int, half: str) -> CalibrationScores:
    people = {name: photos for name, photos in read_faces(folder).items() if half in (_EVERYBODY, half_of(name))}
    crowds = draw_crowds(
        {name: [one.path for one in of] for name, of in people.items()}, CrowdPlan(), listed_passages=passages, seed=run.options.seed
    )
    photos = {one.path: one for of in people.values() for one in of}
    # Whoever walks is enrolled from the photo that their clip's list has, everybody else from their first.
    chosen = {name: of[0] for name, of in people.items()} | {name: photos[path] for crowd in crowds for name, path in crowd.listed.items()}
    walking = {walker.photo.path for crowd in crowds for walker in crowd.spec.walkers}
    chosen = {name: photo for name, photo in chosen.items() if str(photo.path) not in walking}
    kept = run.templates(chosen.values(), Use.REFERENCE)
    references = {name: kept[photo.name] for name, photo in chosen.items()}
    return passage_scores(crowds, references, run.pack, run.threshold, progress)


def _publish(run: Run, scores: CalibrationScores, sizes: tuple[int, ...], target: float) -> None:
    given = run.options.threshold
    bands = calibrated_bands(scores.non_mated, scores.mated, scores.mated_people, sizes, target=target, threshold=given)
    tests = _back_tested(scores, run.threshold)
    summary, sections = calibration_sections(scores, bands, tests, threshold=run.threshold)
    figures = calibration_figures(scores, bands, tests, target=target, threshold=run.threshold)
    run.publish(f"Calibration of {run.pack.manifest.name}", f"Calibration on {scores.what}", summary, sections, figures)


def _back_tested(scores: CalibrationScores, threshold: float) -> tuple[BackTest, ...]:
    try:
        return back_tests(scores.non_mated, scores.entry_people, threshold)
    except BadInput as error:
        progress(f"the extrapolation is not back-tested: {error.message}")
        return ()


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise BadInput(f"{text!r} is no list of sizes", next_step="give whole numbers: 200,1000,5000") from error
    if not sizes or sizes[0] < 1 or sizes[-1] > 1_000_000:
        raise BadInput(f"{text!r}: a band holds 1 to 1,000,000 people", next_step="give whole numbers: 200,1000,5000")
    return sizes
