"""A Ray cluster for as long as one command runs: its own on this machine, or one that is joined. The only import of ray.

What Ray would do by itself and may not here: no dashboard, no usage statistics, no spilling of objects to disk. Nothing this package
sends is large enough for Ray's object store anyway (INLINE_BYTES), so templates travel from process to process and no further.
Ray runs any code for whoever can reach it, so a token is always set: a fresh one for a cluster of our own, and off this machine the
one of --token-file, which the cluster was started with. A token does not encrypt: such a cluster belongs on a network of its own.
"""

import ipaddress
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.inference import cores

INLINE_BYTES = 80_000  # Ray keeps results below 100 kB in the memory of who asked, never in the object store
_STORE_BYTES = 80 * 1024 * 1024  # the least Ray accepts; it stays empty
_TRIES_AFTER_DEATH = 2
_START_TRIES = 90  # about a second each: on a machine at work Ray's own 20 are not enough
INSTALL = 'pip install "lawful-lfr[cluster]"'


class WorkerDied(LfrError):
    """A process of the cluster died while it worked on something, and again when that was tried anew."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of the cluster that is up."""

    node_id: str
    cores: int


class Cluster:
    """What the commands of this package ask of Ray."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray

    def machines(self) -> list[Machine]:
        """In a fixed order. Raises LfrError where none offers a core."""
        found = [
            Machine(node["NodeID"], int(node["Resources"].get("CPU", 0)))
            for node in sorted(self._ray.nodes(), key=lambda node: str(node["NodeID"]))
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
        ]
        if not found:
            raise LfrError("no machine of the cluster offers a core", next_step="start a worker there: ray start --address ...")
        return found

    def worker(self, kind: type, *arguments: object, machine: Machine, share: float = 1.0, again: bool = True) -> Any:
        """An object of `kind` in a process of its own on that machine, with a share of its cores. Where `again`, it is made anew
        when it dies, and what it was asked is asked again, _TRIES_AFTER_DEATH times."""
        place = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(machine.node_id, soft=False)
        remote = self._ray.remote(
            num_cpus=machine.cores * share,
            max_restarts=-1 if again else 0,
            max_task_retries=_TRIES_AFTER_DEATH if again else 0,
            scheduling_strategy=place,
        )
        return remote(kind).remote(*arguments)

    def asked(self, worker: Any, method: str, *arguments: object) -> Any:
        """A promise of what the method gives."""
        return getattr(worker, method).remote(*arguments)

    def first_done(self, promises: Sequence[Any]) -> Any:
        """One that is kept or broken."""
        done, _ = self._ray.wait(list(promises), num_returns=1)
        return done[0]

    def result(self, promise: Any) -> Any:
        """Raises WorkerDied, or what the method raised."""
        try:
            return self._ray.get(promise)
        except self._ray.exceptions.RayTaskError as error:
            raise getattr(error, "cause", error) from error
        except self._ray.exceptions.RayActorError as error:
            raise WorkerDied(f"a worker died: {error}", next_step="look at that machine's memory and disk, then run it again") from error

    def end(self, worker: Any) -> None:
        """Kill it: nothing of what it held is used again."""
        self._ray.kill(worker)


@contextmanager
def cluster(address: str | None, token_file: Path | None) -> Iterator[Cluster]:
    """A cluster on this machine alone, or the one at `address` (HOST:PORT).

    Raises LfrError where ray is not installed or does not start, BadInput for an address off this machine without a token file, and for
    one that is missing or open to others.
    """
    if find_spec("ray") is None:
        raise LfrError("this needs Ray, which is not installed", next_step=INSTALL)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_NUM_REDIS_GET_RETRIES"] = str(_START_TRIES)
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = _token(address, token_file)
    import ray
    import ray.exceptions
    import ray.util.scheduling_strategies

    compiled: Any = ray._raylet
    compiled.Config.initialize("")  # mode and token are read once in a process: an earlier cluster, or import, would leave the old ones
    compiled.AuthenticationTokenLoader.instance().reset_cache()
    folder = Path(tempfile.mkdtemp(prefix="lfr-"))  # 0700, which Ray would undo: its own folder, open to everybody, lies inside
    try:
        _begin(ray, address, folder)
        yield Cluster(ray)
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _begin(ray: Any, address: str | None, folder: Path) -> None:
    quiet = {"log_to_driver": False, "configure_logging": False}
    try:
        if address is not None:
            ray.init(address=address, **quiet)
            return
        ray.init(
            address="local",
            num_cpus=cores(),
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            _temp_dir=str(folder / "r"),
            _system_config={"automatic_object_spilling_enabled": False},
            **quiet,
        )
    except Exception as error:  # Ray raises it bare where a process of its own is too slow to start
        words = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LfrError(
            f"the cluster cannot be reached or started: {words}",
            next_step="check --address and --token-file, and whether this machine has cores and memory to spare",
        ) from error


def _token(address: str | None, token_file: Path | None) -> str:
    if token_file is not None:
        try:
            if token_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise BadInput(f"{token_file} can be read by others", next_step=f"chmod 600 {token_file}")
            token = token_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"the token file cannot be read: {error}") from error
        if len(token) < 32:
            raise BadInput(f"{token_file} holds no token of 32 characters or more", next_step="ray get-auth-token --generate")
        return token
    if address is None:
        return secrets.token_hex(32)
    if not _on_this_machine(address):
        raise BadInput(
            f"the cluster at {address} is another machine's, and anybody who reaches one without a token can run any code there",
            next_step="start the cluster with RAY_AUTH_MODE=token and name its token with --token-file",
        )
    return os.environ.get("RAY_AUTH_TOKEN") or secrets.token_hex(32)


def _on_this_machine(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]") or address
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
