"""The error families, by whose fault it is; only the edges (command line, web) turn them into exits or responses.

Every error says what happened and, in `next_step`, what the reader can do about it. `rule_ids` names the rules of the
requirements trace that a refusal rests on.
"""

from typing import ClassVar


class LfrError(Exception):
    """A fault of this program or its machine (disk full, a broken installation): exit code 6."""

    exit_code: ClassVar[int] = 6
    code: ClassVar[str] = "fault"

    def __init__(self, message: str, *, next_step: str = "", rule_ids: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.rule_ids = rule_ids

    def as_json(self) -> dict[str, object]:
        """`{code, rule_ids, message, next}`, the form every `--json` error has."""
        return {"code": self.code, "rule_ids": list(self.rule_ids), "message": self.message, "next": self.next_step}


class BadInput(LfrError):
    """What somebody handed in cannot be used (a broken video, a CSV without its columns): exit code 3."""

    exit_code = 3
    code = "bad_input"


class Refused(LfrError):
    """A rule forbids it, or a check that must be made could not be made: exit code 4. Always names a rule."""

    exit_code = 4
    code = "refused"

    def __init__(self, message: str, *, rule_ids: tuple[str, ...], next_step: str = "") -> None:
        super().__init__(message, next_step=next_step, rule_ids=rule_ids)


class VerificationFailed(LfrError):
    """A signature, proof or digest does not hold: somebody altered something, or the wrong key was given: exit code 5."""

    exit_code = 5
    code = "verification_failed"


class BrokenProtocol(LfrError):
    """The engine, or a matcher in its place, said what it may not: matching ends, and nothing it said is used. A fault: exit code 6."""

    code = "broken_protocol"

    def __init__(self, message: str) -> None:
        super().__init__(
            f"the matcher broke its protocol: {message}",
            next_step="stop using this matcher and give its maker the output of: lfr models conform FOLDER",
        )
