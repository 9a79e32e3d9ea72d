"""`lfr rules`: every rule of the system with its code, its tests and an honest status (R106)."""

import json

import click

from governance.rules.register import Rule, traced


@click.group()
def rules() -> None:
    """The rules that law, guidance and oversight ask for, and how far each is met."""


@rules.command()
@click.option("--json", "as_json", is_flag=True, help='Print {"rules": [{id, sentence, source, code, tests, status, lacks}]}.')
@click.option("--status", type=click.Choice(["done", "partly", "not"]), help="Only these.")
def trace(as_json: bool, status: str | None) -> None:
    """List every rule with the files that serve it and the tests that name it."""
    found = [rule for rule in traced() if status in (None, rule.status)]
    if as_json:
        click.echo(json.dumps({"rules": [rule.as_json() for rule in found]}, indent=1, ensure_ascii=False))
        return
    for rule in found:
        click.echo(_line(rule))
    counted = {name: sum(rule.status == name for rule in found) for name in ("done", "partly", "not")}
    click.echo(", ".join(f"{number} {name}" for name, number in counted.items()))


def _line(rule: Rule) -> str:
    lacks = f"\n          lacks: {rule.lacks}" if rule.lacks else ""
    return f"{rule.id:<5} {rule.status:<7} {rule.sentence} [{rule.source}] {len(rule.code)} files, {len(rule.tests)} tests{lacks}"
