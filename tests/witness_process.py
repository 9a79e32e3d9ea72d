"""A real `lfr-witness` in its own process, for tests that need one."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from governance.ledger.note import Verifier


class WitnessProcess:
    """`start` and `kill` may alternate: the folder stays, as it does after a power cut."""

    def __init__(self, folder: Path, logs: Sequence[Verifier], *, name: str = "ethics.example.org/w1") -> None:
        self.folder = folder
        self.watch(logs)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        if not (folder / "key.pem").exists():
            made = subprocess.run([*_COMMAND, "init", str(folder), "--name", name], check=True, capture_output=True, text=True)
            (folder / "vkey").write_text(made.stdout)
        self.verifier = Verifier.from_vkey((folder / "vkey").read_text())

    def watch(self, logs: Sequence[Verifier]) -> None:
        """From the next start on it knows these logs."""
        self._logs = [argument for log in logs for argument in ("--log", log.vkey)]

    def start(self) -> "WitnessProcess":
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        command = [*_COMMAND, "serve", str(self.folder), *self._logs, "--port", "0", "--port-file", str(port_file)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not port_file.exists():
            assert self._process.poll() is None, "the witness did not start"
            assert time.monotonic() < deadline, "the witness does not answer"
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        return self

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(20)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(20)


_COMMAND = [sys.executable, "-m", "governance.witness"]
