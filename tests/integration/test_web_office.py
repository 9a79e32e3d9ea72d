"""The office's pages under attack and in trouble: sign-in, sessions, uploads, photos without a reason, a witness that is down."""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.events import read_entry
from governance.office import accounts, intake
from governance.office.entries import proposals
from lfr_engine.errors import Refused
from lfr_engine.packs.store import OpenPack
from tests.integration.test_web_structure import signed_in, token
from tests.web_office import PASSWORD, WebOffice, complete_draft, real_photos, row_of, table_of
from webui.office import create_app

CLONE = Path(__file__).resolve().parents[2]
Site = tuple[WebOffice, Flask]


@pytest.fixture
def site(tmp_path: Path, open_default_pack: OpenPack) -> Iterator[Site]:
    world = WebOffice(tmp_path)
    try:
        world.certify(open_default_pack)
        yield world, create_app(world.office, open_default_pack, b"k" * 32)
    finally:
        world.close()


def events(world: WebOffice, kind: str) -> int:
    with world.office.read() as session:
        size = world.office.log.size(session)
        return sum(read_entry(entry)[0].type == kind for entry in world.office.log.entries(session, 0, size))


def post(client: FlaskClient, address: str, at: str, **fields: object) -> object:
    """Send a form as the page at `at` would."""
    return client.post(address, data={"csrf_token": token(client.get(at).text), **fields}, content_type="multipart/form-data")


def test_guessing_a_password_locks_the_account_and_every_try_until_then_is_logged(site: Site) -> None:
    world, app = site
    for _ in range(accounts.MAX_FAILURES):
        with pytest.raises(Refused):
            accounts.check_password(world.office, "ao-01", "wrong-wrong-wrong")
    assert events(world, "session.started") == accounts.MAX_FAILURES
    with pytest.raises(Refused):  # right, but locked; and a locked account fills no ledger
        accounts.check_password(world.office, "ao-01", PASSWORD)
    with pytest.raises(Refused):
        accounts.check_password(world.office, "nobody", PASSWORD)
    assert events(world, "session.started") == accounts.MAX_FAILURES
    page = app.test_client().get("/sign-in")
    assert page.status_code == 200


def test_a_cookie_fixed_before_sign_in_is_worth_nothing_and_sign_out_ends_a_copied_one(site: Site) -> None:
    _, app = site
    client = app.test_client()
    before = client.get("/sign-in").headers.get("Set-Cookie", "")
    client = signed_in(app, "co-01")
    cookie = client.get_cookie("lfr_office")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.value not in before
    stolen = app.test_client()
    stolen.set_cookie("lfr_office", cookie.value)
    assert stolen.get("/").status_code == 200
    post(client, "/sign-out", "/")
    assert stolen.get("/").status_code == 302


def test_a_crafted_link_leads_nowhere_else_after_sign_in(site: Site) -> None:
    _, app = site
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        client = app.test_client()
        page = client.get("/sign-in").text
        answer = client.post(f"/sign-in?to={target}", data={"person_id": "co-01", "password": PASSWORD, "csrf_token": token(page)})
        assert answer.location == "/"


def test_a_request_under_another_host_name_is_refused(site: Site) -> None:
    _, app = site
    assert app.test_client().get("/sign-in", headers={"Host": "rebound.example"}).status_code == 400


def test_an_upload_above_the_limit_is_refused_with_a_page_that_says_so(site: Site) -> None:
    world, app = site
    client = signed_in(app, "ap-01")
    answer = client.post("/applications/new", data={"operation": "x" * 600_000})
    assert answer.status_code == 413
    assert "too large" in answer.text
    assert (
        app.test_client().post("/applications/new", data={"operation": "x" * 600_000}).status_code == 302
    )  # nobody reads a stranger's upload
    assert world.draft()


def test_whoever_cannot_be_taken_is_reported_and_a_mended_table_does_not_list_anybody_twice(site: Site) -> None:
    world, app = site
    application = world.draft()
    client, add = signed_in(app, "co-01"), f"/applications/{application}/watchlist/add"
    photos = real_photos(CLONE / ".cache" / "photos", 2)
    rows = [{**row_of(ref), "image": f"people/{ref}.jpg"} for ref, _ in photos]
    rows[1]["category"] = "intelligence"
    rows.append({**row_of("P-99"), "image": "missing.jpg"})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for ref, photo in photos:
            archive.writestr(f"people/{ref}.jpg", photo)

    def hand_in() -> str:
        files = {"table": (io.BytesIO(table_of(rows)), "list.csv"), "photos": (io.BytesIO(packed.getvalue()), "photos.zip")}
        answer = post(client, add, add, **files)
        assert answer.status_code == 302, answer.text
        return client.get(answer.location).text

    first = hand_in()
    assert "1 taken in, 2 refused" in first
    assert "missing.jpg" in first
    assert events(world, "photo.refused") == 1
    rows[1]["category"] = "suspect"
    second = hand_in()
    assert "1 taken in, 1 refused" in second
    assert "1 were on the list already" in second
    with world.office.read() as session:
        assert len(proposals(session, application)) == 2


def test_a_row_that_reads_otherwise_than_it_is_or_never_ends_is_refused_and_shown_short(site: Site) -> None:
    world, app = site
    add = f"/applications/{world.draft()}/watchlist/add"
    (ref, photo), *_ = real_photos(CLONE / ".cache" / "photos", 1)
    row = {**row_of(ref), "image": "a.jpg"}
    rows = [
        {**row, "subject_ref": "P-\u202e10"},
        {**row, "subject_ref": "P-11", "justification": "Warrant\x07 not served yet."},
        {**row, "subject_ref": "x" * 5000},
        {**row, "subject_ref": "\u05de\u05d7\u05de\u05d3 <script>"},  # another script is a name like any other
    ]
    client = signed_in(app, "co-01")
    files = {"table": (io.BytesIO(table_of(rows)), "list.csv"), "photos": (io.BytesIO(photo), "a.jpg")}
    report = client.get(post(client, add, add, **files).location).text
    assert "1 taken in, 3 refused" in report
    assert report.count("invisible control characters") == 2
    assert "x" * 300 not in report
    assert "mend this row" in report


def test_what_an_officer_would_sign_cannot_be_written_backwards(site: Site) -> None:
    _, app = site
    client, new = signed_in(app, "ap-01"), "/applications/new"
    refused = post(client, new, new, operation="\u202eETAGHTRON")
    assert refused.status_code == 400
    assert "invisible control characters" in refused.text
    assert post(client, new, new, operation="\u05e9\u05e2\u05e8 NORTHGATE").status_code == 302


def test_nobody_is_led_to_a_page_that_refuses_them(site: Site) -> None:
    _, app = site
    for who in ("op-01", "ap-01", "ao-01", "ov-01"):
        client = signed_in(app, who)
        for address in re.findall(r'class="lfr-nav__link" href="([^"]+)"', client.get("/").text):
            assert client.get(address).status_code == 200, (who, address)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (b"subject_ref,image\nP-1,a.jpg\n", "lacks the column"),
        (b"\xff\xfe\x00", "not CSV text"),
        (",".join(intake.COLUMNS).encode() + b"\n", "lists nobody"),
        (",".join(intake.COLUMNS).encode() + b"\nP-1,a.jpg\n", "fewer fields"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_words(site: Site, table: bytes, says: str) -> None:
    world, app = site
    add = f"/applications/{world.draft()}/watchlist/add"
    answer = post(signed_in(app, "co-01"), add, add, table=(io.BytesIO(table), "list.csv"))
    assert answer.status_code == 400
    assert says in answer.text


def test_a_zip_that_would_unpack_too_large_is_refused_before_it_is_unpacked(site: Site) -> None:
    world, app = site
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1001):
            archive.writestr(f"{number}.jpg", b"")
    add = f"/applications/{world.draft()}/watchlist/add"
    rows = [{**row_of("P-1"), "image": "1.jpg"}]
    files = {"table": (io.BytesIO(table_of(rows)), "list.csv"), "photos": (io.BytesIO(bomb.getvalue()), "photos.zip")}
    answer = post(signed_in(app, "co-01"), add, add, **files)
    assert answer.status_code == 400
    assert "hand it in in parts" in answer.text


def test_a_photo_opens_only_with_a_reason_and_each_look_is_logged(site: Site, open_default_pack: OpenPack) -> None:
    world, app = site
    application = world.draft()
    world.fill(application, open_default_pack, real_photos(CLONE / ".cache" / "photos", 1))
    with world.office.read() as session:
        entry = proposals(session, application)[0].entry_id
    client = signed_in(app, "co-02")
    address = f"/applications/{application}/people/{entry}"
    refused = client.get(f"{address}/photo.jpg")
    assert refused.status_code == 400
    assert "R65" in refused.text
    assert events(world, "image.consulted") == 0
    post(client, f"/applications/{application}/photo-reason", address, reason="review")
    shown = client.get(f"{address}/photo.jpg")
    assert shown.mimetype == "image/jpeg"
    assert shown.headers["Cache-Control"] == "no-store"
    assert events(world, "image.consulted") == 1
    assert signed_in(app, "ov-01").get(f"{address}/photo.jpg").status_code == 403  # oversight sees no biometrics (R72)


def test_whoever_proposed_somebody_does_not_review_them(site: Site, open_default_pack: OpenPack) -> None:
    world, app = site
    application = world.draft()
    world.fill(application, open_default_pack, real_photos(CLONE / ".cache" / "photos", 1))
    with world.office.read() as session:
        entry = proposals(session, application)[0].entry_id
    review = f"/applications/{application}/review/{entry}"
    answer = post(signed_in(app, "co-01"), review, review, verdict="keep")
    assert answer.status_code == 409
    assert "R4" in answer.text


def test_two_windows_on_one_part_lose_nothing(site: Site) -> None:
    world, app = site
    application = world.draft()
    client = signed_in(app, "ap-01")
    where = f"/applications/{application}/where"
    page = client.get(where).text
    fields = {
        "csrf_token": token(page),
        "revision": re.search(r'name="revision" value="(\d+)"', page)[1],
        "corners": "",
        "name": "Station Square",
    }
    assert client.post(where, data=fields).status_code == 302
    late = client.post(where, data={**fields, "name": "Typed in the other window"})
    assert late.status_code == 400
    assert "somebody saved this application" in late.text
    assert "Typed in the other window" in late.text


def test_an_incomplete_application_is_kept_and_cannot_be_submitted(site: Site) -> None:
    world, app = site
    application = world.draft(objective="", window={})
    client = signed_in(app, "ap-01")
    check = client.get(f"/applications/{application}/check").text
    assert "Say what the deployment is to achieve" in check
    assert "Give a start and an end" in check
    answer = post(client, f"/applications/{application}/submit", f"/applications/{application}/why")
    assert answer.status_code == 400


def test_an_officer_cannot_authorise_what_is_blocked_nor_with_the_applicants_words(site: Site, open_default_pack: OpenPack) -> None:
    world, app = site
    photos = real_photos(CLONE / ".cache" / "photos", 1)
    waiting = world.submitted(open_default_pack, photos)
    client, page = signed_in(app, "ao-01"), f"/applications/{waiting}/decision"
    copied = post(client, page, page, outcome="authorise", reasons=str(complete_draft()["necessity"]))
    assert copied.status_code == 400
    assert "applicant&#39;s words" in copied.text
    returned = post(client, page, page, outcome="return", reasons="The intelligence reference is missing its date.")
    assert returned.status_code == 302
    assert "intelligence reference is missing" in signed_in(app, "ap-01").get(f"/applications/{waiting}").text


def test_signing_needs_the_officers_own_document_and_password(site: Site, open_default_pack: OpenPack) -> None:
    world, app = site
    waiting = world.submitted(open_default_pack, real_photos(CLONE / ".cache" / "photos", 1))
    client, page = signed_in(app, "ao-01"), f"/applications/{waiting}/decision"
    served = post(client, page, page, outcome="authorise", reasons="Warrants are open and this street is where they were seen last.")
    assert served.status_code == 302
    assert client.get(f"{page}/{'0' * 64}").status_code == 400
    wrong = post(client, served.location, served.location, password="not the password")
    assert wrong.status_code == 400
    assert events(world, "authority.granted") == 0
    world.witness.stop()
    granted = post(client, served.location, served.location, password=PASSWORD)
    assert granted.status_code == 302
    deployment = client.get(granted.location).text
    assert "no witness has signed yet" in deployment
    assert events(world, "authority.granted") == 1
    world.witness.start()
    world.office.settings.witness_urls[world.witness.verifier.name] = world.witness.url
    assert post(client, f"{granted.location}/witness", granted.location).status_code == 302
    assert "yes: a unit can check it offline" in client.get(granted.location).text
    again = post(client, served.location, granted.location, password=PASSWORD)  # another window, still open at the form
    said = client.get(again.location).text
    assert "nothing was signed a second time" in said
    assert granted.location in said
    assert events(world, "authority.granted") == 1
    assert granted.location in client.get("/").text


def test_logs_name_nobody(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    world, app = site

    def fails() -> str:
        raise RuntimeError("Amira Hassan")

    fails.lfr_access = app.view_functions["home.page"].lfr_access  # type: ignore[attr-defined]
    app.add_url_rule("/fails", "fails", fails)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.DEBUG):
        answer = signed_in(app, "ap-01").get("/fails")
    assert answer.status_code == 500
    assert "RuntimeError" in caplog.text
    for text in (caplog.text, answer.text.replace("Amira Hassan, inspector", "")):
        assert "Amira" not in text
    assert world.office.mode == "demonstration"


def test_a_session_ends_after_a_shift(site: Site) -> None:
    world, _ = site
    session_token = accounts.start_session(world.office, "ap-01")
    assert accounts.person_of(world.office, session_token) == "ap-01"
    assert accounts.person_of(world.office, "another") is None
    assert timedelta(hours=8) <= accounts.SESSION_AT_MOST <= timedelta(hours=24)
