"""A report as its parts: sentences, tables and charts under headings. HTML, PDF and the terminal all show the same document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; `numbers` says from which column on cells are figures, set flush right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart: the name of its file without ending, its SVG, what it shows in a sentence, and a caption."""

    name: str
    svg: str
    alt: str
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """One heading and what stands under it, in this order."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report. `label` stands above the title on every page (what kind of test this is); `summary` is what a reader
    with one minute takes away; `facts` identify the run."""

    title: str
    label: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return tuple(picture for section in self.sections for picture in section.pictures)

    def text(self) -> str:
        """Everything in words, for the terminal: without pictures."""
        lines = [f"{self.label}", self.title, ""]
        lines += [f"  {sentence}" for sentence in self.summary]
        return "\n".join(lines)

    def words(self) -> str:
        """Every word of the document, for checks on what it may say."""
        parts = [self.title, self.label, *self.summary]
        for section in self.sections:
            parts += [section.heading, *section.paragraphs, *section.notes]
            parts += [picture.caption + " " + picture.alt for picture in section.pictures]
            for table in section.tables:
                parts += [table.caption, *table.columns, *(cell for row in table.rows for cell in row)]
        return "\n".join([*parts, *(f"{name} {value}" for name, value in self.facts)])
