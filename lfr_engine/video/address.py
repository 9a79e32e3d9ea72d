"""What a source is called, and what opening it may reach. The kind is always written out; anything else is refused.

    pipe:<fd>                a camera process of ours (the rehearsal camera)
    file:<path>              a recording
    device:/dev/video<n>     a USB camera
    rtsp:// rtsps://         a network camera (over TCP)
    rtmp:// rtmps://         a drone's or body-worn camera's feed
    http:// https://         one continuous stream
    udp:// srt://            MPEG transport stream

No import here starts a thread: the engine process reads this before it seals itself.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from lfr_engine.errors import BadInput

Kind = Literal["pipe", "file", "device", "rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "srt"]

_DEVICE = re.compile(r"/dev/video\d{1,3}")
_LONGEST = 4096
_NEXT = "write pipe:<fd>, file:<path>, device:/dev/video<n>, or an rtsp, rtsps, rtmp, rtmps, http, https, udp or srt address"


@dataclass(frozen=True, slots=True)
class _Network:
    """How one kind of address is read: its usual port, what carries it, what ffmpeg may open and which formats it may take.

    The formats leave out playlists (hls, dash, concat, sdp): those name further files and hosts.
    """

    port: int | None
    transport: Literal["tcp", "udp"]
    protocols: str
    formats: str


_STREAMED = "mpegts,mpjpeg,mjpeg,jpeg_pipe,h264,hevc,flv,matroska,webm,mov,mp4,avi,ogg"
_NETWORK: dict[str, _Network] = {
    "rtsp": _Network(554, "tcp", "rtsp,rtp,tcp", "rtsp,rtp,sdp"),
    "rtsps": _Network(322, "tcp", "rtsp,rtsps,rtp,tls,tcp", "rtsp,rtp,sdp"),
    "rtmp": _Network(1935, "tcp", "rtmp,tcp", "flv,live_flv"),
    "rtmps": _Network(443, "tcp", "rtmps,tls,tcp", "flv,live_flv"),
    "http": _Network(80, "tcp", "http,tcp", _STREAMED),
    "https": _Network(443, "tcp", "https,tls,tcp", _STREAMED),
    "udp": _Network(None, "udp", "udp", "mpegts"),
    "srt": _Network(None, "udp", "srt", "mpegts"),
}


@dataclass(frozen=True, slots=True)
class Address:
    """A source, taken apart. `target` is what is opened: a descriptor, a path or the whole URL; host and port only of a network kind."""

    kind: Kind
    target: str
    host: str = ""
    port: int = 0
    transport: Literal["tcp", "udp", ""] = ""

    @property
    def named(self) -> str:
        """The text that `parse_source` reads this from."""
        return self.target if self.kind in _NETWORK else f"{self.kind}:{self.target}"

    @property
    def live(self) -> bool:
        """A camera in the street, as against a recording or a rehearsal: it never ends by itself and is tried again."""
        return self.kind not in ("pipe", "file")

    @property
    def protocols(self) -> str:
        """The ffmpeg protocols that opening this may use."""
        return _NETWORK[self.kind].protocols if self.kind in _NETWORK else "file"

    @property
    def formats(self) -> str:
        """The ffmpeg formats that it may turn out to be; empty where ffmpeg may choose."""
        return _NETWORK[self.kind].formats if self.kind in _NETWORK else ""

    @property
    def shown(self) -> str:
        """For messages and pages: without user name, password and query."""
        if self.kind not in _NETWORK:
            return self.named
        where = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{where}:{self.port}{urlsplit(self.target).path}"


def parse_source(name: str) -> Address:
    """The source that a text names. Raises BadInput for another kind, a control character, or an address without host or port."""
    kind, _, rest = name.partition(":")
    if not name.isprintable() or len(name) > _LONGEST:
        raise BadInput("a source is one printable line", next_step=_NEXT)
    if kind == "pipe" and rest.isascii() and rest.isdecimal() and int(rest) > 2:  # 0 to 2 carry commands, answers and messages
        return Address("pipe", rest)
    if kind == "file" and rest and not rest.startswith("//"):
        return Address("file", rest)
    if kind == "device" and _DEVICE.fullmatch(rest):
        return Address("device", rest)
    if kind in _NETWORK and rest.startswith("//"):
        return _network(kind, name)
    raise BadInput(f"{name!r} is no source", next_step=_NEXT)


def _network(kind: str, name: str) -> Address:
    rules = _NETWORK[kind]
    try:
        parts = urlsplit(name)
        host, port = parts.hostname or "", parts.port or rules.port
    except ValueError as error:
        raise BadInput(f"{name!r} is no address: {error}", next_step=_NEXT) from error
    if not host or port is None or " " in name:
        raise BadInput(f"{name!r} names no host and port", next_step=_NEXT)
    return Address(kind, name, host, port, rules.transport)  # type: ignore[arg-type]  # a key of the table above
