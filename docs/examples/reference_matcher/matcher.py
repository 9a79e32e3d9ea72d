"""A matcher that is not ours, as small as one can be: it shows that the pipe protocol of docs/matcher-protocol.md is enough.

It imports nothing of this program. Faces are found by a cascade of local binary patterns and compared by them too (Ahonen,
Hadid, Pietikäinen 2006), so its recognition is twenty years old and for demonstrations only. Sources: pipe and file.
"""

import json
import queue
import struct
import sys
import threading
import time
from typing import Any, BinaryIO

import cv2
import numpy as np
from skimage.data import lbp_frontal_face_cascade_filename
from skimage.feature import Cascade

SEARCHED_PX, SIDE, CELLS, LOST_AFTER = 400, 98, 7, 5
HEADER_LIMIT = 1 << 20
FRAME_HEADER = struct.Struct(">4sIdHH")


def receive(stream: BinaryIO) -> tuple[dict[str, Any], list[bytes]] | None:
    """One message: header and blobs; None at the end of the stream. Raises ValueError or KeyError for what is no message."""
    prefix = stream.read(4)
    if len(prefix) < 4:
        return None
    (length,) = struct.unpack(">I", prefix)
    if length > HEADER_LIMIT:
        raise ValueError("a header longer than the protocol allows")
    header = json.loads(stream.read(length))
    return header, [stream.read(size) for size in header.pop("blobs")]


class Out:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def say(self, kind: str, blobs: tuple[bytes, ...] = (), **fields: Any) -> None:
        text = json.dumps({"type": kind, **fields, "blobs": [len(blob) for blob in blobs]}).encode()
        with self._lock:
            self._stream.write(struct.pack(">I", len(text)) + text + b"".join(blobs))
            self._stream.flush()


class Recogniser:
    """Unit vectors of local binary patterns: a histogram for each of 7 x 7 cells of an upright face."""

    dimension = CELLS * CELLS * 59

    def __init__(self) -> None:
        self._cascade = Cascade(lbp_frontal_face_cascade_filename())
        patterns = np.arange(256)
        bits = (patterns[:, None] >> np.arange(8)) & 1
        uniform = np.abs(np.diff(np.c_[bits, bits[:, :1]], axis=1)).sum(axis=1) <= 2
        self._bin = np.where(uniform, np.cumsum(uniform) - 1, 58)

    def faces(self, gray: np.ndarray) -> list[tuple[int, int, int, int]]:
        scale = min(1.0, SEARCHED_PX / max(gray.shape))
        small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found = self._cascade.detect_multi_scale(
            small, scale_factor=1.15, step_ratio=1, min_size=(32, 32), max_size=(small.shape[0], small.shape[0])
        )
        boxes = [(one["c"], one["r"], one["c"] + one["width"], one["r"] + one["height"]) for one in found]
        return [tuple(round(edge / scale) for edge in box) for box in boxes]

    def template(self, gray: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        x0, y0, x1, y1 = box
        face = cv2.equalizeHist(cv2.resize(gray[max(y0, 0) : y1, max(x0, 0) : x1], (SIDE + 2, SIDE + 2), interpolation=cv2.INTER_AREA))
        centre, code = face[1:-1, 1:-1], np.zeros((SIDE, SIDE), np.int64)
        for bit, (dy, dx) in enumerate([(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]):
            code |= (face[dy : dy + SIDE, dx : dx + SIDE] >= centre).astype(np.int64) << bit
        cells = self._bin[code].reshape(CELLS, SIDE // CELLS, CELLS, SIDE // CELLS).swapaxes(1, 2).reshape(CELLS * CELLS, -1)
        counts = np.stack([np.bincount(cell, minlength=59) for cell in cells]).astype(np.float32)
        row = np.sqrt(counts).ravel()
        return row / np.linalg.norm(row)


def frames_of(source: str) -> Any:
    """(index, seconds, BGR picture) of a pipe or a file."""
    kind, _, target = source.partition(":")
    if kind == "pipe":
        with open(int(target), "rb") as pipe:
            while len(head := pipe.read(FRAME_HEADER.size)) == FRAME_HEADER.size:
                _, index, seconds, width, height = FRAME_HEADER.unpack(head)
                yield index, seconds, np.frombuffer(pipe.read(width * height * 3), np.uint8).reshape(height, width, 3)
    elif kind == "file":
        video, index = cv2.VideoCapture(target), 0
        rate = video.get(cv2.CAP_PROP_FPS) or 25.0
        while (read := video.read())[0]:
            yield index, index / rate, read[1]
            index += 1
    else:
        raise OSError(f"this matcher cannot open a source of the kind {kind}")


class Camera:
    """A camera's thread puts its newest frame into a slot; `every_frame` waits until it is taken."""

    def __init__(self, order: dict[str, Any], wake: threading.Event) -> None:
        self.id, self.order, self._wake = order["id"], order, wake
        self.state, self.why, self.told, self.dropped = "open", "", "", 0
        self.slot: queue.Queue[Any] = queue.Queue(1)
        self.tracks: list[dict[str, Any]] = []
        threading.Thread(target=self._fetch, daemon=True).start()

    def _fetch(self) -> None:
        try:
            for frame in frames_of(self.order["source"]):
                if not self.order.get("every_frame") and self.slot.full():
                    self.dropped += 1
                    continue
                self.slot.put(frame)
                self._wake.set()
            self.state = "ended"
        except (OSError, ValueError) as error:
            self.state, self.why = "lost", str(error)
        self._wake.set()


class Matcher:
    def __init__(self, start: dict[str, Any], blobs: list[bytes], out: Out, recogniser: Recogniser, commands: queue.Queue[Any]) -> None:
        self.out, self.recogniser, self.commands, self.start = out, recogniser, commands, start
        self.ids = blobs[0].decode().split("\n") if blobs[0] else []
        self.rows = np.frombuffer(b"".join(blobs[1:]), "<f4").reshape(len(self.ids), recogniser.dimension).copy()
        self.wake = threading.Event()
        self.paused, self.stopped, self.alerts, self.next_track = False, "", 0, 0
        self.counts = dict.fromkeys(("frames", "passages", "faces", "too_small", "low_quality"), 0)
        self.cameras: dict[str, Camera] = {}
        self.orders = {order["id"]: order for order in start["cameras"]}

    def run(self) -> None:
        out, start = self.out, self.start
        out.say("ready", pack_digest=start["pack_digest"], pipeline_digest=start["pipeline_digest"], enrolled=len(set(self.ids)))
        for camera_id, order in self.orders.items():
            if not order.get("standby"):
                self.cameras[camera_id] = Camera(order, self.wake)
        counted = time.monotonic()
        while not self.stopped:
            self.wake.wait(0.05)
            self.wake.clear()
            self.obey()
            for camera in list(self.cameras.values()):
                if camera.state != camera.told:
                    camera.told = camera.state
                    out.say("camera", camera_id=camera.id, state=camera.state, why=camera.why)
                if not camera.slot.empty() and not self.stopped:
                    self.frame(camera, *camera.slot.get())
                    self.wake.set()
            if time.monotonic() - counted >= 1:
                counted = time.monotonic()
                self.tell_counters()
            if not self.stopped and all(camera.state != "open" and camera.slot.empty() for camera in self.cameras.values()):
                self.stopped = "cameras_ended"
        for camera in self.cameras.values():
            self.end(camera, camera.tracks)
        self.rows.fill(0)
        self.tell_counters()
        out.say("ended", reason=self.stopped, why="")

    def tell_counters(self) -> None:
        dropped = sum(camera.dropped for camera in self.cameras.values())
        self.out.say("counters", **self.counts, dropped=dropped, alerts=self.alerts)

    def obey(self) -> None:
        while not self.commands.empty():
            header, blobs = self.commands.get()
            kind = header["type"]
            if kind == "remove":
                gone = set(blobs[0].decode().split("\n"))
                keep = [place for place, one in enumerate(self.ids) if one not in gone]
                self.rows, self.ids = self.rows[keep], [self.ids[place] for place in keep]
            elif kind == "add_camera" and header["camera_id"] not in self.cameras:
                self.cameras[header["camera_id"]] = Camera(self.orders[header["camera_id"]], self.wake)
            elif kind == "remove_camera" and header["camera_id"] in self.cameras:
                camera = self.cameras.pop(header["camera_id"])
                self.end(camera, camera.tracks)
                self.out.say("camera", camera_id=camera.id, state="removed", why="")
            elif kind in ("pause", "resume"):
                self.paused = kind == "pause"
                for camera in self.cameras.values():
                    self.end(camera, camera.tracks)
            elif kind in ("stop", "commands_ended", "bad_command"):
                self.stopped = "stopped" if kind == "stop" else kind

    def frame(self, camera: Camera, index: int, seconds: float, picture: np.ndarray) -> None:
        if self.paused:
            return
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        boxes = self.recogniser.faces(gray)
        self.counts["frames"] += 1
        self.counts["faces"] += len(boxes)
        for box in boxes:
            track = self.track_of(camera, box, index)
            row = self.recogniser.template(gray, box)
            near = self.rows @ row if len(self.ids) else np.empty(0)
            best = int(near.argmax()) if len(near) else -1
            threshold = float(self.start["threshold"])
            if best >= 0 and near[best] >= threshold and self.ids[best] not in track["alerted"]:
                track["alerted"].add(self.ids[best])
                self.alert(camera, track, index, seconds, picture, box, self.ids[best], float(near[best]))
        self.end(camera, [track for track in camera.tracks if index - track["last"] > LOST_AFTER])
        if index % 5 == 0:
            self.out.say("picture", (jpeg(coarse(picture)),), camera_id=camera.id, frame=index)

    def track_of(self, camera: Camera, box: tuple[int, int, int, int], index: int) -> dict[str, Any]:
        for track in camera.tracks:
            if abs(track["box"][0] - box[0]) + abs(track["box"][1] - box[1]) < box[2] - box[0]:
                track.update(box=box, last=index)
                return track
        self.next_track += 1
        track = {"number": self.next_track, "box": box, "first": index, "last": index, "alerted": set()}
        camera.tracks.append(track)
        return track

    def end(self, camera: Camera, tracks: list[dict[str, Any]]) -> None:
        self.counts["passages"] += len(tracks)
        camera.tracks = [track for track in camera.tracks if track not in tracks]

    def alert(
        self, camera: Camera, track: dict[str, Any], index: int, seconds: float, picture: np.ndarray, box: tuple[int, int, int, int],
        entry_id: str, similarity: float,
    ) -> None:  # fmt: skip
        x0, y0, x1, y1 = box
        figure = coarse(picture)  # everybody but the one under alert
        figure[max(y0, 0) : y1, max(x0, 0) : x1] = picture[max(y0, 0) : y1, max(x0, 0) : x1]
        self.alerts += 1
        self.out.say(
            "alert", (jpeg(picture[max(y0, 0) : y1, max(x0, 0) : x1]), jpeg(figure)),
            seq=self.alerts, camera_id=camera.id, track=track["number"], first_frame=track["first"], frame=index, stream_s=seconds,
            bbox_xyxy_px=list(box), candidates=[{"entry_id": entry_id, "similarity": min(similarity, 1.0)}],
            quality={"size_px": float(x1 - x0)}, threshold=self.start["threshold"], probes=1,
        )  # fmt: skip


def coarse(picture: np.ndarray) -> np.ndarray:
    """The whole picture in squares of 1/40 of its width: a detector as weak as this one must not decide whose face is hidden."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (40, max(1, 40 * height // width)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()


def enrol(header: dict[str, Any], blobs: list[bytes], out: Out, recogniser: Recogniser) -> None:
    photo = cv2.imdecode(np.frombuffer(blobs[0], np.uint8), cv2.IMREAD_GRAYSCALE)
    faces = recogniser.faces(photo) if photo is not None else []
    if len(faces) != 1:
        out.say("unusable", name=header["name"], why=f"{len(faces)} faces in the photo, not one")
        return
    out.say("template", (recogniser.template(photo, faces[0]).astype("<f4").tobytes(),), name=header["name"])


def main() -> None:
    cv2.setNumThreads(1)
    commands, out, recogniser = sys.stdin.buffer, Out(sys.stdout.buffer), Recogniser()
    while (message := receive(commands)) is not None:
        header, blobs = message
        if header["type"] == "enrol":
            enrol(header, blobs, out, recogniser)
        elif header["type"] == "start":
            waiting: queue.Queue[Any] = queue.Queue()
            threading.Thread(target=_commands, args=(commands, waiting), daemon=True).start()
            Matcher(header, blobs, out, recogniser, waiting).run()
            return
        else:
            out.say("refused", code="bad_input", rule_ids=[], message=f"{header['type']} before start", next="send start first")
            sys.exit(3)


def _commands(stream: BinaryIO, waiting: "queue.Queue[Any]") -> None:
    try:
        while (message := receive(stream)) is not None:
            waiting.put(message)
        waiting.put(({"type": "commands_ended"}, []))
    except (ValueError, KeyError, TypeError):
        waiting.put(({"type": "bad_command"}, []))


if __name__ == "__main__":
    main()
