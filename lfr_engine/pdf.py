"""PDF pages from Typst markup: the only import of typst. Our markup names no package, so nothing is fetched."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from lfr_engine.errors import LfrError

_PAGE = '#set page(paper: "a4", margin: 2.2cm, numbering: "1 / 1")\n#set text(size: 10.5pt, lang: "en")\n#set par(leading: 0.7em)\n'


def pdf_of(source: str, files: Mapping[str, bytes], *, title: str) -> bytes:
    """The PDF of Typst `source`, which may name the `files` (SVG pictures and the like, plain names).

    Every text that was not written by us goes through `literal`. Raises LfrError where the markup is wrong.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            (root / name).write_bytes(content)
        main = root / "main.typ"
        main.write_text(f"#set document(title: {literal(title)}, date: none)\n{_PAGE}{source}", "utf-8")
        try:
            made = typst.compile(str(main), root=folder, format="pdf")
        except RuntimeError as error:  # typst.TypstError is one
            raise LfrError(f"the document {title!r} cannot be set: {error}") from error
    if not isinstance(made, bytes):
        raise LfrError(f"the document {title!r} gave no PDF")
    return made


def literal(text: str) -> str:
    """`text` as a Typst string literal: nothing in it is markup."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "").replace("\t", "\\t")
    return f'"{escaped}"'
