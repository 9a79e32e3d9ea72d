"""The whole check of an export, in an order in which each step rests only on what the steps before have shown:

1. root keys -> the roster; 2. the roster's keys and the witnesses given -> checkpoints and every entry of the office ledger;
3. every roster version; 4. each unit's ledger, tied to a root in the office ledger; 5. every object that an entry names;
6. plans, runs and certificates, and the model register; 7. per deployment: authority, bundle, purge; 8. every published figure.
"""

import hashlib
from pathlib import Path

from .certificates import check_certificates
from .deployments import check_deployments, check_nothing_planted, open_records
from .evidence import Evidence, Trust
from .models import check_register
from .monitored import check_totals
from .named import check_named_objects
from .objects import Objects
from .office import check_office
from .report import Report
from .roster import open_roster
from .rosters import check_history
from .strict import JSON_BYTES_MAX, Failed, Unreadable, read_file
from .units import check_units

SUBJECTS = ("ledger", "roster", "unit ledgers", "objects", "certificates", "models", "authority", "bundle", "purge", "figures")


def verify_export(export: Path, trust: Trust) -> Report:
    """Raises Unreadable where there is no export; everything else is in the report."""
    if not export.is_dir():
        raise Unreadable(f"{export} is not a folder")
    if not any((export / name).exists() for name in ("roster.dsse.json", "checkpoint", "tile")):
        raise Unreadable(f"{export} holds no export: neither a roster nor a checkpoint nor tiles")
    report = Report()
    for name in SUBJECTS:
        report.subject(name)
    try:
        envelope = read_file(export / "roster.dsse.json", JSON_BYTES_MAX)
        roster = open_roster(envelope, trust.roots)
    except Failed as failed:
        report.subject("roster").fail(failed.what, failed.where or str(export / "roster.dsse.json"))
        report.subject("ledger").fail("without a roster that the root keys signed, no other key can be believed")
        return report
    ledger, checkpoints = check_office(export, trust, roster, report)
    objects = Objects(export / "objects")
    name = "sha256:" + hashlib.sha256(envelope).hexdigest()
    history = check_history(ledger, envelope, name, trust.roots, objects, report.subject("roster"))
    report.subject("roster").facts.append(f"v{roster.version}, signed by a majority of {len(trust.roots)} root key(s)")
    evidence = Evidence(export, report, objects, ledger, history, checkpoints, roster.witness_threshold)
    open_records(evidence)
    check_units(evidence)
    check_named_objects(evidence, trust.roots)
    check_certificates(evidence)
    evidence.pipelines = check_register(evidence)
    check_totals(evidence)
    check_deployments(evidence)
    check_nothing_planted(evidence)
    return report
