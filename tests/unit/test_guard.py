"""What the unit does not believe of a matcher: every rule of the protocol, broken once (R35, R41)."""

from typing import Any

import pytest

from lfr_engine.errors import BrokenProtocol
from lfr_engine.guard import IN_FLIGHT_S, SILENT_S, Guard, Ordered
from lfr_engine.messages import PICTURE_LIMIT_BYTES
from lfr_engine.wire import Message

ORDERED = Ordered("sha256:a", "sha256:b", "0.60", frozenset({"cam"}), frozenset({"e-1", "e-2"}))
JPEG = b"\xff\xd8\xff\xe0rest"
COUNTS = dict.fromkeys(("frames", "dropped", "passages", "faces", "too_small", "low_quality", "alerts"), 0)
READY = {"type": "ready", "pack_digest": "sha256:a", "pipeline_digest": "sha256:b", "enrolled": 2}
ALERT: dict[str, Any] = {
    "type": "alert", "seq": 1, "camera_id": "cam", "track": 1, "first_frame": 3, "frame": 9, "stream_s": 0.4,
    "bbox_xyxy_px": [1, 2, 3, 4], "candidates": [{"entry_id": "e-1", "similarity": 0.7}], "quality": {"size_px": 80.0},
    "threshold": "0.60", "probes": 1,
}  # fmt: skip


def ready() -> Guard:
    guard = Guard(ORDERED, 0.0)
    guard.hear(Message(READY, ()), 0.0)
    return guard


def alert(**changes: Any) -> Message:
    return Message({**ALERT, **changes}, (JPEG, JPEG))


def test_what_keeps_the_protocol_is_believed() -> None:
    guard = ready()
    for message in (
        Message({"type": "camera", "camera_id": "cam", "state": "open", "why": ""}, ()),
        Message({"type": "picture", "camera_id": "cam", "frame": 1}, (JPEG,)),
        alert(),
        Message({"type": "counters", **COUNTS, "frames": 5, "alerts": 1}, ()),
        Message({"type": "ended", "reason": "stopped"}, ()),
    ):
        assert guard.hear(message, 1.0).type == message.header["type"]


@pytest.mark.parametrize(
    ("what", "message"),
    {
        "unknown entry": ("not on the list", alert(candidates=[{"entry_id": "e-9", "similarity": 0.7}])),
        "candidate below the threshold": ("below the threshold", alert(candidates=[{"entry_id": "e-1", "similarity": 0.59}])),
        "similarity that is no number": ("similarity", alert(candidates=[{"entry_id": "e-1", "similarity": float("nan")}])),
        "no candidate": ("candidates", alert(candidates=[])),
        "another threshold": ("threshold", alert(threshold="0.10")),
        "unnamed camera": ("not named", alert(camera_id="cam-2")),
        "first alert numbered 2": ("alert 2", alert(seq=2)),
        "passage that begins later": ("begins after", alert(first_frame=10)),
        "unknown field": ("name", alert(name="Somebody")),
        "missing picture": ("blobs", Message(ALERT, (JPEG,))),
        "picture that is no JPEG": ("no JPEG", Message(ALERT, (JPEG, b"GIF89a"))),
        "oversized picture": ("no JPEG", Message(ALERT, (JPEG, JPEG + bytes(PICTURE_LIMIT_BYTES)))),
        "unknown message": ("'template'", Message({"type": "template"}, ())),
        "ready twice": ("twice", Message(READY, ())),
        "counter as text": ("frames", Message({"type": "counters", **COUNTS, "frames": "5"}, ())),
        "alerts it never raised": ("raised 0", Message({"type": "counters", **COUNTS, "alerts": 3}, ())),
        "camera of somebody else": ("not named", Message({"type": "camera", "camera_id": "x", "state": "open"}, ())),
    }.values(),
)
def test_what_breaks_the_protocol_is_refused(what: str, message: Message) -> None:
    with pytest.raises(BrokenProtocol, match=what) as caught:
        ready().hear(message, 1.0)
    assert "lfr models conform" in caught.value.next_step


@pytest.mark.parametrize(("field", "value"), [("pack_digest", "sha256:x"), ("pipeline_digest", "sha256:x"), ("enrolled", 1)])
def test_another_matcher_or_half_a_list_is_refused(field: str, value: object) -> None:
    with pytest.raises(BrokenProtocol, match=r"another pack|enrolled 1"):
        Guard(ORDERED, 0.0).hear(Message({**READY, field: value}, ()), 0.0)


def test_nothing_is_believed_before_it_is_ready_or_after_its_end() -> None:
    with pytest.raises(BrokenProtocol, match="before it was ready"):
        Guard(ORDERED, 0.0).hear(alert(), 0.0)
    guard = ready()
    guard.hear(Message({"type": "ended", "reason": "stopped"}, ()), 1.0)
    with pytest.raises(BrokenProtocol, match="after the end"):
        guard.hear(alert(), 1.0)


def test_a_counter_never_falls() -> None:
    guard = ready()
    guard.hear(Message({"type": "counters", **COUNTS, "frames": 9}, ()), 1.0)
    with pytest.raises(BrokenProtocol, match="frames fell"):
        guard.hear(Message({"type": "counters", **COUNTS, "frames": 8}, ()), 2.0)


@pytest.mark.parametrize("command", ["pause", "stop"])
def test_an_alert_in_flight_is_believed_and_one_in_spite_of_the_command_is_not(command: str) -> None:
    guard = ready()
    guard.told(command, 10.0)
    guard.hear(alert(), 10.0 + IN_FLIGHT_S / 2)
    with pytest.raises(BrokenProtocol, match="pause or after a stop"):
        guard.hear(alert(seq=2), 10.1 + IN_FLIGHT_S)


def test_a_removed_entry_raises_no_alert_and_a_resumed_matcher_may() -> None:
    guard = ready()
    guard.told("remove", 5.0, ["e-1"])
    with pytest.raises(BrokenProtocol, match="taken off"):
        guard.hear(alert(), 5.1 + IN_FLIGHT_S)
    guard = ready()
    guard.told("pause", 5.0)
    guard.told("resume", 8.0)
    guard.hear(alert(), 20.0)


def test_silence_is_a_hang_once_it_is_ready() -> None:
    guard = Guard(ORDERED, 0.0)
    guard.silent(1000.0)  # loading takes what it takes; the start has its own limit
    guard.hear(Message(READY, ()), 1000.0)
    guard.silent(1000.0 + SILENT_S)
    with pytest.raises(BrokenProtocol, match="nothing was heard"):
        guard.silent(1001.0 + SILENT_S)
