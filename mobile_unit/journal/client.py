"""How other processes reach the journal: ask one thing, get a typed answer, or the error it failed with."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from governance.home import UnitHome
from governance.messages.payload import Strict
from lfr_engine.clock import Clock, format_utc
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from mobile_unit.journal import answers, asking
from mobile_unit.journal.socket_path import address_of

_TIMEOUT_S = 30.0
_KINDS = {kind.code: kind for kind in (BadInput, VerificationFailed, LfrError)}
A = TypeVar("A", bound=Strict)


class JournalSilent(LfrError):
    """The journal ended or hung before it answered: what was asked is wholly done or not at all. Ask again to know."""


@dataclass(frozen=True, slots=True)
class JournalClient:
    """Thread-safe: each question is a connection of its own."""

    home: UnitHome

    def ask(self, request: asking.Request, answer: type[A]) -> A:
        """The answer, durable. Raises what the journal refused with, or JournalSilent."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_TIMEOUT_S)
                with address_of(self.home.root) as address:
                    connection.connect(address)
                with connection.makefile("rwb") as stream:
                    stream.write(request.model_dump_json().encode() + b"\n")
                    stream.flush()
                    line = stream.readline(asking.MAX_LINE_BYTES)
        except OSError as error:
            raise JournalSilent(f"the unit's journal does not answer: {error}", next_step="lfr unit recover") from error
        if not line.endswith(b"\n"):
            raise JournalSilent("the unit's journal ended before it answered", next_step="lfr unit recover")
        try:
            return answer.model_validate_json(line)
        except ValidationError as error:
            raise _failure(line) from error

    def answers(self) -> bool:
        """Whether a journal is running for this unit."""
        try:
            self.ask(asking.LookAtUnit(), answers.UnitSeen)
        except JournalSilent:
            return False
        return True


@contextmanager
def running_journal(home: UnitHome, clock: Clock) -> Iterator[JournalClient]:
    """A client, with a journal process started for it that ends with this block (or with this process)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mobile_unit.journal.process", str(home.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment(clock),
        start_new_session=True,  # Ctrl-C is for the process that asks; the journal ends after it
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        if first != b"ready\n":
            raise _failure(first) if first else LfrError("the unit's journal did not start", next_step="see its message above")
        yield JournalClient(home)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


@contextmanager
def any_journal(home: UnitHome, clock: Clock) -> Iterator[JournalClient]:
    """A client of the journal that runs already (a deployment is on), else of one started for this block."""
    client = JournalClient(home)
    if client.answers():
        yield client
        return
    with running_journal(home, clock) as started:
        yield started


def child_environment(clock: Clock) -> dict[str, str]:
    """The environment for a child: a simulated clock goes on from now instead of from its start."""
    environment = dict(os.environ)
    if clock.simulated:
        environment["LFR_CLOCK"] = f"sim:{format_utc(clock.now_utc())}:{clock.sim_rate:g}"
    return environment


def _failure(line: bytes) -> LfrError:
    try:
        failed = answers.Failed.model_validate_json(line).failed
        message, next_step, rules = str(failed["message"]), str(failed["next"]), tuple(map(str, failed["rule_ids"]))
    except (ValidationError, KeyError, TypeError):
        return LfrError(f"the unit's journal answered something else: {line[:200]!r}")
    if failed["code"] == Refused.code:
        return Refused(message, rule_ids=rules, next_step=next_step)
    return _KINDS.get(str(failed["code"]), LfrError)(message, next_step=next_step, rule_ids=rules)
