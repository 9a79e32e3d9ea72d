"""What a source may be called, and what opening it may reach: never another file, never another host."""

import pytest

from lfr_engine.errors import BadInput
from lfr_engine.video.address import parse_source


@pytest.mark.parametrize(
    ("name", "kind", "host", "port", "transport"),
    [
        ("pipe:5", "pipe", "", 0, ""),
        ("file:/clips/a.mp4", "file", "", 0, ""),
        ("device:/dev/video0", "device", "", 0, ""),
        ("rtsp://10.0.0.5/stream", "rtsp", "10.0.0.5", 554, "tcp"),
        ("rtsp://user:secret@10.0.0.5:8554/stream?x=1", "rtsp", "10.0.0.5", 8554, "tcp"),
        ("rtsps://[fe80::1]/s", "rtsps", "fe80::1", 322, "tcp"),
        ("https://van.local/live", "https", "van.local", 443, "tcp"),
        ("udp://239.1.1.1:5000", "udp", "239.1.1.1", 5000, "udp"),
    ],
)
def test_a_source_says_what_it_needs(name: str, kind: str, host: str, port: int, transport: str) -> None:
    address = parse_source(name)
    assert (address.kind, address.host, address.port, address.transport) == (kind, host, port, transport)
    assert parse_source(address.named) == address
    assert address.live is (kind not in ("pipe", "file"))


def test_what_is_shown_of_an_address_holds_no_password() -> None:
    assert parse_source("rtsp://user:secret@10.0.0.5:8554/stream?token=x").shown == "rtsp://10.0.0.5:8554/stream"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "pipe:0",
        "pipe:2",
        "pipe:x",
        "pipe:²",
        "file:",
        "file://host/share",
        "device:/dev/mem",
        "device:/dev/video0/../mem",
        "/etc/passwd",
        "concat:a|b",
        "rtsp:x",
        "rtsp://",
        "rtsp://h:99999/",
        "rtsp://h:x/",
        "udp://239.1.1.1",
        "ftp://h/a",
        "data:text/plain,x",
        "crypto:rtsp://h/",
        "http://h/a b",
        "http://h/\n",
        "x" * 5000,
    ],
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        parse_source(name)


def test_no_kind_may_open_files_or_playlists() -> None:
    for name in ("rtsp://h/", "rtsps://h/", "rtmp://h/", "rtmps://h/", "http://h/", "https://h/", "udp://h:1", "srt://h:1"):
        address = parse_source(name)
        protocols = set(address.protocols.split(","))
        assert not protocols & {"file", "concat", "crypto", "data", "subfile", "pipe", "fd", "cache", "async"}
        if "s" not in address.kind[-1:]:
            assert "tls" not in protocols
        assert not set(address.formats.split(",")) & {"hls", "dash", "concat", "ffmetadata", "image2"}
        assert address.formats
