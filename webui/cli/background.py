"""`lfr models background`: the people against whom the office tells which entries are easily mistaken for others (R24)."""

from pathlib import Path

import click
import numpy as np

from governance.home import home_from_environment, private_folder
from governance.office.risk import background_path
from lfr_engine.evaluation.material import read_faces
from lfr_engine.evaluation.stills import Use, templates_of
from lfr_engine.evaluation.template_store import TemplateStore
from lfr_engine.packs.build import NAME
from lfr_engine.packs.store import open_pack
from watchlist.background import made_of, write_background
from webui.cli.unit_options import as_json, say

_PATH = click.Path(path_type=Path)


@click.command("background")
@click.argument("faces", type=_PATH)
@click.option("--pack", default=NAME, show_default=True, metavar="NAME|DIR")
@click.option("--statement", required=True, help="Who these people are, and why their photos may be used for this.")
@click.option("--out", type=_PATH, help="Another file than the office's own.")
@click.option("--work", type=_PATH, help="Where templates are kept while it runs; default: under LFR_HOME.")
@as_json
def background(faces: Path, pack: str, statement: str, out: Path | None, work: Path | None, json_: bool) -> None:
    """Make a background set from FACES, a folder with one folder of photos per person (the first photo that can be used counts).

    Only people who agreed, or whose photos are published for such use. The file holds templates: it stays in the office.
    """
    home = home_from_environment()
    opened = open_pack(pack, home.packs)
    people = read_faces(faces)
    with TemplateStore(work or home.root / "evaluation", opened) as store:
        kept = templates_of(
            [photos[0] for photos in people.values()], Use.REFERENCE, opened, store, lambda line: click.echo(line, err=True)
        )
    rows = [one.vector for one in kept.values() if one.vector is not None]
    made = made_of(np.stack(rows) if rows else np.empty((0, opened.dimension), np.float32), opened.pack_digest, statement)
    path = out or background_path(home.office.root, opened.pack_digest)
    private_folder(path.parent)
    digest = write_background(path, made)
    say({"background": str(path), "digest": digest, "people": len(made.rows), "refused": len(kept) - len(rows)}, json_)
