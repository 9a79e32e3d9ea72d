"""An operator at the console of a real unit: real engine, real rehearsal camera, an alert decided by key, stop, purge seen."""

import subprocess
from datetime import timedelta
from pathlib import Path

from lfr_engine.packs.store import OpenPack
from tests.free_port import free_port
from tests.journeys.browser import browser, keep_picture, person, serious_findings
from tests.unit_rehearsal import enrolled_faces, environment, van_with, wait_for
from tests.unit_van import ledger


def test_an_alert_is_shown_and_decided_by_key_and_the_day_ends_with_a_purge(tmp_path: Path, open_default_pack: OpenPack) -> None:
    port = free_port()
    with browser() as chromium:
        van, command = van_with(tmp_path, enrolled_faces(open_default_pack), window=timedelta(minutes=5))
        with (tmp_path / "run.log").open("wb") as log:
            unit = subprocess.Popen([*command, "--console", str(port)], env=environment(tmp_path), stdout=log, stderr=log)
        try:
            wait_for(van, "matching.started")
            page = person(chromium, width=1280, height=800)
            page.set_default_timeout(60_000)
            page.goto(f"http://localhost:{port}/gate")
            assert "would block" in page.inner_text("main").lower()
            keep_picture(page, "20-gate")
            assert serious_findings(page) == []

            page.get_by_role("link", name="Go to live").click()
            page.get_by_role("heading", name="POSSIBLE MATCH").wait_for()
            shown = page.inner_text("main")
            assert "%" not in shown
            assert "the system can be wrong" in shown
            assert page.locator(".decision[open]").count() == 0  # nothing is chosen beforehand
            keep_picture(page, "21-live-alert")
            assert serious_findings(page) == []
            page.reload()
            page.get_by_role("heading", name="POSSIBLE MATCH").wait_for()  # a reload loses nothing

            page.keyboard.press("e")
            page.get_by_text("Engage, because:").wait_for()
            keep_picture(page, "22-live-reasons")
            page.keyboard.press("1")
            page.get_by_role("heading", name="What became of the alert").wait_for()
            keep_picture(page, "23-outcome")
            assert serious_findings(page) == []
            page.get_by_label("The person was spoken to").check()
            page.get_by_label("It is the person on the list").check()
            page.get_by_label("A document").check()
            page.get_by_role("button", name="Record").click()

            page.locator("summary", has_text="STOP").click()
            page.get_by_role("button", name="Yes, stop matching now").click()
            page.get_by_text("The one-use key is destroyed").wait_for()
            keep_picture(page, "24-end-of-day")
            assert serious_findings(page) == []
        finally:
            unit.terminate()
            unit.wait(60)
        with van.journal() as journal:
            happened = {event.type: body for event, body in ledger(journal)}
        assert happened["alert.adjudicated"].scripted is False
        assert happened["alert.resolved"].outcome == "confirmed_true"
        assert happened["matching.stopped"].reason == "operator"
        assert {"alert.shown", "purge.done"} <= set(happened)
