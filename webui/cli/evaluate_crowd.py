"""`lfr evaluate crowd`: the whole pipeline passage by passage, on a filmed crowd or on rehearsal clips made on the spot."""

import hashlib
from pathlib import Path

import click

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.clip_store import ClipStore
from lfr_engine.evaluation.clips import is_filmed, read_filmed, rehearsal_looks, rehearsal_walks, run_clip
from lfr_engine.evaluation.crowd import Crowd, CrowdPlan, draw_crowds
from lfr_engine.evaluation.crowd_report import crowd_figures, crowd_sections
from lfr_engine.evaluation.equality import GroupFigures, compare
from lfr_engine.evaluation.group_report import group_sections, groups_json
from lfr_engine.evaluation.groups import read_groups
from lfr_engine.evaluation.material import Photo, read_faces
from lfr_engine.evaluation.outcomes import CrowdFigures, outcome_of
from lfr_engine.evaluation.split import Half, half_of
from lfr_engine.evaluation.stills import Use
from lfr_engine.evaluation.template_store import Kept
from webui.cli.evaluate_run import Options, Run, begin_run, common_options
from webui.cli.models import progress

_FILE = click.Path(path_type=Path)
REHEARSAL = "rehearsal"
_EVERYBODY = "everybody"


@click.command()
@click.argument("crowd_dir", metavar="DIR|rehearsal", type=_FILE)
@click.option("--faces", type=_FILE, metavar="DIR", help="For a rehearsal: labelled photos, a folder per person.")
@click.option("--passages", default=150, show_default=True, type=click.IntRange(1, 100_000), help="Rehearsal: listed passages, at least.")
@click.option("--half", default=_EVERYBODY, show_default=True, type=click.Choice([_EVERYBODY, *map(str, Half)]), help="Rehearsal: of whom.")
@common_options
def crowd(crowd_dir: Path, faces: Path | None, passages: int, half: str, options: Options) -> None:
    """Whole pipeline: DIR holds crowd.mp4, truth.json and watchlist.csv; `rehearsal` films photos of --faces instead."""
    if str(crowd_dir) == REHEARSAL:
        if faces is None:
            raise BadInput("a rehearsal needs faces", next_step="give --faces DIR, a folder with one folder of photos per person")
        _rehearsal(faces, passages, half, options)
    elif is_filmed(crowd_dir):
        _filmed(crowd_dir, options)
    else:
        raise BadInput(f"{crowd_dir} holds no filmed crowd", next_step="for photos of people: lfr evaluate crowd rehearsal --faces DIR")


def _filmed(folder: Path, options: Options) -> None:
    filmed = read_filmed(folder)
    with begin_run("crowd", options, {"crowd": folder}) as run:
        kept = run.templates(filmed.listed.values(), Use.REFERENCE)
        references = {person: kept[photo.name] for person, photo in filmed.listed.items()}
        progress(f"running {filmed.film.name} at {run.threshold:g}")
        observed = run_clip(filmed.looks(), filmed.walks, references, run.pack, run.threshold)
        outcome = outcome_of(observed, {person for person, one in references.items() if one.vector is not None})
        _publish(run, CrowdFigures((outcome,), options.seed), len(filmed.listed), rehearsal=False)


def _rehearsal(faces: Path, passages: int, half: str, options: Options) -> None:
    people = {name: photos for name, photos in read_faces(faces).items() if half in (_EVERYBODY, half_of(name))}
    plan = CrowdPlan()
    crowds = draw_crowds({name: [one.path for one in of] for name, of in people.items()}, plan, listed_passages=passages, seed=options.seed)
    photos = {one.path: one for of in people.values() for one in of}
    with begin_run(REHEARSAL, options, {"faces": faces}) as run:
        store = ClipStore(run.work, f"{run.facts}")
        if options.fresh:
            store.forget()
        clips = []
        for number, one in enumerate(crowds, start=1):
            name = hashlib.sha256(repr(one).encode()).hexdigest()
            outcome = store.get(name)
            if outcome is None:
                references = _enrolled(run, one, photos)
                observed = run_clip(rehearsal_looks(one), rehearsal_walks(one), references, run.pack, run.threshold)
                outcome = outcome_of(observed, {person for person, kept in references.items() if kept.vector is not None})
                store.add(name, outcome)
            clips.append(outcome)
            found = sum(result == "recognised" for _, result in outcome.listed)
            progress(f"clip {number} of {len(crowds)}: {found} of {len(outcome.listed)} recognised, {outcome.false_alerts} false names")
        _publish(run, CrowdFigures(tuple(clips), options.seed), plan.list_size, rehearsal=True)


def _enrolled(run: Run, one: Crowd, photos: dict[Path, Photo]) -> dict[str, Kept]:
    kept = run.templates([photos[path] for path in one.listed.values()], Use.REFERENCE)
    return {person: kept[photos[path].name] for person, path in one.listed.items()}


def _publish(run: Run, found: CrowdFigures, list_size: int, *, rehearsal: bool) -> None:
    groups: tuple[GroupFigures, ...] = ()
    if run.options.groups is not None:
        people = {trial.person for trial in (*found.misses, *found.falses)}
        groups = compare(read_groups(run.options.groups, people, others_too=True), found.misses, found.falses, seed=run.options.seed)
    title, summary, sections = crowd_sections(found, list_size=list_size, rehearsal=rehearsal)
    figures = crowd_figures(found, list_size=list_size, threshold=run.threshold) | {"groups": groups_json(groups)}
    label = f"{'Rehearsal' if rehearsal else 'Scenario test'} of {run.pack.manifest.name}"
    run.publish(title, label, summary, (*sections, *group_sections(groups, "strangers given a name")), figures)
