"""What holds for every page: nobody gets in undeclared, every form carries its token, nothing inline, one heading, sound HTML."""

import re
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.messages.roster import Role
from lfr_engine.packs.store import OpenPack
from tests.web_office import PASSWORD, PEOPLE, WebOffice, real_photos
from webui.office import create_app
from webui.office.access import PUBLIC_FILES, access_of

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, open_default_pack: OpenPack) -> Iterator[tuple[Flask, list[str]]]:
    """The office with one draft, one application that waits, and every page's address."""
    world = WebOffice(tmp_path_factory.mktemp("office"))
    try:
        world.certify(open_default_pack)
        app = create_app(world.office, open_default_pack, b"k" * 32)
        photos = real_photos(CLONE / ".cache" / "photos", 2)
        draft, waiting = world.draft(), world.submitted(open_default_pack, photos)
        parts = ("", "/why", "/where", "/when", "/safeguards", "/check", "/watchlist", "/watchlist/add", "/review")
        addresses = ["/", "/applications", "/applications/new", "/deployments", "/ledger", "/models", "/no-such-page"]
        addresses += [f"/applications/{draft}{part}" for part in parts] + [f"/applications/{waiting}{part}" for part in ("", "/decision")]
        addresses.append(f"/models/{open_default_pack.pipeline_digest[7:]}")
        yield app, addresses
    finally:
        world.close()


def token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, "the page has no form token"
    return found[1]


def signed_in(app: Flask, who: str) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/sign-in", data={"person_id": who, "password": PASSWORD, "csrf_token": token(client.get("/sign-in").text)})
    assert answer.status_code == 302, answer.text
    return client


def test_every_endpoint_declares_who_may_open_it(site: tuple[Flask, list[str]]) -> None:
    app, _ = site
    undeclared = [rule.endpoint for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None]
    assert undeclared == []
    open_to_all = {rule.endpoint for rule in app.url_map.iter_rules() if not access_of(app, rule.endpoint).roles}
    assert open_to_all == {"static", "sign_in.page"}
    assert access_of(app, "static") is PUBLIC_FILES


def test_an_endpoint_that_declares_nothing_is_open_to_nobody(open_default_pack: OpenPack, tmp_path: Path) -> None:
    world = WebOffice(tmp_path)
    try:
        app = create_app(world.office, open_default_pack, b"k" * 32)
        app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
        assert signed_in(app, "ao-01").get("/forgotten").status_code == 403
    finally:
        world.close()


def test_nobody_gets_in_without_signing_in(site: tuple[Flask, list[str]]) -> None:
    app, addresses = site
    client = app.test_client()
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == (404 if address == "/no-such-page" else 302), address
        assert answer.status_code == 404 or answer.location.startswith("/sign-in"), address


def test_every_post_without_its_token_is_refused(site: tuple[Flask, list[str]]) -> None:
    app, _ = site
    by_role = {role: signed_in(app, person.person_id) for person in PEOPLE for role in person.roles}
    example = {"application_id": "0" * 8 + "-0000-7000-8000-" + "0" * 12, "digest": "0" * 64, "slug": "why"}
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods]
    assert len(posts) > 8
    for rule in posts:
        roles = access_of(app, rule.endpoint).roles
        client = next((by_role[role] for role in roles if role in by_role), app.test_client())
        values = {name: example.get(name, example["application_id"]) for name in rule.arguments}
        with app.test_request_context():
            address = app.url_map.bind("localhost").build(rule.endpoint, values)
        answer = client.post(address, data={"reasons": "x"})
        assert answer.status_code == 400, f"{rule.endpoint} took a form without its token"


def test_every_page_is_sound_html_with_title_and_heading_and_nothing_inline(site: tuple[Flask, list[str]]) -> None:
    app, addresses = site
    seen = 0
    for who in ("ap-01", "co-01", "co-02", "ao-01", "ov-01"):
        client = signed_in(app, who)
        for address in addresses:
            answer = client.get(address, follow_redirects=True)
            assert answer.status_code in {200, 403, 404}, (who, address, answer.status_code)
            check_page(answer.text, f"{who} {address}")
            assert "script-src 'nonce-" in answer.headers["Content-Security-Policy"]
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            seen += answer.status_code == 200
    assert seen > 40


def check_page(page: str, name: str) -> None:
    """Strictly parsed; one h1, a title, unique ids, no inline script, style or handler, labels that point somewhere."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    every = list(tree.iter())
    tags = [element.tag for element in every]
    assert tags.count("h1") == 1, name
    title = next(element for element in every if element.tag == "title")
    assert (title.text or "").strip(), name
    ids = [element.get("id") for element in every if element.get("id")]
    assert len(ids) == len(set(ids)), (name, sorted({one for one in ids if ids.count(one) > 1}))
    assert "style" not in tags, name
    for element in every:
        handlers = [key for key in element.keys() if str(key).startswith("on") or key == "style"]  # noqa: SIM118 - iterating over an element gives its children
        assert handlers == [], (name, element.tag, handlers)
        if element.tag == "script":
            assert element.get("src"), name
            assert element.get("nonce"), name
        if element.tag == "label":
            assert element.get("for") in ids or element.find("input") is not None, (name, element.get("for"))
        if element.tag == "form" and element.get("method") == "post":
            assert any(field.get("name") == "csrf_token" for field in element.iter("input")), name


def test_no_page_calls_a_candidate_a_match_or_a_score_a_probability() -> None:
    """R40: a candidate is a possible match, and a similarity no likelihood."""
    for template in (CLONE / "webui" / "templates").rglob("*.html"):
        for line in template.read_text().lower().splitlines():
            assert not re.search(r"(?<!possible )\bmatch(es)?\b", re.sub(r"\{[{%#].*?[}%#]\}", "", line)), (template.name, line)
            assert "% similar" not in line
            assert "confidence" not in line


def test_roles_are_kept_apart(site: tuple[Flask, list[str]]) -> None:
    app, addresses = site
    decision = next(address for address in addresses if address.endswith("/decision"))
    draft = next(address for address in addresses if address.endswith("/why"))
    assert signed_in(app, "ap-01").get(decision).status_code == 403
    assert signed_in(app, "co-01").get(draft).status_code == 403
    assert signed_in(app, "op-01").get("/applications").status_code == 403
    assert Role.APPLICANT not in access_of(app, "decision.page").roles
