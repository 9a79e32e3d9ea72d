"""The bundle as a file: exactly the approved people, each with the template that was approved, and no archive tricks (R28, R31)."""

import base64
import contextlib
import dataclasses
import gzip
import io
import json
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lfr_engine.errors import BadInput, LfrError, VerificationFailed
from tests.unit_world import listed
from watchlist.bundle import MAX_THUMB_BYTES, ListedPerson, pack_list, read_bundle, seal_list, unpack_list, write_bundle
from watchlist.entry import new_nonce
from watchlist.sealing import age

PACK = "sha256:" + "ab" * 32
PEOPLE = [listed(number, PACK) for number in range(3)]
APPROVED = {person.leaf for person in PEOPLE}
PLAIN = pack_list(PEOPLE)


def members(plain: bytes = PLAIN) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {name: stream.read() for name in tar.getnames() if (stream := tar.extractfile(name))}


def tarred(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def with_line(number: int, **changes: str) -> bytes:
    files = members()
    lines = [json.loads(line) for line in files["entries.jsonl"].splitlines()]
    lines[number].update(changes)
    return tarred({**files, "entries.jsonl": "\n".join(json.dumps(line) for line in lines).encode()})


def test_what_was_sealed_comes_back_exactly() -> None:
    people = unpack_list(PLAIN, approved=APPROVED)
    assert [(one.content, one.nonce, one.thumb) for one in people] == [(one.content, one.nonce, one.thumb) for one in PEOPLE]
    assert all(np.array_equal(one.template, was.template) for one, was in zip(people, PEOPLE, strict=True))


def test_packing_the_same_list_gives_the_same_bytes() -> None:
    assert pack_list(PEOPLE) == PLAIN


NOT_WHAT_WAS_APPROVED: dict[str, Callable[[], bytes]] = {
    "one person more": lambda: pack_list([*PEOPLE, listed(4, PACK)]),
    "one person fewer": lambda: pack_list(PEOPLE[:2]),
    "one person exchanged": lambda: pack_list([*PEOPLE[:2], listed(4, PACK)]),
    "one person twice": lambda: pack_list([*PEOPLE, PEOPLE[0]]),
    "one person twice in another's place": lambda: pack_list([*PEOPLE[:2], PEOPLE[0]]),
    "the same entry under another nonce": lambda: pack_list([*PEOPLE[:2], dataclasses.replace(PEOPLE[2], nonce=new_nonce())]),
    "two templates exchanged": lambda: pack_list(
        [
            dataclasses.replace(PEOPLE[0], template=PEOPLE[1].template),
            dataclasses.replace(PEOPLE[1], template=PEOPLE[0].template),
            PEOPLE[2],
        ]
    ),
    "a template of somebody never listed": lambda: pack_list(
        [*PEOPLE[:2], dataclasses.replace(PEOPLE[2], template=listed(5, PACK).template)]
    ),
}


@pytest.mark.parametrize("what", NOT_WHAT_WAS_APPROVED)
def test_anything_but_the_approved_people_with_their_own_templates_is_refused(what: str) -> None:
    with pytest.raises(VerificationFailed) as caught:
        unpack_list(NOT_WHAT_WAS_APPROVED[what](), approved=APPROVED)
    assert "R28" in caught.value.rule_ids


def test_an_entry_whose_words_were_changed_is_no_approved_leaf() -> None:
    content = PEOPLE[0].content.replace(b"amber", b"red")
    forged = dataclasses.replace(PEOPLE[0], content=content)
    with pytest.raises(VerificationFailed):
        unpack_list(pack_list([forged, *PEOPLE[1:]]), approved=APPROVED)


def test_a_removed_person_left_in_the_payload_is_refused() -> None:
    with pytest.raises(VerificationFailed):
        unpack_list(PLAIN, approved=APPROVED - {PEOPLE[1].leaf})


def _link(name: str) -> bytes:
    files = members()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
        for other, content in files.items():
            if other != name:
                info = tarfile.TarInfo(other)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


BROKEN: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no tar": lambda: b"x" * 2048,
    "a truncated tar": lambda: PLAIN[: len(PLAIN) // 2],
    "a compressed tar": lambda: gzip.compress(PLAIN),
    "no entries": lambda: tarred({name: content for name, content in members().items() if name != "entries.jsonl"}),
    "no templates": lambda: tarred({name: content for name, content in members().items() if name != "templates.f32"}),
    "a thumbnail missing": lambda: tarred({name: content for name, content in members().items() if PEOPLE[0].leaf not in name}),
    "a file too many": lambda: tarred({**members(), "notes.txt": b"more"}),
    "a thumbnail too many": lambda: tarred({**members(), f"thumbs/{'0' * 64}.jpg": b"x"}),
    "entries as a link out of the archive": lambda: _link("entries.jsonl"),
    "a thumbnail as a link": lambda: _link(f"thumbs/{PEOPLE[0].leaf}.jpg"),
    "a large thumbnail": lambda: tarred({**members(), f"thumbs/{PEOPLE[0].leaf}.jpg": b"x" * (MAX_THUMB_BYTES + 1)}),
    "templates cut short": lambda: tarred({**members(), "templates.f32": members()["templates.f32"][:-4]}),
    "templates cut within a number": lambda: tarred({**members(), "templates.f32": members()["templates.f32"][:-1]}),
    "no template at all": lambda: tarred({**members(), "templates.f32": b""}),
    "a template that is not finite": lambda: tarred({**members(), "templates.f32": b"\x00\x00\xc0\x7f" * (128 * 3)}),
    "a template of no length": lambda: tarred({**members(), "templates.f32": bytes(128 * 3 * 4)}),
    "an entry that is no JSON": lambda: tarred({**members(), "entries.jsonl": b"x\ny\nz"}),
    "an entry nested without end": lambda: tarred({**members(), "entries.jsonl": b"[" * 100_000 + b"\n\n"}),
    "an entry without nonce": lambda: with_line(0, nonce=""),
    "a nonce that is no hex": lambda: with_line(0, nonce="zz" * 32),
    "an entry that is no base64": lambda: with_line(0, entry="*"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_payload_that_no_compiler_seals_is_bad_input(what: str) -> None:
    with pytest.raises(BadInput):
        unpack_list(BROKEN[what](), approved=APPROVED)


def test_a_sealed_entry_that_is_no_entry_is_bad_input_even_when_its_leaf_was_approved() -> None:
    nonsense = ListedPerson(b"{}", new_nonce(), PEOPLE[0].template, b"jpg")
    with pytest.raises(BadInput):
        unpack_list(pack_list([nonsense]), approved={nonsense.leaf})


def test_templates_of_different_packs_are_not_sealed_together() -> None:
    with pytest.raises(BadInput, match="different packs"):
        pack_list([PEOPLE[0], dataclasses.replace(PEOPLE[1], template=np.ones(64, np.float32))])


def test_an_empty_list_and_a_large_thumbnail_are_not_sealed() -> None:
    for people in ([], [dataclasses.replace(PEOPLE[0], thumb=bytes(MAX_THUMB_BYTES + 1))]):
        with pytest.raises(BadInput):
            pack_list(people)


def test_only_the_recipient_opens_what_was_sealed() -> None:
    secret, recipient = age.new_identity()
    plain, cipher = seal_list(PEOPLE, recipient)
    assert age.decrypt(cipher, secret) == plain == PLAIN
    assert PEOPLE[0].entry.subject_ref.encode() not in cipher


# -- the zip around it ------------------------------------------------------------------------------------------------


def test_a_bundle_file_comes_back_and_is_private(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b.zip", b"envelope", b"cipher")
    assert read_bundle(tmp_path / "b.zip") == (b"envelope", b"cipher")
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


def _zip(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


GOOD = [("bundle.dsse.json", b"envelope"), ("payload.age", b"cipher")]


def _flagged(flag: int) -> bytes:
    content = bytearray(_zip(GOOD))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            content[place + at] |= flag
            place = content.find(signature, place + 4)
    return bytes(content)


FOREIGN: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no zip": lambda: b"x" * 500,
    "an empty zip": lambda: _zip([]),
    "a foreign zip": lambda: _zip([("word/document.xml", b"<w/>")]),
    "a third file": lambda: _zip([*GOOD, ("readme.txt", b"x")]),
    "only the envelope": lambda: _zip(GOOD[:1]),
    "names that climb": lambda: _zip([("../bundle.dsse.json", b"x"), GOOD[1]]),
    "a zip bomb": lambda: _zip([GOOD[0], ("payload.age", bytes(30 * 2**20))], zipfile.ZIP_DEFLATED),
    "a large envelope": lambda: _zip([("bundle.dsse.json", bytes(17 * 2**20)), GOOD[1]]),
    "a truncated zip": lambda: _zip(GOOD)[:-20],
    "an encrypted member": lambda: _flagged(0x01),
    "a patched member": lambda: _flagged(0x20),
    "strong encryption": lambda: _flagged(0x40),
    "a changed byte of the payload": lambda: _zip(GOOD).replace(b"cipher", b"cipheR"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_file_that_is_no_bundle_is_bad_input(what: str, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(FOREIGN[what]())
    with pytest.raises(BadInput):
        read_bundle(tmp_path / "b.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_envelopes_in_one_zip_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(_zip([GOOD[0], *GOOD]))
    with pytest.raises(BadInput):
        read_bundle(tmp_path / "b.zip")


def test_a_missing_file_and_a_folder_are_bad_input(tmp_path: Path) -> None:
    for place in (tmp_path / "absent.zip", tmp_path):
        with pytest.raises(BadInput):
            read_bundle(place)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(_zip(GOOD)) - 1), st.integers(1, 255))
def test_a_damaged_bundle_is_an_error_of_ours_or_still_the_same(tmp_path: Path, place: int, flip: int) -> None:
    content = bytearray(_zip(GOOD))
    content[place] ^= flip
    (tmp_path / "b.zip").write_bytes(content)
    with contextlib.suppress(LfrError):
        assert read_bundle(tmp_path / "b.zip") == (b"envelope", b"cipher")


@settings(max_examples=120, deadline=None)
@given(st.integers(0, len(PLAIN) - 1), st.integers(1, 255))
def test_a_damaged_payload_never_yields_other_people(place: int, flip: int) -> None:
    content = bytearray(PLAIN)
    content[place] ^= flip
    try:
        people = unpack_list(bytes(content), approved=APPROVED)
    except LfrError:
        return
    assert [one.content for one in people] == [one.content for one in PEOPLE]
    assert all(np.array_equal(one.template, was.template) for one, was in zip(people, PEOPLE, strict=True))


def test_a_line_of_another_entry_under_this_nonce_is_no_approved_leaf() -> None:
    with pytest.raises(LfrError):
        unpack_list(with_line(0, entry=base64.b64encode(PEOPLE[1].content).decode()), approved=APPROVED)
