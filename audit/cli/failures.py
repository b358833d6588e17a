"""``callaudit failures``: what could not be audited, why, and once more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import existing_store, lang_option
from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.storage import Store


@click.command(short_help="List what could not be audited and why; try it again.")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--store", "store_url", metavar="URL", help="Database, instead of the one in DIR.")
@click.option("--retry", is_flag=True, help="Give the last run's command again, given-up recordings included.")
@lang_option
def failures(folder: Path | None, store_url: str | None, retry: bool, lang: str) -> None:
    """List the recordings that could not be audited, each with its reason and the next step.

    A failed recording is tried again by every run. One that took its worker process down three times
    is left alone until its file changes, or until --retry.

    \b
    Examples:
      callaudit failures audit/
      callaudit failures audit/ --retry
      callaudit failures --store postgresql+psycopg://audit@db/callaudit
    """
    from rich.console import Console
    from rich.markup import escape

    console = Console(soft_wrap=True, highlight=False)
    with existing_store(folder, store_url) as store:
        found = store.failures()
        for f in found:
            colour = "red" if f.severity == "failure" else "yellow"
            console.print(f"[{colour}]{escape(f.call_id or f.path)}[/]  {escape(f.path)}")
            console.print(f"  {escape(f.stage)}: {escape(f.reason)}")
            if f.next_step:
                console.print(f"  → {escape(f.next_step)}")
        n = sum(f.severity == "failure" for f in found)
        n_warnings = len(found) - n
        if lang == "zh":
            console.print(f"{n} 个录音不能审核，另有 {n_warnings} 条提示")
        else:
            console.print(f"{n} recording{'' if n == 1 else 's'} could not be audited, {n_warnings} warnings")
        command = _last_command(store) if retry and n else None
    if command is not None:
        _again(*command)


def _last_command(store: Store) -> tuple[list[str], Path]:
    """The last run's command line, and the folder it was given in."""
    last = store.last_command()
    argv = list(last[1].get("argv", ())) if last else []
    if last is None or not argv or argv[0] not in ("run", "measure"):
        raise UsageError(
            "the store does not know the command of its last run", hint="give that command again with --retry yourself"
        )
    return argv, Path(last[1].get("folder", "."))


def _again(argv: list[str], folder: Path) -> None:
    """Give a command again, where it was given."""
    from audit.cli import cli

    try:
        os.chdir(folder)
    except OSError as e:
        raise UsageError(
            f"{folder}: the last run was started in this folder: {e.strerror}", hint="give its command again"
        ) from e
    again = argv if "--retry" in argv else [*argv, "--retry"]
    click.echo(f"callaudit {' '.join(again)}", err=True)
    cli.main(args=again, prog_name="callaudit", standalone_mode=False)
