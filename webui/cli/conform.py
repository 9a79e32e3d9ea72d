"""`lfr models conform`: try a vendor's matcher against the pipe protocol before anybody certifies it."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from governance.home import home_from_environment
from lfr_engine.conformance.talk import Matcher
from lfr_engine.conformance.trials import Material, conform
from lfr_engine.errors import VerificationFailed
from lfr_engine.packs.store import find_pack
from lfr_engine.packs.vendor import Vendor, checked_vendor
from lfr_engine.sealed.launch import launch_command
from lfr_engine.sealed.needs import needs_for


@click.command("conform")
@click.argument("name_or_dir", metavar="NAME|DIR")
@click.option("--photo", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="A photograph of one face.")
@click.option("--json", "as_json", is_flag=True, help="Print the trials as JSON.")
def conform_command(name_or_dir: str, photo: Path, as_json: bool) -> None:
    """Try the matcher in a folder with a vendor.toml, sealed as on a unit. Exit code 5 when it breaks the protocol."""
    vendor = checked_vendor(find_pack(name_or_dir, home_from_environment().packs))
    tried = []
    for one in conform(under_trial(vendor), Material(photo.read_bytes())):
        tried.append(one)
        if not as_json:
            click.echo(f"{'kept  ' if one.kept else 'BROKEN'} {one.what}" + (f": {one.why}" if one.why else ""))
    if as_json:
        facts = {"pack_digest": vendor.pack_digest, "pipeline_digest": vendor.pipeline_digest}
        click.echo(json.dumps({**facts, "trials": [asdict(one) for one in tried]}, indent=1))
    broken = sum(not one.kept for one in tried)
    if broken:
        raise VerificationFailed(
            f"the matcher {vendor.manifest.name} breaks {broken} of {len(tried)} parts of its protocol",
            next_step="give its maker this output and docs/matcher-protocol.md",
        )


def under_trial(vendor: Vendor) -> Matcher:
    """The matcher as a unit starts it: measured, and sealed to no camera but the trial's own pipe."""
    command = launch_command(vendor.folder, vendor.pipeline_digest, needs_for([], []))
    threshold, dimension = vendor.manifest.threshold.value, vendor.manifest.dimension
    return Matcher(tuple(command), str(vendor.folder), vendor.pack_digest, vendor.pipeline_digest, threshold, dimension)
