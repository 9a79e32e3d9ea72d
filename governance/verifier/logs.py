"""One log of an export: every entry read once, its root at each checkpoint's size compared with what was signed."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .events import Event, read_event
from .notes import NOTE_BYTES_MAX, Checkpoint, NoteKey, open_checkpoint
from .report import Subject
from .strict import Failed, from_seconds, read_text
from .tiles import read_log
from .tree import Frontier

ENTRIES_MAX = 100_000_000
CHECKPOINTS_MAX = 100_000


@dataclass(slots=True)
class ExpectedRoots:
    """Tree size to the roots somebody signed for it, and where that is written."""

    by_size: dict[int, list[tuple[bytes, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, size: int, root: bytes, where: str) -> None:
        self.by_size[size].append((root, where))


def load_checkpoint(path: Path, log: NoteKey, witnesses: Iterable[NoteKey] = ()) -> Checkpoint:
    """Raises Failed, naming the file."""
    try:
        return open_checkpoint(read_text(path, NOTE_BYTES_MAX), log, witnesses)
    except Failed as failed:
        raise Failed(failed.what, failed.where or str(path)) from failed


def load_earlier(folder: Path, log: NoteKey, witnesses: Iterable[NoteKey], subject: Subject) -> list[tuple[Checkpoint, str]]:
    """Every readable checkpoint of `checkpoints/`; each that is not goes into the report."""
    if not folder.is_dir():
        return []
    paths = sorted(folder.iterdir())
    if len(paths) > CHECKPOINTS_MAX:
        subject.fail(f"more than {CHECKPOINTS_MAX} checkpoints", str(folder))
        return []
    found = []
    keys = tuple(witnesses)
    for path in paths:
        with subject.check():
            checkpoint = load_checkpoint(path, log, keys)
            if path.name != str(checkpoint.size):
                raise Failed(f"the file holds a checkpoint of {checkpoint.size} entries", str(path))
            found.append((checkpoint, str(path)))
    return found


def walk(folder: Path, size: int, expected: ExpectedRoots, subject: Subject, handle: Callable[[Event], None]) -> int:
    """How many entries were read. A malformed entry or a wrong root is reported and the walk goes on; missing files end it."""
    frontier = Frontier()
    _compare(frontier, expected, subject)
    with subject.check():
        if size > ENTRIES_MAX:
            raise Failed(f"a log of {size} entries is larger than {ENTRIES_MAX}", str(folder))
        for entry, leaf in read_log(folder, size, subject.fail):
            index = frontier.size
            try:
                handle(read_event(entry, index))
            except Failed as failed:
                subject.fail(failed.what, f"entry {index} of {folder / 'tile'}")
            frontier.add(leaf)
            if frontier.size in expected.by_size:
                _compare(frontier, expected, subject)
    return frontier.size


def _compare(frontier: Frontier, expected: ExpectedRoots, subject: Subject) -> None:
    for root, where in expected.by_size.get(frontier.size, ()):
        if frontier.root() != root:
            subject.fail(f"the {frontier.size} entries do not have the root that was signed: an entry was altered", where)


def cosigned_by(checkpoint: Checkpoint, threshold: int) -> str | None:
    """The wire time by which `threshold` witnesses had cosigned it; None when they never did."""
    times = sorted(checkpoint.cosigned_s.values())
    return from_seconds(times[threshold - 1]) if len(times) >= threshold else None
