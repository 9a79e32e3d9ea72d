"""The units' ledgers: each signed by its unit, each tied to a root that the office's ledger names."""

from .evidence import Evidence
from .logs import ExpectedRoots, load_checkpoint, walk
from .report import Subject
from .strict import Failed, count, hex32, text
from .unit_ledger import UnitLedger

UNITS_MAX = 1_000


def check_units(evidence: Evidence) -> None:
    """Reads every unit ledger that the office took over, and any other that lies in the export."""
    subject = evidence.report.subject("unit ledgers")
    folder = evidence.export / "units"
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for unit_id in sorted({*found[:UNITS_MAX], *evidence.office.syncs}):
        with subject.check(f"unit {unit_id}"):
            if unit_id not in found:
                raise Failed("the office took over entries of this unit, but its ledger is not in the export")
            evidence.units[unit_id] = _read_unit(evidence, unit_id, subject)
    entries = sum(deployment.first_index >= 0 for unit in evidence.units.values() for deployment in unit.deployments.values())
    subject.facts.append(f"{len(evidence.units)} unit ledgers, {entries} deployments in them" if evidence.units else "none in this export")


def _read_unit(evidence: Evidence, unit_id: str, subject: Subject) -> UnitLedger:
    unit = evidence.rosters.newest.units.get(unit_id)
    if unit is None:
        raise Failed("the roster does not name this unit")
    folder = evidence.export / "units" / unit_id
    signed = load_checkpoint(folder / "checkpoint", unit.log)
    expected = ExpectedRoots()
    expected.add(signed.size, signed.root, str(folder / "checkpoint"))
    anchored = 0
    for event in evidence.office.syncs.get(unit_id, ()):
        where = f"entry {event.index} of the office ledger"
        if text(event.body, "origin") != unit.log.name:
            raise Failed(f"the office took over another ledger than {unit.log.name}", where)
        if (size := count(event.body, "size")) <= anchored:
            raise Failed(f"the unit's ledger shrank from {anchored} to {size} entries", where)
        anchored = size
        expected.add(size, hex32(event.body, "root"), where)
    stops: dict[str, int] = {}
    for deployment, (_, record) in evidence.records.items():
        ledger = record.body["ledger"]
        if ledger["origin"] == unit.log.name:
            stops[deployment] = ledger["stop"]
            expected.add(ledger["stop"], hex32(ledger, "root"), f"the record of deployment {deployment}")
    largest = max(expected.by_size)
    if largest > signed.size or anchored != signed.size:
        subject.fail(
            f"the unit signed {signed.size} entries, the office ledger vouches for {anchored}, a record or sync speaks of {largest}",
            str(folder / "checkpoint"),
        )
    unit_ledger = UnitLedger(unit_id, stops)
    evidence.report.entries += walk(folder, signed.size, expected, subject, unit_ledger.take)
    return unit_ledger
