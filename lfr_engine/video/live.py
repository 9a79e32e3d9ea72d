"""One connection to a camera, through PyAV (ffmpeg): opened within a time limit, read within a time limit, closed when told.

What arrives may be damaged without end. A packet that cannot be decoded is counted and the next one tried; a connection that
brings nothing but damage for a while is given up like one that brings nothing at all.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import av
from av.error import ExitError, FFmpegError, InvalidDataError, ProtocolNotFoundError

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.video.address import Address
from lfr_engine.video.picture import PIXELS_LIMIT, DecodedPicture

OPEN_S = 10.0
"""A camera across a radio link needs a few seconds for its first key frame."""
READ_S = 5.0
"""A camera that says nothing for so long has stalled."""
DAMAGED_S = 10.0
"""Two usual key-frame distances: a decoder that has lost its place has had two chances to find it again."""


class ConnectionLost(LfrError):
    """The camera cannot be reached, stopped sending, or sends what no decoder reads; it is tried again."""

    code = "camera_lost"


class LiveStream:
    """An open connection. Iterate once: the time that the stream gives each picture (None where it gives none), and the picture."""

    def __init__(self, address: Address, *, damaged: Callable[[int], None]) -> None:
        """`damaged` hears of each packet or picture that had to be thrown away.

        Raises ConnectionLost where the camera does not answer or sends no video, BadInput where trying again would change nothing.
        """
        self._shown, self._damaged = address.shown, damaged
        try:
            self._container = av.open(
                address.target, format=_format(address), options=_options(address), timeout=(OPEN_S, READ_S), buffer_size=1 << 16
            )
        except ProtocolNotFoundError as error:
            raise BadInput(f"this installation of ffmpeg cannot read {address.kind} sources", next_step="use rtsp, http or udp") from error
        except (FFmpegError, OSError, ValueError) as error:
            raise ConnectionLost(f"{self._shown} cannot be opened: {_reason(error)}") from error
        if not self._container.streams.video:
            self._container.close()
            raise ConnectionLost(f"{self._shown} sends no video")
        self._stream = self._container.streams.video[0]
        if self._stream.width * self._stream.height > PIXELS_LIMIT:
            self._container.close()
            size = f"{self._stream.width} x {self._stream.height}"
            raise BadInput(f"{self._shown} sends {size} pixels, more than 8K", next_step="set the camera to 8K or less")
        # Frame threads hold back a picture each, and slice threads lost the first slice of cameras that send several (ffmpeg 8.1,
        # tests/integration/test_network_cameras.py): one thread decodes one camera.
        self._stream.thread_type = "NONE"
        self.fps = float(self._stream.average_rate or self._stream.guessed_rate or 25)

    def __iter__(self) -> Iterator[tuple[float | None, DecodedPicture]]:
        """Raises ConnectionLost at the end of the stream, whatever ended it; BadInput above 8K."""
        whole_s = time.monotonic()
        try:
            for packet in self._container.demux(self._stream):
                pictures = self._decoded(packet)
                if pictures:
                    whole_s = time.monotonic()
                elif time.monotonic() - whole_s > DAMAGED_S:
                    raise ConnectionLost(f"{self._shown} has sent nothing that can be decoded for {DAMAGED_S:.0f} s")
                for picture in pictures:
                    yield picture.time, DecodedPicture(picture)
        except (FFmpegError, OSError) as error:
            raise ConnectionLost(f"{self._shown} broke off: {_reason(error)}") from error
        finally:
            self.close()
        raise ConnectionLost(f"{self._shown} ended its stream")

    def close(self) -> None:
        self._container.close()

    def _decoded(self, packet: Any) -> list[Any]:
        """The whole pictures that this packet completes; damage is counted."""
        if packet.size == 0 and packet.dts is None:
            return []  # how demuxing says that it is over
        try:
            pictures = packet.decode()
        except (InvalidDataError, ValueError, EOFError):
            pictures = None
        except FFmpegError:
            # Any other complaint of a decoder is about this packet too: what is wrong with the connection shows when reading on.
            pictures = None
        if pictures is None or packet.is_corrupt:
            self._damaged(1)
            return []
        whole = [picture for picture in pictures if not picture.is_corrupt]
        if len(whole) < len(pictures):
            self._damaged(len(pictures) - len(whole))
        return whole


def _format(address: Address) -> str | None:
    return {"device": "v4l2", "rtsp": "rtsp", "rtsps": "rtsp", "udp": "mpegts", "srt": "mpegts"}.get(address.kind)


def _options(address: Address) -> dict[str, str]:
    """What ffmpeg is told: nothing may be opened beyond the address itself, and little is read before the first picture."""
    options = {
        "protocol_whitelist": address.protocols,
        "max_pixels": str(PIXELS_LIMIT),
        "probesize": str(1 << 20),
        "analyzeduration": "2000000",
        "max_streams": "16",
    }
    if address.formats:
        options["format_whitelist"] = address.formats
    match address.kind:
        case "rtsp" | "rtsps":
            # Over TCP: no open port of ours, no packets lost on the way. The time limit is in microseconds.
            options |= {"rtsp_transport": "tcp", "allowed_media_types": "video", "timeout": str(int(READ_S * 1e6))}
        case "http" | "https":
            options |= {"max_redirects": "0", "rw_timeout": str(int(READ_S * 1e6)), "user_agent": "lawful-lfr"}
        case "udp":
            options |= {"fifo_size": "28672", "overrun_nonfatal": "1"}
        case _:
            pass
    return options


def _reason(error: Exception) -> str:
    if isinstance(error, ExitError):
        return "nothing came in time"
    return str(getattr(error, "strerror", "") or error)
