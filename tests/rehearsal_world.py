"""Real parts for tests of the engine process: the default pack, the demonstration's people, a camera and an engine."""

import json
import os
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lfr_engine.commands import remove_message, start_message
from lfr_engine.enrol import enrol_photo
from lfr_engine.packs.build import build_open_default
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.wire import Message, receive, send
from webui.cli.demo_people import DemoPerson, demo_people

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60.0


@cache
def default_pack() -> OpenPack:
    """open-default, built once into the clone's cache."""
    packs = ROOT / ".cache" / "packs"
    packs.mkdir(parents=True, exist_ok=True)
    return open_pack(build_open_default(packs, lambda _: None))


@cache
def people() -> dict[str, DemoPerson]:
    """The demonstration's people by reference; two fewer where the archive was not fetched."""
    return {person.ref: person for person in demo_people(ROOT / ".cache" / "photos")}


@cache
def template(ref: str) -> bytes:
    """One person's template as float32 little-endian bytes."""
    vector = enrol_photo(people()[ref].enrol_jpeg, default_pack()).template.vector
    return np.asarray(vector, "<f4").tobytes()


def rows_of(refs: tuple[str, ...]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """Their templates, one row each."""
    return np.frombuffer(b"".join(template(ref) for ref in refs), "<f4").reshape(len(refs), default_pack().dimension)


def write_spec(folder: Path, refs: list[str], **camera: Any) -> Path:
    """A rehearsal in which these people walk, at full speed unless told otherwise."""
    walkers = []
    for ref in refs:
        (folder / f"{ref}.jpg").write_bytes(people()[ref].walk_jpeg)
        walkers.append({"person": ref, "photo": {"path": f"{ref}.jpg", "box": people()[ref].walk_box}})
    spec = folder / "rehearsal.json"
    spec.write_text(json.dumps({"seed": 4, "at_once": 2.0, "pace": "fast", **camera, "walkers": walkers}))
    return spec


class EngineUnderTest:
    """A real engine process, fed by a real camera process, with everything it said in `messages`."""

    def __init__(
        self, folder: Path, *, spec: Path | None = None, listed: tuple[str, ...] = (), camera_fd: int | None = None, **start: Any
    ) -> None:
        """`camera_fd`: the reading end of a pipe that the test itself films into; it is closed here."""
        pack = default_pack()
        fields: dict[str, Any] = {
            "pack_dir": str(pack.folder),
            "pack_digest": pack.pack_digest,
            "pipeline_digest": pack.pipeline_digest,
            "threshold": str(pack.manifest.default_threshold),
            "entry_ids": list(listed),
            "rows": rows_of(listed),
        }
        if camera_fd is not None:
            fields["cameras"] = [{"id": "cam-1", "source": f"pipe:{camera_fd}", "every_frame": True}]
        self.truth = folder / "truth.json"
        self.camera: subprocess.Popen[bytes] | None = None
        reader = camera_fd
        if spec is not None:
            reader, writer = os.pipe()
            camera = [sys.executable, "-m", "lfr_engine.video.rehearsal_camera", "--spec", str(spec), "--truth", str(self.truth)]
            self.camera = subprocess.Popen(camera, stdout=writer, cwd=ROOT)
            os.close(writer)
            fields["cameras"] = [{"id": "cam-1", "source": f"pipe:{reader}", "every_frame": True}]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lfr_engine.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=() if reader is None else (reader,),
            cwd=ROOT,
        )
        if reader is not None:
            os.close(reader)
        self.messages: list[Message] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        send(self.process.stdin, *start_message(**{**fields, **start}))  # type: ignore[arg-type]

    def tell(self, command: str, **fields: Any) -> None:
        send(self.process.stdin, {"type": command, **fields})  # type: ignore[arg-type]

    def remove(self, *entry_ids: str) -> None:
        send(self.process.stdin, *remove_message(entry_ids))  # type: ignore[arg-type]

    def wait_for(self, kind: str) -> Message:
        """The first message of a kind; fails the test where the engine ends or falls silent without it."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            for message in list(self.messages):
                if message.header["type"] == kind:
                    return message
            if not self._thread.is_alive() and not self.all(kind):
                break
            time.sleep(0.02)
        raise AssertionError(f"no {kind} among {[message.header for message in self.messages][-5:]}")

    def all(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message.header["type"] == kind]

    def exit_code(self) -> int:
        code = self.process.wait(PATIENCE_S)
        self._thread.join(PATIENCE_S)
        return code

    def close(self) -> None:
        for process in (self.process, self.camera):
            if process is not None:
                process.kill()
                process.wait()
                for stream in (process.stdin, process.stdout):
                    if stream is not None:
                        stream.close()

    def _listen(self) -> None:
        while (message := receive(self.process.stdout)) is not None:  # type: ignore[arg-type]
            self.messages.append(message)
