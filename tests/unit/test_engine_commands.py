"""Commands to the engine: a closed set, strict in every field, with blobs that fit."""

from typing import Any

import numpy as np
import pytest

from lfr_engine import commands
from lfr_engine.commands import AddCamera, Remove, Start, parse_command, remove_message, start_message, template_rows
from lfr_engine.errors import BadInput
from lfr_engine.wire import BLOB_LIMIT_BYTES, Message

START: dict[str, Any] = {
    "type": "start",
    "pack_dir": "/p",
    "pack_digest": "sha256:a",
    "pipeline_digest": "sha256:b",
    "threshold": "0.94",
    "cameras": [{"id": "c", "source": "pipe:5", "every_frame": True}],
    "dimension": 2,
}
FIELDS = {key: value for key, value in START.items() if key not in ("type", "dimension")}
IDS = b"e1\ne1\ne2"


def test_a_start_command_carries_one_row_per_photo() -> None:
    rows = np.arange(6, dtype="<f4").reshape(3, 2)
    start = parse_command(Message(START, (IDS, rows.tobytes())))
    assert isinstance(start, Start)
    assert start.threshold_cosine == 0.94
    assert start.entry_ids == ("e1", "e1", "e2")
    assert np.array_equal(template_rows(start, [rows.tobytes()]), rows)
    assert np.array_equal(template_rows(start, [rows[:1].tobytes(), rows[1:].tobytes()]), rows)
    for wrong in ([], [b""], [rows.tobytes()[:-1]], [rows.tobytes() + b"x"], [rows.tobytes()[:4], rows.tobytes()[4:]]):
        with pytest.raises(BadInput, match="templates"):
            template_rows(start, wrong)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_template_that_holds_no_number_is_refused(value: float) -> None:
    rows = np.ones((3, 2), "<f4")
    rows[1, 1] = value
    start = parse_command(Message(START, (IDS,)))
    assert isinstance(start, Start)
    with pytest.raises(BadInput, match="no number"):
        template_rows(start, [rows.tobytes()])


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": "94"},
        {"threshold": 0.94},
        {"threshold": "1.0"},
        {"cameras": []},
        {"cameras": [{"id": "c"}]},
        {"cameras": [{"id": "c", "source": "pipe:5", "gain": 2}]},
        {"cameras": [{"id": "c", "source": "/etc/passwd"}]},
        {"cameras": [{"id": "c", "source": "pipe:5"}, {"id": "c", "source": "pipe:6"}]},
        {"dimension": 0},
        {"operator": "x"},
        {"type": "begin"},
    ],
)
def test_a_start_command_with_anything_unknown_or_missing_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"does not understand|blobs"):
        parse_command(Message({**START, **change}, (b"",)))


@pytest.mark.parametrize("ids", [b"e1\n", b"\n", b"e1\n\ne2", b"\xff", b"x" * 201])
def test_ids_that_are_none_are_refused(ids: bytes) -> None:
    with pytest.raises(BadInput):
        parse_command(Message(START, (ids,)))


def test_ids_come_as_a_blob_and_never_in_the_header() -> None:
    with pytest.raises(BadInput, match="first blob"):
        parse_command(Message({**START, "entry_ids": ["e1"]}, (b"e1",)))
    with pytest.raises(BadInput, match="without the blob"):
        parse_command(Message(START, ()))
    with pytest.raises(BadInput, match="too many"):
        parse_command(Message({"type": "stop"}, (b"x",)))
    with pytest.raises(BadInput, match="too many"):
        parse_command(Message({"type": "remove"}, (b"x", b"y")))
    with pytest.raises(BadInput, match="entry_ids"):
        parse_command(Message({"type": "remove"}, (b"",)))
    assert parse_command(Message({"type": "remove"}, (b"e1",))) == Remove(type="remove", entry_ids=("e1",))
    assert parse_command(Message({"type": "add_camera", "camera_id": "c"}, ())) == AddCamera(type="add_camera", camera_id="c")


def test_a_list_of_200000_fits_through_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"0193a7c2-5b1e-7d3f-8a6b-{number:012d}" for number in range(200_000)]
    rows = np.zeros((200_000, 2), np.float32)
    header, blobs = start_message(**FIELDS, entry_ids=ids, rows=rows)
    start = parse_command(Message(header, tuple(bytes(blob) for blob in blobs)))
    assert isinstance(start, Start)
    assert start.entry_ids == tuple(ids)
    assert parse_command(Message(*(part if index == 0 else tuple(part) for index, part in enumerate(remove_message(ids)))))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="200000"):
        start_message(**FIELDS, entry_ids=[*ids, "one-more"], rows=np.zeros((200_001, 2), np.float32))
    monkeypatch.setattr(commands, "BLOB_LIMIT_BYTES", 3 * 8)  # three rows a blob
    _, blobs = start_message(**FIELDS, entry_ids=ids[:8], rows=rows[:8])
    assert [len(blob) for blob in blobs[1:]] == [3, 3, 2] or [memoryview(blob).nbytes for blob in blobs[1:]] == [24, 24, 16]
    assert all(memoryview(blob).nbytes <= BLOB_LIMIT_BYTES for blob in blobs)


def test_the_sender_is_told_before_the_engine_is() -> None:
    header, _ = start_message(**FIELDS, entry_ids=["a"], rows=np.ones((1, 2), np.float32))
    assert header["cameras"] == START["cameras"]
    with pytest.raises(BadInput):
        start_message(**{**FIELDS, "threshold": "high"}, entry_ids=[], rows=np.ones((0, 2), np.float32))
    with pytest.raises(BadInput, match="line break"):
        remove_message(["a\nb"])
