"""The command `lfr-verify EXPORT --root root.vkey --witness w.vkey ... [--min-checkpoint FILE] [--json]`.

Exit codes: 0 everything that was checked holds, 2 usage, 3 this cannot be read as an export, 5 something does not hold.
"""

import argparse
import json
import sys
from pathlib import Path

from .evidence import Trust
from .notes import WITNESS_KEY, parse_vkey
from .roster import root_keys
from .strict import Failed, Unreadable, read_text
from .verification import verify_export

_KEY_FILE_BYTES_MAX = 16_384


def main(arguments: list[str] | None = None) -> None:
    """Always ends with SystemExit."""
    options = _parser().parse_args(arguments)
    try:
        report = verify_export(options.export, _trust(options))
    except (Unreadable, Failed) as error:
        what = str(error) + (f" ({error.where})" if isinstance(error, Failed) and error.where else "")
        if options.json:
            print(json.dumps({"code": "bad_input", "rule_ids": [], "message": what, "next": "check the paths and key files"}))
        else:
            print(f"lfr-verify: {what}", file=sys.stderr)
        raise SystemExit(3) from error
    print(report.as_json() if options.json else report.as_text())
    raise SystemExit(0 if report.ok else 5)


def _trust(options: argparse.Namespace) -> Trust:
    witnesses = [
        parse_vkey(line, kind=WITNESS_KEY)
        for path in options.witness
        for line in read_text(path, _KEY_FILE_BYTES_MAX).splitlines()
        if line.strip()
    ]
    return Trust(root_keys(read_text(options.root, _KEY_FILE_BYTES_MAX)), witnesses, options.min_checkpoint)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lfr-verify", description="Check an exported ledger and every figure published from it.")
    parser.add_argument("export", type=Path, help="the export's folder")
    parser.add_argument(
        "--root", type=Path, required=True, help="file with the root keys, one verifier key a line; a majority must have signed"
    )
    parser.add_argument(
        "--witness", type=Path, action="append", required=True, help="file with a witness's verifier key; may be given again"
    )
    parser.add_argument("--min-checkpoint", type=Path, help="a checkpoint seen before: the ledger must extend it")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    return parser


if __name__ == "__main__":
    main()
