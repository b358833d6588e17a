"""Typed pages to HTML text: self-contained, with no address of anything outside the file."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket, BytecodeCache
from markupsafe import Markup

from audit.report.context import IndexPage, ScorecardPage, TeamPage
from audit.report.messages import Messages
from audit.report.picture import Picture, number
from audit.report.review_kit import review_words
from audit.report.sheet_context import CallSheet

_TEMPLATES = Path(__file__).parent / "templates"


def render_scorecard(page: ScorecardPage, messages: Messages) -> str:
    """The page a supervisor opens."""
    return _render("scorecard.html", page, messages)


def render_index(page: IndexPage, messages: Messages) -> str:
    """The overview of a batch."""
    return _render("index.html", page, messages)


def render_team(page: TeamPage, messages: Messages) -> str:
    """A team, or everybody."""
    return _render("team.html", page, messages)


def render_call(page: CallSheet, messages: Messages) -> str:
    """A single call, to be listened to."""
    return _render("sheet.html", page, messages, script="sheet.js")


def render_timeline(picture: Picture) -> str:
    """A picture as an SVG file, which may also stand inside a page."""
    return _environment().get_template("timeline.svg").render(p=picture, style=_shipped("timeline.css"))


@cache
def _environment() -> Environment:
    """Autoescape is on for every template; an unknown name is an error, not an empty string."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_CompiledBeside(),
    )
    environment.filters |= {"pixels": number, "seconds": lambda s: f"{s:.3f}".rstrip("0").rstrip(".")}
    return environment


class _CompiledBeside(BytecodeCache):
    """Templates compiled once, as modules are, and where their bytecode lies; compiling them takes a fifth of a second.

    What was compiled from another text, or by another Python, is compiled again. Where nothing can be written, every time.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read it, if it is there."""
        with suppress(OSError, EOFError, ValueError, TypeError), self._path(bucket).open("rb") as f:
            bucket.load_bytecode(f)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write it in one step, unless Python was told to write none."""
        if sys.dont_write_bytecode:
            return
        path = self._path(bucket)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as f:
                bucket.write_bytecode(f)
            Path(part).replace(path)

    @staticmethod
    def _path(bucket: Bucket) -> Path:
        return Path(cache_from_source(str(_TEMPLATES / f"{bucket.key}.py")))


@cache
def _shipped(name: str) -> Markup:
    """A stylesheet or script that ships with the templates; these are the only texts put in unescaped."""
    return Markup((_TEMPLATES / name).read_text("utf-8").strip())


@cache
def _policy(script: str) -> str:
    """What the browser may load: nothing from outside, sound from the page itself, and our own scripts by their hashes."""
    scripts = " ".join(f"'sha256-{_hash(name)}'" for name in (script, "review.js"))
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; script-src {scripts}"


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(_shipped(script).encode("utf-8")).digest()).decode("ascii")


@cache
def templates_sha256() -> str:
    """Hash of all that ships with the templates: pages made from others are made anew."""
    digest = hashlib.sha256()
    for path in sorted(p for p in _TEMPLATES.iterdir() if p.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _render(
    template: str, page: ScorecardPage | IndexPage | TeamPage | CallSheet, messages: Messages, *, script: str = "player.js"
) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            page=page,
            t=messages,
            policy=_policy(script),
            style=_shipped("style.css"),
            script=_shipped(script),
            review_style=_shipped("review.css"),
            review_script=_shipped("review.js"),
            review_words=review_words,
        )
    )
