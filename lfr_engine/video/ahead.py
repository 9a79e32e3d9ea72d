"""Lets a source work ahead: while the views of one frame are compared, the next frames are decoded and searched by another thread."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")

DEPTH = 8  # frames: a third of a second, longer than any single search takes; 11 MB of a 1280 x 720 picture in YUV
_POLL_S = 0.1


class _End:
    """What the thread says last: how its source ended."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


def ahead(source: Iterable[Item], depth: int = DEPTH) -> Generator[Item, None, None]:
    """The same things in the same order; what the source raises comes out here, after the things before it. The thread ends with
    the source, or once nobody takes any more."""
    waiting: queue.Queue[Item | _End] = queue.Queue(depth)
    left = threading.Event()
    thread = threading.Thread(target=_fetch, args=(source, waiting, left), name="working ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(got := waiting.get(), _End):
            yield got
        if got.error is not None:
            raise got.error
    finally:
        left.set()
        thread.join()


def _fetch(source: Iterable[Item], waiting: "queue.Queue[Item | _End]", left: threading.Event) -> None:
    ended = _End(None)
    try:
        for one in source:
            if not _put(waiting, one, left):
                return
    except Exception as error:  # told to whoever takes from here, whatever it is
        ended = _End(error)
    _put(waiting, ended, left)


def _put(waiting: "queue.Queue[Item | _End]", what: Item | _End, left: threading.Event) -> bool:
    """Wait for room; False once the taker has left."""
    while not left.is_set():
        try:
            waiting.put(what, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False
