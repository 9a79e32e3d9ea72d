"""What was sealed, as a closed set of codes: they go over the pipe, into the ledger and onto the deployment record."""

from dataclasses import dataclass
from enum import StrEnum


class Seal(StrEnum):
    """One thing the process can no longer do, whatever code runs in it."""

    READS_LIMITED = "reads_limited"
    WRITES_NOTHING = "writes_nothing"
    FILE_SIZE_ZERO = "file_size_zero"
    TCP_CAMERAS_ONLY = "tcp_cameras_only"
    UDP_CLOSED = "udp_closed"
    UNIX_CLOSED = "unix_closed"
    SIGNALS_CLOSED = "signals_closed"
    NO_NEW_PROCESS = "no_new_process"
    NO_CORE = "no_core"
    NOT_DUMPABLE = "not_dumpable"
    MEMORY_LOCKED = "memory_locked"
    FREED_WIPED = "freed_wiped"
    NO_CAPABILITIES = "no_capabilities"

    @property
    def words(self) -> str:
        """A sentence about the process, without its full stop."""
        return _WORDS[self]


_WORDS: dict[Seal, str] = {
    Seal.READS_LIMITED: "it can open nothing but its model pack, its libraries and its cameras",
    Seal.WRITES_NOTHING: "it can write, make, rename or remove no file",
    Seal.FILE_SIZE_ZERO: "no file it holds open can grow",
    Seal.TCP_CAMERAS_ONLY: "it can connect to no TCP port but its cameras', and listen on none",
    Seal.UDP_CLOSED: "it can send no datagram",
    Seal.UNIX_CLOSED: "it can reach no other program on this machine through a socket, queue or shared memory",
    Seal.SIGNALS_CLOSED: "it can signal, trace or read no other process",
    Seal.NO_NEW_PROCESS: "it can start no other process or program",
    Seal.NO_CORE: "it leaves no core file",
    Seal.NOT_DUMPABLE: "no other process of its user can read its memory",
    Seal.MEMORY_LOCKED: "its memory is never swapped out",
    Seal.FREED_WIPED: "memory it frees is overwritten at once",
    Seal.NO_CAPABILITIES: "it holds no privilege of the administrator but to read files and to keep memory",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds, in the order of `Seal`."""

    sealed: tuple[Seal, ...]

    @property
    def lacking(self) -> tuple[Seal, ...]:
        """What this kernel, or these cameras, did not allow to be given up."""
        return tuple(seal for seal in Seal if seal not in self.sealed)

    def as_json(self) -> dict[str, list[str]]:
        """`{sealed, lacking}`, as the message `sealed` carries them."""
        return {"sealed": [seal.value for seal in self.sealed], "lacking": [seal.value for seal in self.lacking]}
