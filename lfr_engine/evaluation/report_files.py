"""A document as files: one HTML page that needs nothing beside it, a PDF, and its charts as SVG."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.evaluation.document import Document, Section, Table
from lfr_engine.pdf import literal, pdf_of

NAME = "report"


def require_report_folder(folder: Path | None) -> None:
    """Raises BadInput unless the folder (or None) exists, empty or with an older report, or can be made."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise NotADirectoryError(20, "it is a file")
        (folder / f"{NAME}.html").open("ab").close()
    except OSError as error:
        raise BadInput(
            f"no report can be written to {folder}: {error.strerror}", next_step="name a folder that you may write to"
        ) from error


def write_report(document: Document, folder: Path) -> Mapping[str, Path]:
    """`report.html`, `report.pdf` and one SVG for each chart; what was written, by name."""
    written = {f"{NAME}.html": html_of(document).encode(), f"{NAME}.pdf": pdf_document(document)}
    written |= {f"{picture.name}.svg": picture.svg.encode() for picture in document.pictures}
    try:
        for name, content in written.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise LfrError(
            f"the report cannot be written to {folder}: {error.strerror}", next_step="free disk space and run it again"
        ) from error
    return {name: folder / name for name in written}


def html_of(document: Document) -> str:
    """The page. Every text that comes from the material is escaped."""
    environment = Environment(
        loader=PackageLoader("lfr_engine.evaluation"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html").render(document=document)


def pdf_document(document: Document) -> bytes:
    """The same on A4 pages."""
    files = {f"{picture.name}.svg": picture.svg.encode() for picture in document.pictures}
    return pdf_of(typst_source(document), files, title=document.title)


def typst_source(document: Document) -> str:
    """The pages as Typst markup; every text is a string literal in it, so that none can be markup."""
    parts = [
        "#set par(justify: false)\n#show heading: set block(above: 1.4em, below: 0.7em)\n#show figure.caption: set align(left)\n",
        "#set table.cell(breakable: false)\n#set table(stroke: (x, y) => (bottom: 0.4pt + gray), inset: (x: 4pt, y: 4pt))\n",
        f"#text(fill: rgb(80, 90, 95), weight: 700, {literal(document.label)})\n\n= #{literal(document.title)}\n",
        "#block(stroke: (left: 3pt + rgb(29, 112, 184)), inset: (left: 10pt, y: 4pt), width: 100%)[",
        *(f"#par({literal(sentence)})\n" for sentence in document.summary),
        "]\n",
        *(_section(section) for section in document.sections),
        "== What was run\n",
        _facts(document.facts),
    ]
    return "".join(parts)


def _section(section: Section) -> str:
    parts = [f"== #{literal(section.heading)}\n"]
    parts += [f"#par({literal(paragraph)})\n" for paragraph in section.paragraphs]
    parts += [_table(table) for table in section.tables]
    for picture in section.pictures:
        caption = f"#text(size: 9pt, fill: rgb(80, 90, 95), {literal(picture.caption)})"
        parts.append(
            f"#block(breakable: false)[#image({literal(picture.name + '.svg')}, width: 100%, alt: {literal(picture.alt)})\n\n{caption}]\n"
        )
    parts += [f"#par(text(size: 9pt, fill: rgb(80, 90, 95), {literal(note)}))\n" for note in section.notes]
    return "".join(parts)


def _table(table: Table) -> str:
    aligned = ", ".join("right" if place >= table.numbers else "left" for place in range(len(table.columns)))
    widths = ", ".join("auto" if place >= table.numbers else "1fr" for place in range(len(table.columns)))
    if len(table.columns) > 5:
        widths = ", ".join("1fr" for _ in table.columns)
    header = ", ".join(f"strong({literal(column)})" for column in table.columns)
    cells = ",\n".join(", ".join(_cell(cell) for cell in row) for row in table.rows)
    return (
        f"#block(above: 1em, below: 0.5em, sticky: true, strong({literal(table.caption)}))\n"
        f"#text(size: 9pt)[#table(columns: ({widths}), align: ({aligned}), table.header({header}),\n{cells})]\n"
    )


def _cell(text: str) -> str:
    return f"[#{literal(text)}]"


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    rows = ",\n".join(f"{_cell(name)}, {_cell(_breakable(value))}" for name, value in facts)
    return f"#text(size: 8.5pt)[#table(columns: (auto, 1fr),\n{rows})]\n"


def _breakable(value: str) -> str:
    """A digest with places where a line may end."""
    return value if " " in value or len(value) < 40 else "\u200b".join(value[at : at + 16] for at in range(0, len(value), 16))
