"""The command ``callaudit``: one file per noun, each imported only when its command is called."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from audit import __version__
from audit.errors import AuditError, UsageError


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command lies, and what ``callaudit --help`` says of it without importing it."""

    module: str
    attribute: str
    summary: str


COMMANDS: Mapping[str, LazyCommand] = {
    "run": LazyCommand("audit.cli.run", "run", "Audit recordings: measure, transcribe, score, write the scorecards."),
    "measure": LazyCommand("audit.cli.run", "measure", "The same without speech recognition: timing and acoustics only."),
    "nightly": LazyCommand("audit.cli.nightly", "nightly", "One night over the archive: window, order, summary, retention."),
    "timeline": LazyCommand("audit.cli.timeline", "timeline", "Draw one call: who speaks when, rings, holds, dead air, pitch."),
    "transcribe": LazyCommand(
        "audit.cli.transcribe", "transcribe", "Print what was said: two columns, or SRT, WebVTT, JSON, vCon."
    ),
    "rescore": LazyCommand("audit.cli.rescore", "rescore", "Hold calls already stored against a scorecard again."),
    "followups": LazyCommand(
        "audit.cli.followups", "followups", "Across calls: redials, repeat contacts, complaints, promised call-backs."
    ),
    "failures": LazyCommand("audit.cli.failures", "failures", "List what could not be audited and why; try it again."),
    "report": LazyCommand("audit.cli.report", "report", "Write scorecards and team pages of a period from the store."),
    "review": LazyCommand(
        "audit.cli.review", "review", "Take in what QA decided on verdicts; how often they overrule the tool."
    ),
    "rules": LazyCommand("audit.cli.rules", "rules", "Write, check, test, explain, try and release rule packs."),
    "models": LazyCommand("audit.cli.models", "models", "List, install and verify speech models."),
    "doctor": LazyCommand("audit.cli.doctor", "doctor", "What is installed, what is missing and how to get it."),
    "demo": LazyCommand("audit.cli.demo", "demo", "Audit the sample calls and say which page to open."),
}


class ToolFailure(click.ClickException):
    """The tool itself failed: exit code 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the message and its next step on standard error."""
        click.echo(f"callaudit: {self.message}", file=file, err=True)


class WrongUsage(ToolFailure):
    """Options or files that the user can put right: exit code 2."""

    exit_code = 2


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and turns errors into a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a first reading."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command asked for."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        command = getattr(import_module(where.module), where.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{where.module}.{where.attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, where.summary) for name, where in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Offer the nearest command for a misspelt one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(COMMANDS)}"
            raise click.UsageError(f"no such command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; no error leaves without a message that says what to do."""
        try:
            return super().invoke(ctx)
        except UsageError as e:
            if ctx.params.get("debug"):
                traceback.print_exc()
            raise WrongUsage(str(e)) from e
        except AuditError as e:
            if ctx.params.get("debug"):
                traceback.print_exc()
            raise ToolFailure(str(e)) from e
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as e:
            if ctx.params.get("debug"):
                raise
            first = str(e).strip().splitlines()[:1]
            what = f"{type(e).__name__}: {first[0]}" if first else type(e).__name__
            raise ToolFailure(
                f"unexpected error: {what}\n  next: repeat it as 'callaudit --debug ...' to see where, and report that"
            ) from e


def default_lang() -> str:
    """Interface language of this environment: "zh" or "en" ("en" where none is set)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 the tool failed, 2 wrong usage, 3 --fail-on was met, 4 some recordings could not be audited.",
)
@click.version_option(__version__, prog_name="callaudit")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def cli(debug: bool) -> None:
    """Audit recorded calls offline: exact timing, transcripts, rules, scorecards that point at the second.

    \b
    callaudit demo
    callaudit run recordings/ --cdr cdr.csv --out audit/
    """


def main(args: list[str] | None = None) -> None:
    """Entry point of the command ``callaudit``; ends the process with the exit code of docs/exit-codes.md."""
    gc.set_threshold(20_000)  # most of what is made while libraries load stays: looking through it 700 at a time takes 5 %
    for stream in (sys.stdout, sys.stderr):  # a C locale must not make a Chinese name an error
        if hasattr(stream, "reconfigure") and (stream.encoding or "").lower() not in ("utf-8", "utf8"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        cli.main(args=args, prog_name="callaudit")
    finally:
        gc.freeze()  # else Python looks through all that was loaded, for garbage, before it ends
