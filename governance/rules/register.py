"""Every rule of the system with its sentence, its source and an honest status (R106).

Code and tests of a rule are found, not written down: each names the rules it serves. That needs the source tree; where the
program is installed without its tests, the lists say so by being empty.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

TREE = Path(__file__).resolve().parents[2]
COUNT = 106
Status = Literal["done", "partly", "not"]

_CODE = ("lfr_engine", "watchlist", "governance", "mobile_unit", "webui")
_RULE = re.compile(r"(?<![A-Za-z0-9])R([1-9][0-9]{0,2})(?![0-9A-Za-z])")
_SPAN = re.compile(r"(?<![A-Za-z0-9])R([1-9][0-9]{0,2})\s?(?:-|to)\s?R([1-9][0-9]{0,2})(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `lacks` says what is missing of it; `code` and `tests` are files of the source tree that name it."""

    id: str
    level: tuple[str, ...]
    sentence: str
    source: str
    status: Status
    lacks: str = ""
    code: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@cache
def register() -> tuple[Rule, ...]:
    """The rules as written down, in order, without code and tests."""
    text = files("governance.rules").joinpath("register.toml").read_text("utf-8")
    return tuple(Rule(**{**row, "level": tuple(row["level"])}) for row in tomllib.loads(text)["rule"])


def traced(tree: Path = TREE) -> tuple[Rule, ...]:
    """The rules with the files of the source tree that name them."""
    code = _named_in(tree, _CODE)
    tests = _named_in(tree, ("tests",))
    return tuple(replace(rule, code=code.get(rule.id, ()), tests=tests.get(rule.id, ())) for rule in register())


def rules_in(text: str) -> frozenset[str]:
    """The ids named in a text; `R35-R37` names all three."""
    named = {int(number) for number in _RULE.findall(text)}
    for first, last in _SPAN.findall(text):
        named.update(range(int(first), int(last) + 1))
    return frozenset(f"R{number}" for number in named)


def _named_in(tree: Path, folders: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in _sources(tree, folders):
        for rule in rules_in(path.read_text("utf-8")):
            found[rule].append(path.relative_to(tree).as_posix())
    return {rule: tuple(paths) for rule, paths in found.items()}


def _sources(tree: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    """Python and templates; not the register's own, which names every rule and serves one."""
    own = {Path(__file__).name, "test_rule_register.py"}
    for folder in folders:
        yield from sorted(path for kind in ("*.py", "*.html") for path in (tree / folder).rglob(kind) if path.name not in own)
