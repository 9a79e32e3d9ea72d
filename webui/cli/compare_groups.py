"""`lfr models compare`: recognition or outcomes by group, counted elsewhere, compared here and entered in the ledger (R55)."""

import csv
import io
from pathlib import Path

import click

from governance.messages.payload import digest_of
from governance.messages.roster import Role
from governance.monitors.groups import GroupCount, compare
from governance.office import monitoring, register
from lfr_engine.errors import BadInput
from webui.cli.office import read_file, the_office
from webui.cli.register import acting, found_in

_FILE = click.Path(path_type=Path)


@click.command("compare")
@click.argument("pipeline")
@click.argument("table", type=_FILE, metavar="COUNTS.csv")
@click.option("--measure", type=click.Choice(["recognition", "outcomes"]), required=True)
@click.option("--who", required=True, help="Your person id.")
def compare_groups(pipeline: str, table: Path, measure: str, who: str) -> None:
    """Compare groups of one attribute (columns group, k, n, cumulative over deployments) for PIPELINE.

    The digest of the table is logged, the table stays with you. Two groups that lie apart put the pipeline under review.
    """
    office, content = the_office(), read_file(table)
    actor = acting(office, who, (Role.DPO, Role.OVERSIGHT, Role.AUTHORISING_OFFICER))
    found = compare(counts_in(content))
    with office.transaction() as session:
        row = found_in(register.listing(session), pipeline)
        monitoring.compared(office, session, row.pipeline_digest, measure, digest_of(content), found, actor)
    for line in found.lines:
        numbers = "too few to show" if line.n is None else f"{line.k} of {line.n}, between {line.low:.0%} and {line.high:.0%}"
        click.echo(f"{line.group:24} {numbers}")
    click.echo(found.wording)


def counts_in(content: bytes) -> list[GroupCount]:
    """The rows of the table. Raises BadInput naming the line that cannot be read."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        if not {"group", "k", "n"} <= set(rows.fieldnames or ()):
            raise BadInput("the table needs the columns group, k and n")
        return [GroupCount(row["group"], int(row["k"]), int(row["n"])) for row in rows]
    except (ValueError, TypeError, csv.Error) as error:
        raise BadInput(f"the table cannot be read: {error}", next_step="a CSV in UTF-8 with whole numbers in k and n") from error
