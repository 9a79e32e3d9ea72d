"""The office's ledger as a whole: its checkpoints, their witnesses, every entry, and no step back behind what was seen before."""

from pathlib import Path

from .evidence import Trust
from .logs import ExpectedRoots, cosigned_by, load_checkpoint, load_earlier, walk
from .notes import Checkpoint
from .office_ledger import OfficeLedger
from .report import Report
from .roster import Roster
from .strict import Failed


def check_office(export: Path, trust: Trust, roster: Roster, report: Report) -> tuple[OfficeLedger, list[Checkpoint]]:
    """The entries that later checks need and the checkpoints whose signatures held. Failures go to the subject `ledger`."""
    subject = report.subject("ledger")
    ledger, expected = OfficeLedger(), ExpectedRoots()
    named = {key.public for key in roster.witnesses}
    for key in trust.witnesses:
        if key.public not in named:
            subject.fail(f"the roster does not name the witness {key.name}: the office does not answer to it", "roster.dsse.json")
    witnesses = [key for key in trust.witnesses if key.public in named]
    try:
        newest = load_checkpoint(export / "checkpoint", roster.office_log, witnesses)
    except Failed as failed:
        subject.fail(failed.what, failed.where)
        return ledger, []
    checkpoints = [newest]
    expected.add(newest.size, newest.root, str(export / "checkpoint"))
    if cosigned_by(newest, roster.witness_threshold) is None:
        subject.fail(
            f"{len(newest.cosigned_s)} of the witnesses given cosigned the checkpoint; the roster asks for {roster.witness_threshold}",
            str(export / "checkpoint"),
        )
    for earlier, where in load_earlier(export / "checkpoints", roster.office_log, witnesses, subject):
        if earlier.size > newest.size:
            subject.fail(f"an earlier checkpoint has {earlier.size} entries, the newest {newest.size}: entries were taken away", where)
        if cosigned_by(earlier, roster.witness_threshold) is None:
            subject.fail("an earlier checkpoint is not cosigned by enough of the witnesses given", where)
        expected.add(earlier.size, earlier.root, where)
        checkpoints.append(earlier)
    if trust.min_checkpoint is not None:
        with subject.check():
            _no_step_back(trust.min_checkpoint, newest, roster, expected)
    report.entries += walk(export, newest.size, expected, subject, ledger.take)
    sizes = len({each.size for each in checkpoints})
    subject.facts.append(f"{newest.size:,} entries, {_number(sizes, 'checkpoint')}, {_number(len(newest.cosigned_s), 'witness', 'es')}")
    return ledger, checkpoints


def _no_step_back(path: Path, newest: Checkpoint, roster: Roster, expected: ExpectedRoots) -> None:
    seen = load_checkpoint(path, roster.office_log)
    if seen.size > newest.size:
        raise Failed(
            f"a checkpoint of {seen.size} entries was seen before, this export has {newest.size}: an old state was restored", str(path)
        )
    expected.add(seen.size, seen.root, str(path))


def _number(count: int, word: str, plural: str = "s") -> str:
    return f"{count} {word}{'' if count == 1 else plural}"
