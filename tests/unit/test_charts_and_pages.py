"""Charts say in words what they show and are the same each time; nothing written by others is markup on a page."""

from xml.etree import ElementTree

import pytest

from lfr_engine.chart import Bar, Line, bar_chart, line_chart
from lfr_engine.errors import LfrError
from lfr_engine.pdf import literal, pdf_of

_SVG = "{http://www.w3.org/2000/svg}"


def drawn() -> str:
    line = Line("list of <20,000> & more", (0.1, 0.2, 0.3), (1, 2, 3), low=(0.5, 1, 2), high=(2, 3, 4))
    return line_chart([line], title="Misses & false alerts", alt="Misses rise with the threshold.", x_label="threshold", y_label="k/n")


def test_a_chart_carries_its_title_and_a_sentence_for_those_who_cannot_see_it() -> None:
    root = ElementTree.fromstring(drawn())
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Misses & false alerts"
    assert root.findtext(f"{_SVG}desc") == "Misses rise with the threshold."


def test_the_same_figures_give_the_same_picture_and_others_another() -> None:
    assert drawn() == drawn()
    few, more = (bar_chart([Bar("ours", value, 1.0, 3.0)], title="t", alt="a", value_label="x") for value in (2.0, 2.5))
    assert few != more


def test_text_of_a_chart_stays_text() -> None:
    words = "".join(ElementTree.fromstring(drawn()).itertext())
    assert "threshold" in words


def test_a_page_is_a_pdf_with_the_pictures_it_names() -> None:
    page = pdf_of('= Report\n#image("c.svg")', {"c.svg": drawn().encode()}, title="Report")
    assert page.startswith(b"%PDF-")
    assert page == pdf_of('= Report\n#image("c.svg")', {"c.svg": drawn().encode()}, title="Report")


@pytest.mark.parametrize("text", ['"', "\\", '#read("/etc/passwd")', '" + read("/etc/passwd") + "', "$x$ *bold*\n= heading", "\\u{41}"])
def test_text_written_by_others_is_never_markup(text: str) -> None:
    page = pdf_of(f"#let shown = {literal(text)}\n#assert.eq(shown.len(), {len(text.encode())})\n#shown", {}, title=text)
    assert page.startswith(b"%PDF-")


@pytest.mark.parametrize("source", ['#read("/etc/passwd")', '#read("../secret")', "#unknown()"])
def test_a_page_reads_no_file_but_its_own(source: str) -> None:
    with pytest.raises(LfrError):
        pdf_of(source, {}, title="attack")
