"""The `lfr` command: one group, one file per subject; errors become exit codes here and nowhere else."""

import importlib
import json
import sys

import click

from lfr_engine.errors import LfrError

# Subject -> (module, attribute, one line of help). Loaded on use, so that `lfr --help` does not load the engine.
_COMMANDS = {
    "models": ("webui.cli.models", "models", "Model packs, their certificates and the register of what may be used."),
    "match": ("webui.cli.match", "match", "Compare a video file with a watchlist (TEST output)."),
    "evaluate": ("webui.cli.evaluate", "evaluate", "Error rates on labelled data, with intervals and by group."),
    "benchmark": ("webui.cli.benchmark", "benchmark", "Measure recognition on labelled faces."),
    "cluster": ("webui.cli.cluster", "cluster", "Enrol and check very long lists, on one machine or many."),
    "office": ("webui.cli.office", "office", "Run the governance office."),
    "unit": ("webui.cli.unit", "unit", "Run a mobile unit."),
    "drill": ("webui.cli.drill", "drill", "Measure recognition live with consenting staff, or rehearse it."),
    "demo": ("webui.cli.demo", "demo", "The whole story on real photos."),
    "rules": ("webui.cli.rules", "rules", "Every rule with its code, its tests and its status."),
    "doctor": ("webui.cli.doctor", "doctor", "Say what this machine has and lacks."),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lawful-lfr")
def cli() -> None:
    """Live facial recognition only as far as law and a signed authority allow."""


def main(arguments: list[str] | None = None) -> int:
    """Run `lfr`; exit codes 0 ok, 2 usage, 3 bad input, 4 refused, 5 verification failed, 6 fault."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = any(argument.split("=")[0] in {"--json", "--json-errors"} for argument in arguments)
    try:
        asked = cli.main(args=arguments, prog_name="lfr", standalone_mode=False)
        return asked if isinstance(asked, int) else 0  # click returns the status of ctx.exit instead of raising it
    except LfrError as error:
        report(error, as_json=as_json)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        print("stopped", file=sys.stderr)
        return 6
    except OSError as error:
        report(LfrError(f"the system refused: {error}", next_step="check disk space and permissions, then run it again"), as_json=as_json)
        return LfrError.exit_code


def report(error: LfrError, *, as_json: bool) -> None:
    """Print an error on standard error, in words or as the JSON of the contract."""
    if as_json:
        print(json.dumps(error.as_json()), file=sys.stderr)
        return
    rules = f" [{', '.join(error.rule_ids)}]" if error.rule_ids else ""
    print(f"{error.code.replace('_', ' ')}{rules}: {error.message}", file=sys.stderr)
    if error.next_step:
        print(f"  next: {error.next_step}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
