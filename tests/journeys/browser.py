"""Debian's chromium, driven by Playwright; a journey is skipped with a clear line where it is missing."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def browser() -> Iterator[Any]:
    """A browser for one journey."""
    if not Path(CHROMIUM).exists():
        pytest.skip("no chromium on this machine (on Debian: apt-get install chromium): journeys in a browser are skipped")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: journeys in a browser are skipped")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()


def person(chromium: Any, *, width: int = 1280, height: int = 900, javascript: bool = True) -> Any:
    """A page of somebody with cookies of their own."""
    context = chromium.new_context(viewport={"width": width, "height": height}, java_script_enabled=javascript, bypass_csp=False)
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def keep_picture(page: Any, name: str) -> None:
    """A screenshot of the whole page, where LFR_SCREENSHOTS names a folder."""
    folder = os.environ.get("LFR_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def serious_findings(page: Any) -> list[str]:
    """What axe finds serious or critical on the page as it is now; none where axe is not installed."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']} ({one['nodes'][0]['html'][:120]})"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
