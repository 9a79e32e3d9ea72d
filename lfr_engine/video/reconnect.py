"""A camera in the street as one endless stream: connected, and connected again whenever that breaks.

Attempts back off to once in half a minute, with a little chance in them so that eight cameras behind one switch do not
knock together. The number of a frame and its time go on over every break.
"""

import random
import time
from collections.abc import Iterator
from typing import Protocol

from lfr_engine.values import Frame
from lfr_engine.video.address import Address
from lfr_engine.video.live import ConnectionLost, LiveStream
from lfr_engine.video.stream_time import StreamTime

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_S = 10.0
"""A connection that held this long was a good one: the next attempt is soon."""


class Watch(Protocol):
    """Who follows a camera: is told how it is, and says when it is enough."""

    def told(self, state: str, why: str) -> None: ...

    def damaged(self, count: int) -> None: ...

    def clock_drifts(self, drifts: bool) -> None: ...

    def enough(self, wait_s: float = 0.0) -> bool:
        """Whether the camera is no longer wanted; waits for that at most so long."""


def waits(chance: random.Random) -> Iterator[float]:
    """Seconds before each attempt: doubling from FIRST_WAIT_S to LONGEST_WAIT_S, each up to a quarter shorter."""
    wait_s = FIRST_WAIT_S
    while True:
        yield wait_s * (1 - chance.random() / 4)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def live_frames(address: Address, watch: Watch) -> Iterator[Frame]:
    """Frames until `watch` has enough. Raises BadInput where trying again would change nothing."""
    index, time_of = 0, StreamTime(1 / 25)
    waiting = waits(chance := random.Random())  # noqa: S311  # spreads attempts, guards nothing
    while not watch.enough():
        connected_s = time.monotonic()
        try:
            stream = LiveStream(address, damaged=watch.damaged)
            time_of.usual_step_s = 1 / stream.fps
            for pts_s, picture in stream:
                if watch.enough():
                    stream.close()
                    return
                watch.told("open", "")
                yield Frame(index, time_of.of(pts_s, time.monotonic()), decoded=picture)
                watch.clock_drifts(time_of.drifted)
                index += 1
        except ConnectionLost as error:
            watch.told("reconnecting", error.message)
        time_of.reconnected()
        if time.monotonic() - connected_s > STEADY_S:
            waiting = waits(chance)
        if watch.enough(next(waiting)):
            return
