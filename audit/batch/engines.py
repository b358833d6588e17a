"""What carries the calls of a run: worker processes of this machine, or actors of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, Self

from audit.batch.workers import Came, InProcess, Limits, MakeAuditor, Task, WorkerPool

EngineName = Literal["processes", "ray"]


@dataclass(frozen=True, slots=True)
class Engine:
    """On what a run audits.

    Attributes
    ----------
    name : {"processes", "ray"}
    address : str
        Of the Ray cluster: "auto" (the one that this machine belongs to), "local" (one of this machine alone, for this run),
        ``host:port`` or ``ray://host:port``.
    n_threads : int
        Processors that one actor takes.
    needs_gpu : bool
        Whether each actor takes a GPU.
    """

    name: EngineName = "processes"
    address: str = "auto"
    n_threads: int = 1
    needs_gpu: bool = False


class Pool(Protocol):
    """Audits tasks; a context manager."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(self, *_: object) -> None:
        """End what is still running."""
        ...

    def run(
        self,
        tasks: Iterable[Task],
        *,
        begin: Callable[[Task], bool],
        stop_level: Callable[[], int],
        is_busy: Callable[[], bool] = lambda: False,
    ) -> Iterator[list[Came]]:
        """Audit all tasks and yield the results as they come; see :meth:`audit.batch.workers.WorkerPool.run`."""
        ...


def open_pool(engine: Engine, make_auditor: MakeAuditor, n_workers: int, limits: Limits) -> Pool:
    """The workers of a run.

    Parameters
    ----------
    n_workers : int
        Of processes: 0 audits in this one. Of a Ray cluster: 0 takes as many actors as it has room for.

    Raises
    ------
    UsageError
        If Ray is asked for and not installed.
    """
    if engine.name == "ray":
        from audit.batch.ray_engine import RayPool  # with Ray a second, and not everybody has it

        return RayPool(make_auditor, n_workers, limits, engine)
    return WorkerPool(make_auditor, n_workers, limits) if n_workers else InProcess(make_auditor)
