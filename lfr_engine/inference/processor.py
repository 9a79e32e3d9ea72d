"""Which processor this is: what a figure was measured on, and what a verdict on a precision is bound to."""

import platform
from pathlib import Path


def processor() -> tuple[str, frozenset[str]]:
    """Its name and its features; what cannot be read is said as unknown, and is no feature."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown", frozenset()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", facts.get("Features", ""))
    return facts.get("model name", platform.machine() or "unknown"), frozenset(flags.split())
