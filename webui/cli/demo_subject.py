"""Who is on the list and what the camera sees: the rehearsal with package photos, or a video and list of the user's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from governance.home import Home, private_folder
from governance.office.entries import PhotoOf
from lfr_engine.errors import BadInput
from lfr_engine.video.container import read_video
from lfr_engine.video.rehearsal.scene import Scene
from lfr_engine.video.rehearsal.spec import read_spec
from lfr_engine.video.rehearsal.truth import Truth, read_truth
from lfr_engine.video.rehearsal_camera import load_photo
from watchlist.intake.table import ListRow, read_table
from webui.cli.demo_application import as_entry
from webui.cli.demo_passages import DemoPassages, plan_passages, write_rehearsal
from webui.cli.demo_people import demo_people

# A street that goes on after the last walker, so that the end time stops matching and not the end of the film.
_EMPTY_TAIL = timedelta(seconds=1)
_AT_ONCE = 8.0


@dataclass(frozen=True, slots=True)
class Subject:
    """The list to enrol, how long matching is to last, and what `lfr unit run` opens."""

    entries: tuple[PhotoOf, ...]
    length: timedelta
    source: tuple[str | Path, ...]
    passages: DemoPassages | None
    same_photo: frozenset[str]
    truth_path: Path | None
    said: tuple[str, ...]

    def truth(self) -> Truth | None:
        return read_truth(self.truth_path) if self.truth_path else None


def rehearsal_subject(home: Home, photos: Path, *, seed: int, absent: bool, now: datetime) -> Subject:
    """Real faces from installed packages walking through a drawn street, as the seed says."""
    folder = home.root / "rehearsal"
    private_folder(folder)
    people = demo_people(photos)
    passages = plan_passages(people, seed, absent=absent)
    spec = write_rehearsal(people, passages, folder, at_once=_AT_ONCE)
    listed = [person for person in people if person.ref in passages.listed]
    return Subject(
        entries=tuple(as_entry(person, now) for person in listed),
        length=_walk_length(spec) + _EMPTY_TAIL,
        source=("--rehearsal", spec, "--truth", folder / "truth.json"),
        passages=passages,
        same_photo=frozenset(person.ref for person in people if person.same_photo),
        truth_path=folder / "truth.json",
        said=tuple(f"{person.ref}: {person.source}" for person in people),
    )


def filmed_subject(video: Path, table: Path, *, now: datetime) -> Subject:
    """A video file and a CSV of photos that the user has."""
    rows = read_table(table)
    reader = read_video(video)
    frames = reader.announced
    length = timedelta(seconds=(frames / reader.fps if frames else 300) + 5)
    return Subject(
        entries=tuple(_entry(row, now) for row in rows),
        length=length,
        source=("--source", video.absolute()),
        passages=None,
        same_photo=frozenset(),
        truth_path=None,
        said=(f"{len(rows)} rows in {table.name}; nobody decides the alerts of a headless run over your own video: they stay open",),
    )


def _walk_length(spec_path: Path) -> timedelta:
    """How long until the last walker is gone."""
    spec = read_spec(spec_path)
    return timedelta(seconds=Scene(spec, load_photo).frames_with_walkers / spec.fps)


def _entry(row: ListRow, now: datetime) -> PhotoOf:
    try:
        photo = row.path.read_bytes()
    except OSError as error:
        raise BadInput(f"line {row.line}: {row.image} cannot be read: {error.strerror}") from error
    return PhotoOf(
        subject_ref=row.subject_ref,
        photo=photo,
        category=row.others.get("category", "wanted_by_courts"),
        justification=row.others.get("justification", "Demonstration only: a row of the list given on the command line."),
        offence_or_power=row.others.get("offence_or_power", "demonstration"),
        image_source=row.others.get("image_source", "third_party"),
        legal_basis=row.others.get("legal_basis", "photo given by the user for a demonstration"),
        image_date=row.others.get("image_date", (now - timedelta(days=365)).date().isoformat()),
        born=row.others.get("born", ""),
        response=row.others.get("response", "amber"),
        what_to_do=row.others.get("what_to_do", "Demonstration: nobody is to be spoken to."),
    )
