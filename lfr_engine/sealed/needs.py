"""What a sealed process must still reach: its pack, its libraries, and the cameras that its start command names."""

import ipaddress
import json
import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lfr_engine.errors import BadInput
from lfr_engine.video.address import parse_source

# Libraries, and what they ask of the machine at load time: its cores, memory and page sizes.
_SYSTEM_READS = (
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/usr/share/zoneinfo", "/etc/localtime",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm", "/sys/devices", "/sys/bus/pci", "/sys/fs/cgroup",
    "/sys/kernel/mm", "/dev/null", "/dev/urandom",
)  # fmt: skip
_NETWORK_READS = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf", "/etc/ssl", "/usr/share/ca-certificates",
)  # fmt: skip
_GPU = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps")


@dataclass(frozen=True, slots=True)
class Needs:
    """`reads`: folders and files; `devices`: opened for reading and writing; `programs`: folders and files that may be executed,
    for a matcher that is not ours; `tcp_ports`: where cameras listen; `udp`: a camera that cannot be reached without."""

    reads: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = ()
    programs: tuple[Path, ...] = ()
    tcp_ports: frozenset[int] = field(default_factory=frozenset)
    udp: bool = False

    @property
    def network(self) -> bool:
        return bool(self.tcp_ports) or self.udp

    def as_json(self) -> str:
        paths = {name: [str(path) for path in getattr(self, name)] for name in ("reads", "devices", "programs")}
        return json.dumps({**paths, "tcp_ports": sorted(self.tcp_ports), "udp": self.udp})

    @classmethod
    def from_json(cls, text: str) -> "Needs":
        """Raises ValueError on anything `as_json` did not write."""
        try:
            given = json.loads(text)
            paths = {name: tuple(Path(path) for path in given.pop(name)) for name in ("reads", "devices", "programs")}
            return cls(**paths, tcp_ports=frozenset(map(int, given.pop("tcp_ports"))), udp=bool(given.pop("udp")), **given)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are no needs: {error}") from error


def needs_of(start: dict[str, Any]) -> Needs:
    """The needs behind a start command's header; a part that is missing or malformed needs nothing, its reader will refuse it."""
    pack, cameras = start.get("pack_dir"), start.get("cameras")
    named = [one.get("source") for one in cameras if isinstance(one, dict)] if isinstance(cameras, list) else []
    return needs_for([Path(pack)] if isinstance(pack, str) else [], [one for one in named if isinstance(one, str)])


def needs_for(reads: Iterable[Path], sources: Iterable[str]) -> Needs:
    """What these folders and sources need, with the program's own libraries."""
    files, devices, ports, udp = [*reads, *own_libraries(), *map(Path, _SYSTEM_READS)], [*_graphics_cards()], set[int](), False
    for source in sources:
        try:
            address = parse_source(source)
        except BadInput:
            continue
        if address.kind == "file":
            files.append(Path(address.target))
        elif address.kind == "device":
            devices.append(Path(address.target))
        elif address.transport == "tcp":
            ports.add(address.port)
            udp = udp or not _literal(address.host)
        udp = udp or address.transport == "udp"
    if ports or udp:
        files += map(Path, _NETWORK_READS)
    return Needs(reads=tuple(files), devices=tuple(devices), tcp_ports=frozenset(ports), udp=udp)


def own_libraries() -> tuple[Path, ...]:
    """The interpreter, its installed packages and this package; not the folder a source checkout lies in, which may hold data."""
    paths = sysconfig.get_paths()
    found = {Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {Path(prefix) / "lib" for prefix in (sys.prefix, sys.base_prefix)} | {Path(sys.prefix) / "pyvenv.cfg"}
    return (*sorted(found), Path(__file__).parents[1])


def _literal(host: str) -> bool:
    """Whether no name server must be asked where the host is."""
    if host == "localhost":  # /etc/hosts has it
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _graphics_cards() -> tuple[Path, ...]:
    """NVIDIA's device files, where a graphics card computes: CUDA talks to it through these."""
    try:
        names = sorted(os.listdir("/dev"))
    except OSError:
        return ()
    return tuple(Path("/dev") / name for name in names if name in _GPU or (name.startswith("nvidia") and name[6:].isdecimal()))
