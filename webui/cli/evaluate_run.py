"""What the commands under `lfr evaluate` share: their options, the pack and the kept templates, and where a result goes."""

import functools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from governance.home import home_from_environment
from lfr_engine.evaluation.data_digest import digest_of_data
from lfr_engine.evaluation.document import Document, Section
from lfr_engine.evaluation.figures import unusable
from lfr_engine.evaluation.material import Photo
from lfr_engine.evaluation.report_files import require_report_folder, write_report
from lfr_engine.evaluation.run import RunFacts, facts_of, result_json
from lfr_engine.evaluation.still_reports import run_facts
from lfr_engine.evaluation.stills import Use, templates_of
from lfr_engine.evaluation.template_store import Kept, TemplateStore, forget
from lfr_engine.packs.build import NAME
from lfr_engine.packs.store import OpenPack
from webui.cli.evaluate_plan import RunLog, plan_option, registered_run
from webui.cli.match import open_or_build
from webui.cli.models import progress
from webui.cli.results import require_place_for, write_whole

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every test has."""

    pack_name: str
    threshold: float | None
    json_path: Path | None
    report_dir: Path | None
    groups: Path | None
    seed: int
    work: Path | None
    fresh: bool
    plan: Path | None


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds them; the command gets them as `options`."""

    @click.option("--pack", "pack_name", default=NAME, show_default=True, metavar="NAME|DIR", help="A model pack by name, or its folder.")
    @click.option("--threshold", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Least similarity; default: the pack's.")
    @click.option("--json", "json_path", type=_FILE, metavar="FILE", help="Write every figure there as JSON.")
    @click.option("--report", "report_dir", type=_FILE, metavar="DIR", help="Write report.html, report.pdf and the charts there.")
    @click.option("--groups", type=_FILE, metavar="CSV", help="person, attribute, group: rates by group as people stated it.")
    @click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 1_000_000), help="Decides every draw.")
    @click.option("--work", type=_FILE, metavar="DIR", help="Where templates are kept between runs; default: under LFR_HOME.")
    @click.option("--fresh", is_flag=True, help="Delete the templates kept for this pack, then begin anew.")
    @plan_option
    @functools.wraps(command)
    def with_options(*args: Any, **given: Any) -> Any:
        own = {name: given.pop(name) for name in Options.__dataclass_fields__}
        return command(*args, options=Options(**own), **given)

    return with_options


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One test under way."""

    options: Options
    facts: RunFacts
    pack: OpenPack
    threshold: float
    store: TemplateStore
    work: Path
    log: RunLog
    began_s: float

    def templates(self, photos: Iterable[Photo], use: Use) -> dict[str, Kept]:
        return templates_of(photos, use, self.pack, self.store, progress)

    def publish(
        self, title: str, label: str, summary: tuple[str, ...], sections: tuple[Section, ...], figures: Mapping[str, object]
    ) -> None:
        """Write and print the result: JSON, report, summary, digest."""
        result = result_json(self.facts, figures, registered=self.log.facts, seconds=time.monotonic() - self.began_s)
        digest = str(result["result_digest"])
        under = self.log.facts
        registered = "not registered before it ran" if under is None else f"run {under['run']} of the plan {under['plan']}"
        document = Document(title, label, summary, sections, run_facts(self.facts, digest, registered))
        text = json.dumps(result, indent=1, allow_nan=False) + "\n"
        self.log.finished(text.encode())
        if self.options.json_path is not None:
            write_whole(self.options.json_path, text)
        if self.options.report_dir is not None:
            progress("setting the report")
            for path in write_report(document, self.options.report_dir).values():
                progress(f"wrote {path}")
        click.echo(document.text())
        click.echo(f"\nregistered: {registered}\nresult digest: {digest}")


@contextmanager
def begin_run(test: str, options: Options, data: Mapping[str, Path]) -> Iterator[Run]:
    """Everything a test needs: the run logged under its plan, and the lock on the work folder. Raises what the parts raise."""
    began_s = time.monotonic()
    require_place_for(options.json_path)
    require_report_folder(options.report_dir)
    pack = open_or_build(options.pack_name)
    threshold = pack.default_threshold if options.threshold is None else options.threshold
    parts = {**data, **({"groups": options.groups} if options.groups is not None else {})}
    digests = {name: digest_of_data(path) for name, path in parts.items()}
    facts = facts_of(test, pack, digests, seed=options.seed, threshold=f"{threshold:g}")
    work = options.work or home_from_environment().root / "evaluation"
    if options.fresh:
        forget(work, pack)
    with (
        registered_run(options.plan, test=test, pack=pack, data=parts, threshold=f"{threshold:g}") as log,
        TemplateStore(work, pack) as store,
    ):
        progress(f"{test}: pack {pack.manifest.name}, pipeline {pack.pipeline_digest[:23]}, {len(store)} templates kept from before")
        yield Run(options, facts, pack, threshold, store, work, log, began_s)


def failures_of(kept: Mapping[str, Kept]) -> dict[str, object]:
    """The photos without a template, for the JSON."""
    return {"without_template": unusable(kept)}
