"""Strict reading of untrusted bytes: one spelling for everything, exact fields, a ceiling on every size.

Nothing here follows a link, opens a device or believes a length before it was checked.
"""

import base64
import binascii
import json
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

JSON_BYTES_MAX = 32 * 2**20
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_HEX32 = re.compile(r"[0-9a-f]{64}", re.ASCII)

Fields = dict[str, Any]


class Failed(Exception):
    """A check did not hold: what, and where to look."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where


class Unreadable(Exception):
    """The export is not there or is not an export: nothing can be said about it."""


def read_file(path: Path, limit: int) -> bytes:
    """A regular file's bytes. Raises Failed when missing, a link, a device, or larger than `limit`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Failed(f"the file cannot be read ({error.strerror})", str(path)) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Failed("this is not a regular file", str(path))
    with os.fdopen(handle, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Failed(f"the file has more than {limit} bytes", str(path))
    return data


def read_text(path: Path, limit: int) -> str:
    try:
        return read_file(path, limit).decode()
    except UnicodeDecodeError as error:
        raise Failed("the file is not UTF-8", str(path)) from error


def parse_json(data: bytes) -> Fields:
    """An object in which no name stands twice; NaN, Infinity and deep nesting are refused."""
    if len(data) > JSON_BYTES_MAX:
        raise Failed(f"a JSON object has at most {JSON_BYTES_MAX} bytes")
    try:
        value = json.loads(data, object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Failed(f"malformed JSON: {str(error)[:120]}") from error
    if not isinstance(value, dict):
        raise Failed("malformed JSON: not an object")
    return value


def names(words: str) -> frozenset[str]:
    """The field names in a text, for `exactly`."""
    return frozenset(words.split())


def exactly(fields: Any, expected: frozenset[str], what: str) -> Fields:
    """`fields` as an object with these names and no other."""
    if not isinstance(fields, dict):
        raise Failed(f"{what} is not an object")
    if fields.keys() != expected:
        odd = sorted(str(name)[:40] for name in fields.keys() ^ expected)
        raise Failed(f"{what} has other fields than it may have: {', '.join(odd[:8])}")
    return fields


def text(fields: Fields, name: str, limit: int = 8000) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > limit:
        raise Failed(f"{name} is not a text of at most {limit} characters")
    return value


def texts(fields: Fields, name: str, limit: int = 20_000) -> tuple[str, ...]:
    value = fields.get(name)
    if not isinstance(value, list) or len(value) > limit or any(not isinstance(each, str) for each in value):
        raise Failed(f"{name} is not a list of at most {limit} texts")
    return tuple(value)


def count(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise Failed(f"{name} is not a count")
    return value


def digest(fields: Fields, name: str) -> str:
    value = text(fields, name, 71)
    if not _DIGEST.fullmatch(value):
        raise Failed(f"{name} is not a digest")
    return value


def hex32(fields: Fields, name: str) -> bytes:
    value = text(fields, name, 64)
    if not _HEX32.fullmatch(value):
        raise Failed(f"{name} is not 32 bytes in hex")
    return bytes.fromhex(value)


def wire_time(fields: Fields, name: str) -> str:
    """`YYYY-MM-DDTHH:MM:SS.mmmZ`; in this one form times compare like texts."""
    value = text(fields, name, 24)
    if not _TIME.fullmatch(value):
        raise Failed(f"{name} is not a time in UTC with milliseconds")
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise Failed(f"{name} is not a time that exists") from error
    return value


def as_datetime(wire: str) -> datetime:
    return datetime.fromisoformat(wire)


def from_seconds(seconds: int) -> str:
    """Wire time of seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    except (ValueError, OverflowError, OSError) as error:
        raise Failed("a cosignature names an impossible time") from error


def base64_bytes(value: str) -> bytes:
    """Standard base64 in its canonical spelling."""
    try:
        data = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Failed("not base64") from error
    if base64.b64encode(data).decode() != value:
        raise Failed("base64 in a spelling of its own")
    return data


def base64url_bytes(value: str) -> bytes:
    """base64url without padding, canonical."""
    if re.search(r"[^A-Za-z0-9_-]", value):
        raise Failed("not base64url")
    return base64_bytes(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4))


def _each_once(pairs: list[tuple[str, Any]]) -> Fields:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")
