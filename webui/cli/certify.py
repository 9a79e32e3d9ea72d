"""`lfr models certify`: a test body signs a certificate from registered runs, and the office takes it in (R37, R98-R102)."""

import json
from datetime import timedelta
from pathlib import Path

import click

from governance.home import home_from_environment
from governance.messages.certificate import CameraClass, Certificate, Licence
from governance.office import certificates, issuing
from governance.office.issuing import RETEST_AFTER, Passed
from governance.office.store import Office
from lfr_engine.errors import BadInput, Refused
from lfr_engine.fingerprint import pipeline_digest
from lfr_engine.packs.licence import licence_of
from lfr_engine.packs.store import checked_files, find_pack
from watchlist.sealing.keys import SigningKey
from webui.cli.office import read_file, the_office

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("pack")
@click.option("--plan", "plan_files", type=_FILE, multiple=True, required=True, help="A registered plan; one for each --result, in order.")
@click.option("--result", "result_files", type=_FILE, multiple=True, required=True, help="The result of a run of it that passed (--json).")
@click.option("--key", type=_FILE, required=True, help="The test body's signing key.")
@click.option(
    "--camera",
    "cameras",
    type=click.Choice([one.value for one in CameraClass]),
    multiple=True,
    default=(CameraClass.REHEARSAL.value,),
    show_default=True,
    help="Classes of camera that the test covers.",
)
@click.option("--limit", "limits", multiple=True, help="A known limit to state; more than once.")
@click.option("--valid-days", type=click.IntRange(1, 731), default=RETEST_AFTER.days, show_default=True, help="Until the next test is due.")
@click.option("--out", type=_FILE, help="Write the signed certificate there too.")
@click.option("--json", "json_", is_flag=True, help="Print JSON, errors too.")
def certify(
    pack: str,
    plan_files: tuple[Path, ...],
    result_files: tuple[Path, ...],
    key: Path,
    cameras: tuple[str, ...],
    limits: tuple[str, ...],
    valid_days: int,
    out: Path | None,
    json_: bool,
) -> None:
    """Issue and register a certificate for PACK from runs that passed.

    It spells out the whole pipeline, one threshold per length of list with the false alerts and misses to expect, rates by
    group, the licence, and every run of each plan, failed and aborted ones included.
    """
    if len(plan_files) != len(result_files):
        raise BadInput("give one --plan for each --result", next_step="--plan P1 --result R1 --plan P2 --result R2")
    office = the_office()
    envelope = issued(
        office,
        find_pack(pack, home_from_environment().packs),
        [Passed(read_file(plan), read_file(result)) for plan, result in zip(plan_files, result_files, strict=True)],
        key=SigningKey.load(key),
        cameras=tuple(CameraClass(one) for one in cameras),
        limits=limits,
        valid_for=timedelta(days=valid_days),
    )
    if out is not None:
        out.write_bytes(envelope)
    digest = certificates.take_in(office, envelope)
    certificate = certificates.read(office, envelope)
    click.echo(json.dumps({"certificate": digest, **certificate.model_dump(mode="json")}) if json_ else said(digest, certificate))


def issued(
    office: Office,
    folder: Path,
    runs: list[Passed],
    *,
    key: SigningKey,
    cameras: tuple[CameraClass, ...],
    limits: tuple[str, ...],
    valid_for: timedelta = RETEST_AFTER,
) -> bytes:
    """The signed certificate, once the pack that lies here is the one that was tested. Raises Refused (R35, R98, R100)."""
    manifest, _ = checked_files(folder)
    found = licence_of(manifest, folder, now=office.clock.now_utc())
    envelope = issuing.issue(
        office,
        runs,
        licence=Licence(use=found.use, statement=found.statement, checked=found.checked),
        camera_classes=cameras,
        known_limits=limits,
        key=key,
        valid_for=valid_for,
    )
    if certificates.read(office, envelope).pipeline_digest != pipeline_digest(manifest):
        raise Refused("the results are of another pipeline than this pack makes here", rule_ids=("R35",), next_step="test this one")
    return envelope


def said(digest: str, certificate: Certificate) -> str:
    """What is printed: the digest first, then what stands on the certificate's face."""
    lines = [digest, f"{certificate.pack}, pipeline {certificate.pipeline_digest}, until {certificate.valid_to}"]
    lines += [f"evidence: {one.face}" for one in certificate.evidence]
    for band in certificate.bands:
        line = f"lists of up to {band.max_entries:,}: threshold {band.threshold}"
        if band.false_alerts:
            told = band.false_alerts
            line += f"; false alerts per passage {told.expected} ({told.low} to {told.high}; {told.k} of {told.n}"
            line += ", extrapolated)" if told.extrapolated else ")"
        lines.append(line)
    lines.append(
        f"groups: {len(certificate.groups) or 'not measured'}; licence: {certificate.licence.use} use; {certificate.licence.checked}"
    )
    return "\n".join(lines)
