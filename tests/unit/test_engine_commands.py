"""Commands to the engine: a closed set, strict in every field, with blobs that fit."""

from typing import Any

import numpy as np
import pytest

from lfr_engine.commands import Remove, Start, parse_command, start_command, template_rows
from lfr_engine.errors import BadInput
from lfr_engine.wire import Message

START: dict[str, Any] = {
    "type": "start",
    "pack_dir": "/p",
    "pack_digest": "sha256:a",
    "pipeline_digest": "sha256:b",
    "threshold": "0.94",
    "cameras": [{"id": "c", "source": "pipe:5", "every_frame": True}],
    "entry_ids": ["e1", "e1", "e2"],
    "dimension": 2,
}


def test_a_start_command_carries_one_row_per_photo() -> None:
    rows = np.arange(6, dtype="<f4").reshape(3, 2)
    start = parse_command(Message(START, (rows.tobytes(),)))
    assert isinstance(start, Start)
    assert start.threshold_cosine == 0.94
    assert np.array_equal(template_rows(start, rows.tobytes()), rows)
    for wrong in (b"", rows.tobytes()[:-1], rows.tobytes() + b"x"):
        with pytest.raises(BadInput, match="templates"):
            template_rows(start, wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": "94"},
        {"threshold": 0.94},
        {"threshold": "1.0"},
        {"cameras": []},
        {"cameras": [{"id": "c"}]},
        {"cameras": [{"id": "c", "source": "pipe:5", "gain": 2}]},
        {"dimension": 0},
        {"entry_ids": [""]},
        {"operator": "x"},
        {"type": "begin"},
    ],
)
def test_a_start_command_with_anything_unknown_or_missing_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="does not understand"):
        parse_command(Message({**START, **change}, (b"",)))


def test_blobs_belong_to_start_alone() -> None:
    with pytest.raises(BadInput, match="blobs"):
        parse_command(Message({"type": "stop"}, (b"x",)))
    with pytest.raises(BadInput, match="blobs"):
        parse_command(Message(START, ()))
    assert isinstance(parse_command(Message({"type": "remove", "entry_ids": ["e1"]}, ())), Remove)


def test_the_sender_is_told_before_the_engine_is() -> None:
    fields = {key: value for key, value in START.items() if key != "type"}
    assert start_command(**fields)["cameras"] == START["cameras"]
    with pytest.raises(BadInput):
        start_command(**{**fields, "threshold": "high"})
