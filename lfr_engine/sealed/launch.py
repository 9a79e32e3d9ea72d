"""Starts a matcher that is not ours: measures its files, seals this process, says how, and becomes the matcher.

    python -m lfr_engine.sealed.launch PACK_DIR PIPELINE_DIGEST NEEDS

NEEDS is the JSON of `Needs.as_json`: ports and files of the cameras, never their addresses, since everybody on the machine can
read a command line. The first message on the pipe, `sealed`, is written here before a line of the matcher runs, so that it
is not the matcher's to claim. A Python program runs in this very process; any other takes its place, and of those two are
weaker: exec must stay open for it, and the kernel makes a new program's memory readable and swappable again.
"""

import os
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from lfr_engine.errors import LfrError, Refused
from lfr_engine.packs.vendor import Vendor, checked_vendor
from lfr_engine.sealed.allocator import start_again_wiping, wiping_environment
from lfr_engine.sealed.needs import Needs
from lfr_engine.sealed.seal import seal_process
from lfr_engine.wire import send

# What the kernel itself runs to start a program that uses shared libraries.
_LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1")


def launch_command(folder: Path, pipeline_digest: str, needs: Needs) -> list[str]:
    """The command line that starts the matcher in `folder` sealed to these needs."""
    return [sys.executable, "-m", "lfr_engine.sealed.launch", str(folder), pipeline_digest, needs.as_json()]


def main() -> NoReturn:
    start_again_wiping()
    pipe = os.fdopen(os.dup(1), "wb")
    try:
        folder, digest, needs = Path(sys.argv[1]).resolve(), sys.argv[2], Needs.from_json(sys.argv[3])
        vendor = checked_vendor(folder)
        if vendor.pipeline_digest != digest:
            raise Refused(
                f"the matcher measures {vendor.pipeline_digest}, but {digest} was authorised",
                rule_ids=("R35",),
                next_step="install the matcher that was certified",
            )
        _become(vendor, needs, pipe.fileno())
    except LfrError as error:
        send(pipe, {"type": "refused", **error.as_json()})
        code = error.exit_code
    except (IndexError, OSError, ValueError) as error:
        send(pipe, {"type": "refused", **LfrError(f"the matcher cannot be started: {error}").as_json()})
        code = LfrError.exit_code
    os._exit(code)


def _become(vendor: Vendor, needs: Needs, pipe: int) -> NoReturn:
    arguments = [str(vendor.program), *vendor.manifest.arguments]
    python = vendor.manifest.runs_with == "python"
    # A folder has to be searched for a program to be found in it; nothing in it can be run that was not measured.
    programs = () if python else (vendor.folder, *map(Path, _LOADERS))
    facts = seal_process(replace(needs, reads=(*needs.reads, vendor.folder), programs=programs))
    with os.fdopen(pipe, "wb", closefd=False) as out:
        send(out, {"type": "sealed", **facts.as_json()})
    os.chdir("/")
    if not python:
        os.execve(vendor.program, arguments, wiping_environment())  # noqa: S606 - no shell is wanted
    sys.argv[:] = arguments
    runpy.run_path(arguments[0], run_name="__main__")
    os._exit(0)


if __name__ == "__main__":
    main()
