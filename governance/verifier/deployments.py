"""Each deployment from its authority to its published figures; a failure in one does not hide the next."""

from .authority import Authority, check_authority, check_matching
from .bundle import check_bundle, check_opening, one_use_recipient
from .evidence import Evidence
from .figures import check_published, check_record, open_record, summary
from .models import check_sealed
from .purge import check_purge
from .strict import Failed, Fields, as_datetime, digest
from .unit_ledger import UnitDeployment

PURGE_CEILING_H = 24  # R59, R61: a missing certificate 24 h after the end is a breach


def open_records(evidence: Evidence) -> None:
    """The published records' documents, needed before the units' ledgers are read: they say up to where to count."""
    subject = evidence.report.subject("figures")
    for deployment, kinds in evidence.office.deployments.items():
        published = kinds.get("record.published", [])
        with subject.check(f"deployment {deployment}"):
            if len(published) > 1:
                raise Failed("the ledger publishes more than one record")
            if published:
                record = open_record(published[0], evidence.rosters.at(published[0].index), evidence.objects)
                evidence.records[deployment] = published[0], record


def check_nothing_planted(evidence: Evidence) -> None:
    """In the folder of published records lie those that the ledger publishes, and no others."""
    folder = evidence.export / "published"
    known = {f"{deployment}.json" for deployment in evidence.records}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name not in known:
            evidence.report.subject("figures").fail("the ledger publishes no such record", str(path))


def check_deployments(evidence: Evidence) -> None:
    """Opens the subjects authority, bundle, purge and figures and fills them."""
    matched: dict[str, list[UnitDeployment]] = {}
    for ledger in evidence.units.values():
        for deployment, facts in ledger.deployments.items():
            matched.setdefault(deployment, []).append(facts)
    for deployment in dict.fromkeys([*evidence.office.deployments, *matched]):
        units = matched.get(deployment, [])
        authority = _authority(evidence, deployment, units)
        if authority is None:
            continue
        unit = next((each for each in units if each.unit_id == authority.unit_id), None)
        recipients = _bundle(evidence, deployment, authority, unit)
        if unit is not None and unit.events["matching.started"]:
            _purge(evidence, deployment, authority, unit, recipients)
        _figures(evidence, deployment, authority, unit)


def _authority(evidence: Evidence, deployment: str, units: list[UnitDeployment]) -> Authority | None:
    subject = evidence.report.subject("authority")
    granted = evidence.office.entries(deployment, "authority.granted")
    authority = None
    with subject.check(f"deployment {deployment}"):
        if len(granted) != 1:
            if any(unit.events["matching.started"] or unit.events["gate.passed"] for unit in units) or granted:
                raise Failed(f"the office ledger grants {len(granted)} authorities for this deployment")
            return None
        authority = check_authority(granted[0], evidence.rosters.at(granted[0].index), evidence.objects)
        logged_at = evidence.logged_at(granted[0].index)
        if logged_at is None:
            raise Failed("no checkpoint that covers the authority was cosigned by enough witnesses")
        for unit in units:
            check_matching(authority, unit, logged_at)
        started = any(unit.events["matching.started"] for unit in units)
        when = "cosigned before start" if started else f"cosigned by {logged_at}, matching never started"
        subject.facts.append(
            f"logged and {when}; applicant, officer and operators differ; {authority.rank}; window; list root; certificate"
        )
        if authority.mode != "operational":
            subject.notes.append(f"deployment {deployment} is a {authority.mode}: nothing in it shows police practice")
    return authority


def _bundle(evidence: Evidence, deployment: str, authority: Authority, unit: UnitDeployment | None) -> list[str]:
    """The one-use keys that the unit signed."""
    subject = evidence.report.subject("bundle")
    recipients: list[str] = []
    sealed: dict[str, Fields] = {}
    with subject.check(f"deployment {deployment}"):
        for event in evidence.office.entries(deployment, "unit_key.received"):
            recipients.append(one_use_recipient(event, authority, evidence.rosters.at(event.index), evidence.objects))
        for event in evidence.office.entries(deployment, "bundle.sealed"):
            body = check_bundle(event, authority, recipients, evidence.rosters.at(event.index), evidence.objects)
            check_sealed(event, body, evidence.pipelines, authority.certificate, evidence.report.subject("models"))
            sealed[digest(event.body, "decision")] = body
        if unit is not None:
            check_opening(unit, sealed)
        if sealed:
            hours = (as_datetime(authority.start) - as_datetime(str(list(sealed.values())[-1]["compiled_at"]))).total_seconds() / 3600
            opened = len(unit.events["bundle.opened"]) if unit is not None else 0
            compiled = f"compiled {hours:.1f} h before the start" if hours > 0 else "compiled during the window"
            subject.facts.append(f"{compiled}; encrypted to the unit's one-use key; {opened} opening(s) logged")
    return recipients


def _purge(evidence: Evidence, deployment: str, authority: Authority, unit: UnitDeployment, recipients: list[str]) -> None:
    subject = evidence.report.subject("purge")
    evidence.report.purges["due"] += 1
    with subject.check(f"deployment {deployment}"):
        if not unit.events["purge.done"]:
            newest = evidence.newest_cosignature or ""
            if newest and (as_datetime(newest) - as_datetime(authority.end)).total_seconds() > PURGE_CEILING_H * 3600:
                raise Failed(f"there is no purge certificate {PURGE_CEILING_H} h after the end")
            subject.notes.append(f"deployment {deployment} has no purge certificate yet")
            return
        body = check_purge(deployment, unit, authority, recipients, evidence.rosters.newest, evidence.objects)
        evidence.report.purges["shown"] += 1
        subject.facts.append(f"one-use key destroyed {str(body['destroyed_at'])[11:19]} (attested by the unit)")


def _figures(evidence: Evidence, deployment: str, authority: Authority, unit: UnitDeployment | None) -> None:
    subject = evidence.report.subject("figures")
    found = evidence.records.get(deployment)
    if found is None:
        if unit is not None and unit.events["matching.started"]:
            subject.notes.append(f"deployment {deployment} has no published record yet")
        return
    with subject.check(f"deployment {deployment}"):
        event, record = found
        if unit is None:
            raise Failed("a record is published, but the unit's ledger does not have this deployment")
        if record.body["ledger"]["stop"] <= unit.first_index:
            raise Failed("the record's ledger range ends before the deployment begins")
        check_record(event, record, authority, unit)
        check_published(evidence.export / "published" / f"{deployment}.json", record)
        subject.facts.append(f"{summary(unit)}  recomputed = published")
        if unit.after_stop:
            subject.notes.append(f"{unit.after_stop} later entries of deployment {deployment} are not in its record")
