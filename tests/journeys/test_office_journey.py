"""From an empty application to a logged, witnessed authority, by four people in a real browser against a real office process."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from governance.office.authorities import of_deployment
from lfr_engine.packs.store import OpenPack
from tests.free_port import free_port
from tests.journeys.browser import browser, keep_picture, person, serious_findings
from tests.web_office import PASSWORD, WebOffice, complete_draft, real_photos, row_of, table_of
from webui.office.times import ZONE

CLONE = Path(__file__).resolve().parents[2]


@contextmanager
def serving(world: WebOffice, port: int, packs: Path) -> Iterator[str]:
    """`lfr office serve` in its own process."""
    command = [sys.executable, "-m", "webui.cli.main", "office", "serve", "--port", str(port), "--pack", str(packs / "open-default")]
    environment = {**os.environ, "LFR_HOME": str(world.home.root)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, "the office's pages did not start"
            assert time.monotonic() < deadline, "the office's pages do not answer"
            try:
                urllib.request.urlopen(f"{address}/sign-in", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def sign_in(page: Any, address: str, who: str) -> None:
    page.goto(f"{address}/")
    page.get_by_label("Person id").fill(who)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Home").wait_for()


def looked_at(page: Any, name: str) -> None:
    """Keep a picture, and demand that nothing serious is wrong for people who use assistive technology."""
    keep_picture(page, name)
    assert serious_findings(page) == [], name


def fill_day(page: Any, name: str, at: date) -> None:
    for part, value in (("day", at.day), ("month", at.month), ("year", at.year)):
        page.locator(f"#{name}-{part}").fill(str(value))


def apply(page: Any, address: str, folder: Path) -> str:
    """The applicant answers everything but who; the application's address."""
    said: dict[str, Any] = complete_draft()
    document = folder / "document.pdf"
    document.write_bytes(b"%PDF-1.4 a document")
    page.get_by_role("button", name="Start an application").click()
    page.get_by_label("Name of the operation").fill("NORTHGATE")
    page.get_by_role("button", name="Save and continue").click()
    looked_at(page, "02-task-list-empty")
    url = str(page.url)

    page.get_by_role("link", name="Why", exact=True).click()
    page.get_by_label("Crime hotspot and its access routes").check()
    page.get_by_label("What is it to achieve?").fill(said["objective"])
    page.get_by_role("radio", name="Serious", exact=True).check()
    page.get_by_label("Why is it necessary?").fill(said["necessity"])
    page.get_by_role("button", name="Save").click()  # incomplete, and kept
    page.get_by_role("link", name="Why", exact=True).click()
    looked_at(page, "03-why-incomplete")
    page.get_by_label("Why is it proportionate?").fill(said["proportionality"])
    page.get_by_label("Which alternatives were considered").fill(said["alternatives"])
    page.get_by_label("Address of the published policy").fill("https://example.org/lfr-policy")
    page.get_by_label("Version of the policy").fill("4")
    fill_day(page, "policy_in_force", date(2026, 1, 1))
    page.get_by_label("The policy as a file").set_input_files(document)
    page.get_by_role("button", name="Save").click()

    page.get_by_role("link", name="Where", exact=True).click()
    page.get_by_label("Name of the place").fill("Market Street")
    page.get_by_label("Shopping street").check()
    page.get_by_label("Corners of the zone").fill("53.4794, -2.2453\nnorth of the bank")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("Line 2").wait_for()
    looked_at(page, "04-where-error")
    page.get_by_label("Corners of the zone").fill("53.4794, -2.2453\n53.4794, -2.2441\n53.4800, -2.2441\n53.4801, -2.2453")
    page.get_by_label("Why are listed people thought to be there?").fill(said["place"]["justification"])
    page.get_by_label("Intelligence reference").fill("INT-2026-118")
    page.get_by_role("button", name="Save").click()

    page.get_by_role("link", name="When and with what").click()
    start = datetime.now(UTC).astimezone(ZONE) + timedelta(hours=20)
    for end, at in (("start", start), ("end", start + timedelta(hours=3))):
        fill_day(page, f"{end}_day", at)
        page.locator(f"#{end}_clock").fill(f"{at:%H:%M}")
    page.get_by_label("Unit", exact=True).select_option("unit-3")
    page.get_by_label("Cameras").fill("camera-1, camera-2")
    page.get_by_label("Olu Grant").check()
    page.get_by_label("How many people are expected to pass?").fill("4000")
    page.get_by_role("button", name="Save").click()

    page.get_by_role("link", name="Safeguards").click()
    for kind in ("DPIA", "EIA", "APD", "CIA", "legal_mandate", "training_plan"):
        page.locator(f"#{kind}_version").fill("2")
        fill_day(page, f"{kind}_review", date(2027, 6, 1))
        page.locator(f"#{kind}_file").set_input_files(document)
    page.get_by_role("button", name="Save").click()
    looked_at(page, "05-task-list-case-made")
    return url


def hand_in_list(page: Any, address: str, url: str, folder: Path) -> None:
    """The compiler hands in three people, one of them with a photo that shows nobody."""
    photos = real_photos(CLONE / ".cache" / "photos", 3)
    rows = [{**row_of(ref), "image": f"{ref}.jpg"} for ref, _ in photos]
    rows[1]["category"], rows[1]["image_source"] = "suspect", "third_party"
    for ref, photo in photos[:2]:
        (folder / f"{ref}.jpg").write_bytes(photo)
    (folder / f"{photos[2][0]}.jpg").write_bytes(b"no photo at all")
    (folder / "list.csv").write_bytes(table_of(rows))
    page.goto(f"{url}/watchlist/add")
    looked_at(page, "06-add-people")
    page.get_by_label("The table (CSV)").set_input_files(folder / "list.csv")
    page.get_by_label("The photos").set_input_files([folder / f"{ref}.jpg" for ref, _ in photos])
    page.get_by_role("button", name="Take in").click()
    page.get_by_role("heading", name="2 taken in, 1 refused").wait_for()
    looked_at(page, "07-intake-report")


def review_everybody(page: Any, url: str) -> None:
    """Another compiler keeps both, with an undo in between."""
    page.goto(f"{url}/review")
    page.get_by_label("Review for this deployment").check()
    page.get_by_role("button", name="Show photos").click()
    page.get_by_role("img", name="Reference photo").wait_for()
    looked_at(page, "08-review")
    page.get_by_label("Reason for removing").fill("wrong person")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("heading", name="Nobody waits for your review").wait_for()


def decide(page: Any, url: str) -> str:
    """The officer reads, authorises with own reasons, reads the document, signs; the deployment's id."""
    page.get_by_role("link", name="NORTHGATE").click()
    page.get_by_role("heading", name="What to expect").wait_for()
    assert "not known, because it is not certified" in page.inner_text("main")
    looked_at(page, "10-decision")
    page.get_by_label("Your own reasons").fill("too short")
    page.get_by_role("button", name="Authorise").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Your own reasons").fill(
        "Warrants for these people are open, the street is where they were seen, and patrols alone found few."
    )
    page.get_by_role("button", name="Authorise").click()
    page.get_by_text("Demonstration: software authenticator.").wait_for()
    looked_at(page, "11-sign")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign and authorise").click()
    page.get_by_text("independent witnesses have signed it").wait_for()
    looked_at(page, "12-deployment")
    return str(page.url).rsplit("/", 1)[1]


def test_four_people_take_an_application_to_a_witnessed_authority(tmp_path: Path, open_default_pack: OpenPack, packs_dir: Path) -> None:
    port = free_port()
    with browser() as chromium:
        world = WebOffice(tmp_path, port=port)
        try:
            world.certify(open_default_pack)
            with serving(world, port, packs_dir) as address:
                applicant, compiler, reviewer, officer = (person(chromium) for _ in range(4))
                applicant.goto(f"{address}/")
                looked_at(applicant, "01-sign-in")
                sign_in(applicant, address, "ap-01")
                url = apply(applicant, address, tmp_path)
                sign_in(compiler, address, "co-01")
                hand_in_list(compiler, address, url, tmp_path)
                sign_in(reviewer, address, "co-02")
                review_everybody(reviewer, url)
                applicant.goto(f"{url}/check")
                looked_at(applicant, "09-check")
                applicant.get_by_role("button", name="Submit").click()
                sign_in(officer, address, "ao-01")
                deployment = decide(officer, url)
                officer.goto(f"{address}/ledger")
                looked_at(officer, "13-ledger")
            with world.office.read() as session:
                granted = of_deployment(session, deployment)
            assert granted.authority.authorising_officer_id == "ao-01"
            assert granted.authority.watchlist.size == 2
            assert granted.proof.startswith("c2sp.org/tlog-proof@v1")
        finally:
            world.close()
