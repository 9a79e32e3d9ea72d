"""Cameras of one engine process: each comes, goes and fails alone; a matcher that fails ends them all."""

import io
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from lfr_engine import messages, session
from lfr_engine.commands import CameraOrder, Command, Start, Stop
from lfr_engine.engine import Engine
from lfr_engine.gallery import Gallery
from lfr_engine.image import decode_photo, resize
from lfr_engine.packs.build import packaged_file
from lfr_engine.packs.store import OpenPack
from lfr_engine.telling import Telling
from lfr_engine.video.container import ClipWriter
from lfr_engine.wire import Message
from tests.cameras import RtspServer, TcpCamera, ball, http_camera, transport_stream
from tests.rehearsal_world import EngineUnderTest


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.ts"
    path.write_bytes(transport_stream(frames=50))
    return path


@pytest.fixture
def noise() -> Iterator[TcpCamera]:
    camera = http_camera(np.random.default_rng(2).bytes(2_000_000), hold=True)
    yield camera
    camera.close()


def until(engine: EngineUnderTest, holds: Callable[[], bool], patience_s: float = 60.0) -> None:
    give_up = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < give_up, [message.header for message in engine.messages][-4:]
        time.sleep(0.05)


def state(engine: EngineUnderTest, camera: str) -> str:
    told = [message.header for message in engine.all("camera") if message.header["camera_id"] == camera]
    return str(told[-1]["state"]) if told else ""


def frames(engine: EngineUnderTest, camera: str) -> int:
    counted = engine.all("counters")[-1].header["cameras"] if engine.all("counters") else []
    return sum(int(one["frames"]) for one in counted if one["camera_id"] == camera)


def test_cameras_come_go_and_fail_alone(tmp_path: Path, clip: Path, noise: TcpCamera) -> None:
    server = RtspServer(ball())
    cameras = [
        {"id": "street", "source": server.url},
        {"id": "noise", "source": f"http://127.0.0.1:{noise.port}/"},
        {"id": "recording", "source": f"file:{clip}", "every_frame": True},
        {"id": "later", "source": f"file:{clip}", "every_frame": True, "standby": True},
    ]
    engine = EngineUnderTest(tmp_path, cameras=cameras)
    try:
        until(engine, lambda: frames(engine, "street") > 5 and frames(engine, "recording") == 50)
        until(engine, lambda: state(engine, "noise") == "reconnecting")
        assert (state(engine, "recording"), state(engine, "later"), frames(engine, "later")) == ("ended", "standby", 0)

        engine.tell("add_camera", camera_id="later")
        engine.tell("remove_camera", camera_id="noise")
        until(engine, lambda: frames(engine, "later") == 50 and state(engine, "noise") == "removed")

        engine.tell("remove_camera", camera_id="street")
        until(engine, lambda: state(engine, "street") == "removed")
        seen = frames(engine, "street")
        engine.tell("add_camera", camera_id="street")
        until(engine, lambda: state(engine, "street") == "open" and frames(engine, "street") > seen + 5)

        server.stop()
        until(engine, lambda: state(engine, "street") == "reconnecting")
        assert not engine.all("ended"), "cameras that are tried again are waited for"
        engine.tell("stop")
        assert engine.exit_code() == 0
        assert engine.all("ended")[-1].header["reason"] == "stopped"
    finally:
        engine.close()
        server.stop()


def test_a_command_for_a_camera_that_was_never_named_ends_the_engine(tmp_path: Path, clip: Path) -> None:
    engine = EngineUnderTest(tmp_path, cameras=[{"id": "a", "source": f"file:{clip}"}])
    try:
        engine.tell("add_camera", camera_id="b")
        assert engine.wait_for("ended").header["reason"] == "bad_command"
    finally:
        engine.close()


def scene(pattern: str) -> str:
    return ball().replace("pattern=ball", f"pattern={pattern}")


@pytest.mark.slow
def test_a_camera_that_is_turned_away_is_matched_no_more_until_somebody_has_looked(tmp_path: Path) -> None:
    """R83: what was checked is the zone that the camera saw; a knocked camera sees another."""
    server = RtspServer(scene("smpte"))
    engine = EngineUnderTest(tmp_path, cameras=[{"id": "mast", "source": server.url}])
    try:
        until(engine, lambda: frames(engine, "mast") > 12 * 25, 120)
        server.stop()
        server.pipeline = scene("spokes")
        server.start()
        until(engine, lambda: state(engine, "mast") == "moved", 120)
        time.sleep(2)
        matched = frames(engine, "mast")
        time.sleep(3)
        assert frames(engine, "mast") == matched

        engine.tell("pause")
        engine.tell("resume")
        until(engine, lambda: state(engine, "mast") == "open" and frames(engine, "mast") > matched + 10, 60)
    finally:
        engine.close()
        server.stop()


@pytest.mark.slow
def test_four_cameras_of_a_server_that_is_killed_twice_under_load_all_come_back(tmp_path: Path) -> None:
    server = RtspServer(ball(1280, 720))
    names = ["north", "east", "south", "west"]
    engine = EngineUnderTest(tmp_path, cameras=[{"id": name, "source": server.url} for name in names])
    try:
        for _ in range(2):
            before = {name: frames(engine, name) for name in names}
            until(engine, lambda before=before: all(frames(engine, name) > before[name] + 20 for name in names), 90)  # type: ignore[misc]
            server.stop()
            until(engine, lambda: all(state(engine, name) == "reconnecting" for name in names))
            server.start()
        until(engine, lambda: all(state(engine, name) == "open" for name in names), 90)
        engine.tell("stop")
        assert engine.exit_code() == 0
        last = engine.all("counters")[-1].header
        assert last["frames"] == sum(one["frames"] for one in last["cameras"]) > 160
    finally:
        engine.close()
        server.stop()


class LostCard:
    """Stands where a detector stands whose graphics card has gone."""

    def detect(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("CUDA failure 999: device lost")

    detect_many = detect


def test_a_matcher_that_fails_ends_with_a_reason_and_wipes_its_list(open_default_pack: OpenPack, clip: Path) -> None:
    rows = np.eye(open_default_pack.dimension, dtype=np.float32)[:3]
    gallery, said = Gallery(["a", "b", "c"], rows), list[dict[str, Any]]()
    start = Start(
        type="start",
        pack_dir="p",
        pack_digest="d",
        pipeline_digest="d",
        threshold="0.9",
        cameras=(CameraOrder(id="a", source=f"file:{clip}", every_frame=True),),
        entry_ids=("a", "b", "c"),
        dimension=open_default_pack.dimension,
    )
    pack = replace(open_default_pack, detector=LostCard())  # type: ignore[arg-type]  # a fault, put in by hand
    engine = Engine(start=start, pack=pack, gallery=gallery, commands=deque[Command](), send=lambda header, _: said.append(header))
    engine.run(lambda: "")
    assert said[-1] == {"type": "ended", "reason": "matcher_failed", "why": "RuntimeError: CUDA failure 999: device lost"}
    assert engine.failed
    assert len(gallery) == 0


def _start(pack: OpenPack, *cameras: CameraOrder) -> Start:
    return Start(
        type="start",
        pack_dir="p",
        pack_digest="d",
        pipeline_digest="d",
        threshold="0.9",
        cameras=cameras,
        entry_ids=("a",),
        dimension=pack.dimension,
    )


def test_whoever_was_in_the_picture_when_a_camera_ended_is_not_kept_while_others_go_on(open_default_pack: OpenPack, tmp_path: Path) -> None:
    """R41: nobody can be seen leaving a camera that sends nothing, and their views must not wait for it."""
    photo = decode_photo(packaged_file("insightface", "data/images/t1.jpg").read_bytes())
    group = resize(photo, photo.shape[1] // 4 * 2, photo.shape[0] // 4 * 2)
    with ClipWriter(tmp_path / "group.mp4", size_px=(group.shape[1], group.shape[0]), fps=25) as clip:
        for _ in range(12):
            clip.write(group)
    gallery, said = Gallery(["a"], np.eye(open_default_pack.dimension, dtype=np.float32)[:1]), list[dict[str, Any]]()
    ends = CameraOrder(id="ends", source=f"file:{tmp_path / 'group.mp4'}", every_frame=True)
    awaited = CameraOrder(id="awaited", source=ends.source, standby=True)
    commands = deque[Command]()
    engine = Engine(
        start=_start(open_default_pack, ends, awaited),
        pack=open_default_pack,
        gallery=gallery,
        commands=commands,
        send=lambda header, _: said.append(header),
    )
    running = threading.Thread(target=engine.run, args=(lambda: "",))
    running.start()
    try:
        give_up = time.monotonic() + 60
        while not (said and said[-1]["type"] == "counters" and said[-1]["passages"] == 6) and time.monotonic() < give_up:
            time.sleep(0.05)
        lane = engine._lanes["ends"]
        assert (lane.state, lane.pipeline.empty, running.is_alive()) == ("ended", True, True)
    finally:
        commands.append(Stop(type="stop"))
        running.join(30)
    assert said[-1]["reason"] == "stopped"


def test_what_a_library_throws_at_length_is_told_shortly_enough_to_be_believed() -> None:
    said = list[dict[str, Any]]()
    Telling(lambda header, _: said.append(header), "0.9").ended("matcher_failed", "x" * 100_000)
    messages.said(Message(said[0], ()))


def test_an_inbox_that_fails_in_any_way_ends_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> NoReturn:
        raise MemoryError("a blob too many")

    timers = list[tuple[Any, ...]]()

    def timer(*given: Any) -> threading.Thread:
        timers.append(given)
        return threading.Thread()

    monkeypatch.setattr(session, "receive", broken)
    monkeypatch.setattr(threading, "Timer", timer)
    inbox = session.Inbox(io.BytesIO())
    inbox._read()
    assert inbox.ended.startswith("bad_command")
    assert len(timers) == 1
