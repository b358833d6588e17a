"""What the commands of ``callaudit rules`` share: packs and calls read, verdicts and evidence printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.errors import ScorecardError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from audit.evaluation import Scorecard
    from audit.records import CallRecord, Evidence
    from audit.storage import Store
    from audit.verdicts import Verdict

_COLOURS = {"pass": "green", "fail": "red", "not_applicable": "dim", "not_evaluable": "yellow"}
_CALL_HINT = "give a file of calls/ in the output folder"


def make_console() -> Console:
    """Standard output without wrapping, so that a line stays a line in a pipe."""
    from rich.console import Console

    return Console(soft_wrap=True, highlight=False)


def load_all(names: tuple[str, ...]) -> list[Scorecard]:
    """The scorecards named, or all that are shipped; every fault of all of them in one error."""
    from audit.evaluation import load_scorecard, shipped_scorecards

    loaded: list[Scorecard] = []
    faults: list[str] = []
    hint: str | None = None
    for name in names or shipped_scorecards():
        try:
            loaded.append(load_scorecard(name))
        except ScorecardError as e:
            faults += e.faults
            hint = e.hint
    if faults:
        raise ScorecardError(faults, hint=hint)
    return loaded


def coloured(verdict: Verdict) -> str:
    """A verdict in its colour."""
    return f"[{_COLOURS[verdict]}]{verdict}[/]"


def print_evidence(console: Console, evidence: tuple[Evidence, ...], pad: str) -> None:
    """Each place to listen to, on a line of its own."""
    from rich.markup import escape

    for e in evidence:
        sure = f"  confidence {e.confidence:.2f}" if e.confidence is not None else ""
        paid = f"  cost {e.cost:.2f}" if e.cost is not None else ""
        heard = f"  heard “{e.heard}”" if e.heard and e.heard != e.text else ""
        polite = f"  → {e.suggestion}" if e.suggestion else ""
        where = f"{pad}{e.start_s:.2f}–{e.end_s:.2f} s {e.role} {e.match}: "
        console.print(where + escape(f"“{e.text}”{heard}{paid}{sure}{polite}"))


def read_call(path: Path) -> tuple[CallRecord, str | None]:
    """The record in a call's file, and the scorecard it was judged by."""
    from audit.contract import record_from_json

    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as e:
        raise UsageError(f"{path}: cannot read the call: {e.strerror}", hint=_CALL_HINT) from e
    except ValueError as e:
        raise UsageError(f"{path}: not a JSON file: {e}", hint=_CALL_HINT) from e
    if not isinstance(data, dict):
        raise UsageError(f"{path}: not a call", hint=_CALL_HINT)
    evaluation = data.get("evaluation") or {}
    try:
        return record_from_json(data), evaluation.get("scorecard")
    except (ValueError, KeyError, TypeError) as e:
        raise UsageError(f"{path}: not a call that callaudit wrote: {e}", hint=_CALL_HINT) from e


def default_scorecard(record: CallRecord) -> str:
    """The shipped scorecard of the call's language."""
    language = record.transcript.language if record.transcript else "zh"
    return f"{language}-service"


def store_on(where: str) -> Store:
    """The store of ``--on``: the folder of an earlier run, or a database's URL."""
    from audit.cli.options import existing_store

    return existing_store(None, where) if "://" in where else existing_store(Path(where), None)


class Watched:
    """A bar over the calls of a store, on standard error of a terminal only; a context manager."""

    def __init__(self) -> None:
        from audit.cli.progress import CountedProgress

        self._shown = CountedProgress()
        self._begun = False

    def __enter__(self) -> Watched:
        self._shown.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.__exit__()

    def __call__(self, n_done: int, n_calls: int) -> None:
        """So many of so many are done."""
        if not self._begun:
            self._shown.started(n_calls=n_calls)
            self._begun = True
        self._shown.advanced(n_done)


on_option = click.option(
    "--on", "where", required=True, metavar="DIR|URL", help="Folder of an earlier run, or the URL of its database."
)
