"""What a rule has to say: a finding that pages show as it is."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`would_block` is what a demonstration shows where operational mode would block."""

    BLOCKS = "blocks"
    WOULD_BLOCK = "would_block"
    WARNS = "warns"
    INFORMS = "informs"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` names the part of the application where it can be mended, empty where nothing can be."""

    rule_id: str
    level: Level
    text: str
    source: str
    place: str = ""
