"""A registered test: what will be measured on which data, with which pipeline, and what counts as a pass, said before any run (R100).

After the idea of pre-registration: a result can only be shopped for where nobody wrote down beforehand what was asked.
"""

from decimal import Decimal as Number
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from governance.messages.payload import Body, Decimal, Digest, Line, Strict, Text

Figure = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,9}\.[0-9]{1,9}$")]
"""A decimal of any size that a result may hold, counts included."""


class Test(StrEnum):
    """The kinds of evaluation there are, as `lfr evaluate` calls them."""

    __test__ = False  # the field's word, not a test class

    VERIFICATION = "verification"
    IDENTIFICATION = "identification"
    CROWD = "crowd"
    REHEARSAL = "rehearsal"
    CALIBRATE = "calibrate"


class Side(StrEnum):
    """Which side of the value a figure must lie on."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class PlannedData(Strict):
    """One file or folder of material by the digest of its content; `role` is the option that names it on the command line."""

    role: Line
    digest: Digest
    files: Annotated[int, Field(ge=1)]


class Criterion(Strict):
    """A figure of the result, by its dotted path in the result's JSON, and the value it must reach."""

    figure: Line
    side: Side
    value: Figure

    def met_by(self, result: Any) -> bool:
        """Whether a parsed result reaches it. A figure that is missing or no number does not."""
        found = _at(result, self.figure)
        if isinstance(found, bool) or not isinstance(found, int | float) or found != found:
            return False
        return Number(str(found)) >= Number(self.value) if self.side is Side.AT_LEAST else Number(str(found)) <= Number(self.value)


class Plan(Body):
    """Signed by a test body of the roster and logged before the first run."""

    object_type: ClassVar[str] = "plan"

    title: Line
    purpose: Text
    test: Test
    pack: Line
    pack_digest: Digest
    pipeline_digest: Digest
    pipeline: Text
    data_statement: Text  # who the people are, how they were recorded, and with whose consent
    data: Annotated[tuple[PlannedData, ...], Field(min_length=1, max_length=16)]
    thresholds: tuple[Decimal, ...]
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=50)]
    issuer: Line


def _at(value: Any, path: str) -> Any:
    """The value under a dotted path; a key may itself hold dots, the longest key that fits counts. None where there is none."""
    if not path:
        return value
    parts = path.split(".")
    for taken in range(len(parts), 0, -1):
        key, rest = ".".join(parts[:taken]), ".".join(parts[taken:])
        if isinstance(value, dict) and key in value:
            return _at(value[key], rest)
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            return _at(value[int(key)], rest)
    return None
