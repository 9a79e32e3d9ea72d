"""Which groups the people of a measurement belong to, as they said themselves: a table with person, attribute and group."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.tables import at_line, read_lines

MAX_ATTRIBUTES = 12
MAX_GROUPS = 40
MAX_WORD = 60


@dataclass(frozen=True, slots=True)
class Groups:
    """attribute -> group -> its people; `unstated`: attribute -> people of the material of whom the table says nothing."""

    people: dict[str, dict[str, frozenset[str]]]
    unstated: dict[str, frozenset[str]]


def read_groups(table: Path, people: Collection[str], *, others_too: bool = False) -> Groups:
    """The groups of these people. Raises BadInput on somebody in two groups of one attribute, and on people who are not in the
    material, unless `others_too` says that only a part of it was drawn."""
    found: dict[str, dict[str, str]] = {}
    known = set(people)
    for line in read_lines(table, ("person", "attribute", "group")):
        person, attribute, group = (line.cells[name] for name in ("person", "attribute", "group"))
        if not all(word and len(word) <= MAX_WORD and word.isprintable() for word in (attribute, group)):
            raise at_line(table, line.number, f"attribute and group must be 1 to {MAX_WORD} printable characters")
        if person not in known:
            if others_too:
                continue
            raise at_line(table, line.number, f"{person!r} is not in the material", "correct the name, or take the row out")
        if person in found.setdefault(attribute, {}):
            raise at_line(table, line.number, f"{person!r} has two groups of {attribute!r}", "keep one")
        found[attribute][person] = group
    crowded = [attribute for attribute, of in found.items() if len(set(of.values())) > MAX_GROUPS]
    if len(found) > MAX_ATTRIBUTES or crowded:
        raise BadInput(
            f"{table} has {len(found)} attributes" + (f", {crowded[0]!r} with more than {MAX_GROUPS} groups" if crowded else ""),
            next_step=f"give at most {MAX_ATTRIBUTES} attributes of at most {MAX_GROUPS} groups",
        )
    return Groups(
        {attribute: _members(of) for attribute, of in sorted(found.items())},
        {attribute: frozenset(known - set(of)) for attribute, of in sorted(found.items())},
    )


def _members(of: dict[str, str]) -> dict[str, frozenset[str]]:
    return {group: frozenset(person for person, theirs in of.items() if theirs == group) for group in sorted(set(of.values()))}
