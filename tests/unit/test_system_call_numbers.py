"""The numbers of the closed system calls, against the library whose business they are, on both machines (R41)."""

import ctypes
import ctypes.util

import pytest

from lfr_engine.sealed.filter import program
from lfr_engine.sealed.needs import Needs, needs_of
from lfr_engine.sealed.syscalls import ASKED, CLOSED, NEWEST, PROGRAMS

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_LIBRARY = ctypes.util.find_library("seccomp")


@pytest.mark.skipif(_LIBRARY is None, reason="libseccomp is not installed here: the table is not compared")
@pytest.mark.parametrize("machine", _ARCHITECTURES)
def test_every_number_is_that_of_its_call(machine: str) -> None:
    library = ctypes.CDLL(_LIBRARY)
    architecture, column = _ARCHITECTURES[machine]
    wrong = {}
    for name, numbers in {**CLOSED, **PROGRAMS, **ASKED}.items():
        known = library.seccomp_syscall_resolve_name_arch(ctypes.c_uint32(architecture), name.encode())
        # An older library does not know the newest calls (-1); a call that a machine lacks has a number below zero there.
        if known >= 0 and known != numbers[column]:
            wrong[name] = (numbers[column], known)
        if known < -1:
            assert numbers[column] == -1, f"{machine} has no {name}"
    assert not wrong


@pytest.mark.parametrize("machine", _ARCHITECTURES)
@pytest.mark.parametrize("needs", [Needs(), needs_of({"cameras": [{"source": "rtsp://camera.example/a"}]})], ids=["no network", "network"])
def test_the_program_ends_in_a_verdict_on_every_path(machine: str, needs: Needs) -> None:
    code = program(needs, 77, machine)
    assert len(code) < 4096, "what the kernel takes"
    for place, (operation, if_true, if_false, _) in enumerate(code):
        jumps = operation & 0x07 == 0x05
        for skipped in (if_true, if_false) if jumps else ():
            assert 0 <= skipped < 256
            assert place + 1 + skipped < len(code)
    assert code[-1][0] == 0x06, "the last instruction returns"
    assert max(number for numbers in CLOSED.values() for number in numbers) <= NEWEST


def test_what_a_start_command_names_is_what_is_needed() -> None:
    def camera(source: object) -> dict[str, object]:
        return {"cameras": [{"source": source}]}

    assert not needs_of(camera("file:/clip.mp4")).network
    assert needs_of(camera("rtsp://10.0.0.1/street")).tcp_ports == {554}
    assert not needs_of(camera("rtsp://10.0.0.1:8554/street")).udp
    assert needs_of(camera("https://camera.example/street")).udp, "a name has to be looked up"
    assert needs_of(camera("udp://0.0.0.0:5000")).tcp_ports == frozenset()
    assert [str(path) for path in needs_of(camera("device:/dev/video7")).devices][-1:] == ["/dev/video7"]
    for nonsense in ({}, camera(7), {"cameras": 3}, {"cameras": [3]}, {"pack_dir": 4}, camera("rtsp://[::1")):
        assert not needs_of(nonsense).network
    whole = needs_of({**camera("rtsp://10.0.0.1/street"), "pack_dir": "/packs/a"})
    assert Needs.from_json(whole.as_json()) == whole
    with pytest.raises(ValueError, match="no needs"):
        Needs.from_json('{"reads": 3}')
