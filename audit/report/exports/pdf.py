"""Scorecards and team pages as PDF, printed by a browser that is on this machine.

A browser draws a page as its reader sees it on a screen: the pictures' colours come from the page's style sheet, which
print engines without a browser do not look up within a picture (docs/decisions/030-exports.md).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from audit.errors import AuditError, UsageError
from audit.report.files import folder_in
from audit.report.messages import Messages

#: Names a browser of the Chromium family has, the plainest first.
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge-stable")
#: Names another one, or the same elsewhere.
BROWSER_ENV = "CALLAUDIT_BROWSER"
#: For one page; the longest took 20 s on a busy machine.
PRINT_TIMEOUT_S = 180.0
#: Calls that a printed scorecard shows in full; each takes three or four sheets.
MAX_CALLS_ON_PAPER = 4
#: The browser opens nothing but the page, and asks no server for news of itself.
_FLAGS = (
    "--headless", "--disable-gpu", "--no-pdf-header-footer", "--no-first-run", "--no-default-browser-check",
    "--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-dev-shm-usage", "--mute-audio",
)  # fmt: skip
_AUDIO = re.compile(r'src="data:audio/[^"]*"')
_SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_GENERATED = re.compile(r"<footer>(.*?)</footer>", re.DOTALL)
_PERIOD = re.compile(r'<p class="sub">(.*?)</p>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that prints.

    Attributes
    ----------
    path : str
        Of its program.
    """

    path: str

    def print_page(self, page: Path, target: Path, name: str) -> None:
        """Print a page into a file; `name` is what errors call it.

        Raises
        ------
        AuditError
            If no PDF comes of it.
        """
        with tempfile.TemporaryDirectory(prefix=".browser-", dir=target.parent) as profile:
            command = [self.path, *_FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={target}", page.absolute().as_uri()]
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                command.insert(1, "--no-sandbox")  # a browser of the family refuses to start its sandbox for root
            try:
                said = _run(command)
            except subprocess.TimeoutExpired as e:
                raise AuditError(
                    f"{self.path} took longer than {PRINT_TIMEOUT_S:g} s to print {name}",
                    hint="print fewer agents at once: --agent, --jobs 1; or print the HTML page from a browser",
                ) from e
        if not _is_whole(target):
            last = next((line for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
            raise AuditError(
                f"{self.path} printed nothing of {name}: {last}",
                hint=f"try {self.path} --headless --print-to-pdf by hand, or name another browser with {BROWSER_ENV}",
            )


def find_browser(environ: Mapping[str, str] = os.environ) -> Browser:
    """The browser that prints.

    Raises
    ------
    UsageError
        If there is none, with the next step.
    """
    named = environ.get(BROWSER_ENV)
    if named:
        if found := shutil.which(named):
            return Browser(found)
        raise UsageError(f"{BROWSER_ENV}={named}: no such program", hint="name the program of a Chromium or Chrome")
    for name in BROWSERS:
        if found := shutil.which(name, path=environ.get("PATH")):
            return Browser(found)
    raise UsageError(
        "--format pdf needs Chromium or Chrome, and none is on this machine",
        hint=f"apt install chromium, or name the program in {BROWSER_ENV}; pages in HTML print from any browser",
    )


def lacks_chinese_font() -> bool:
    """Whether this machine says that it has no font with Chinese: boxes would be printed instead. False where it cannot say."""
    asker = shutil.which("fc-list")
    if asker is None:
        return False
    found = subprocess.run([asker, ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return found.returncode == 0 and not found.stdout.strip()


def print_pages(pages: Mapping[Path, Path], browser: Browser, messages: Messages, *, n_at_once: int = 1) -> tuple[Path, ...]:
    """Print HTML pages of a report as PDF.

    Each PDF is made beside its place and moved into it when it is whole.

    Parameters
    ----------
    pages : mapping of Path to Path
        A page and where its PDF goes.
    browser : Browser
    messages : Messages
    n_at_once : int, default 1
        Browsers that run at the same time.

    Returns
    -------
    tuple of Path
        The PDFs, in order.

    Raises
    ------
    AuditError
        If the browser prints nothing; PDFs that stood there stay.
    OSError
        If a file cannot be read or written.
    """

    def one(pair: tuple[Path, Path]) -> Path:
        page, target = pair
        target.parent.mkdir(parents=True, exist_ok=True)
        with folder_in(target.parent, "print") as folder:
            source, made = folder / "page.html", folder / "page.pdf"
            source.write_text(for_paper(page.read_text("utf-8"), messages), "utf-8")
            browser.print_page(source, made, page.name)
            os.replace(made, target)  # noqa: PTH105
        return target

    with ThreadPoolExecutor(n_at_once) as pool:
        return tuple(pool.map(one, pages.items()))


def for_paper(page: str, messages: Messages) -> str:
    """A page of a report as it is printed: without sound, with a line above and below each sheet.

    Of a scorecard with more than `MAX_CALLS_ON_PAPER` calls in full these stay on the screen, and the sheet says so.
    """
    style = Path(__file__).with_name("paper.css").read_text("utf-8")
    title, period = _said(_TITLE, page), _said(_PERIOD, page)
    style += _margins(title, period, _said(_GENERATED, page))
    if page.count('<article class="call') + page.count('<section class="call"') > MAX_CALLS_ON_PAPER:
        style += f".call{{display:none}}#calls::after{{content:{css_text(messages('exports.calls_on_screen'))};display:block}}"
    silent = _SCRIPT.sub("", _AUDIO.sub("", page))
    return silent.replace("</head>", f"<style>{style}</style></head>", 1)


def _said(where: re.Pattern[str], page: str) -> str:
    found = where.search(page)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", found[1])).split()) if found else ""


def _margins(title: str, period: str, generated: str) -> str:
    """What stands around each sheet; browsers before Chromium 131 leave it out and print all the same."""
    font = 'font:7.5pt "Noto Sans CJK SC","Noto Sans SC",Arial,sans-serif;color:#444'
    boxes = (
        ("top-left", css_text(title)),
        ("top-right", css_text(period)),
        ("bottom-left", css_text(generated)),
        ("bottom-right", 'counter(page) " / " counter(pages)'),
    )
    inside = "".join(f"@{place}{{content:{content};{font}}}" for place, content in boxes)
    return f"@page{{size:A4;margin:17mm 13mm 15mm;{inside}}}@page wide{{size:A4 landscape}}"


def css_text(text: str) -> str:
    """A text as CSS writes one, safe also within a ``<style>`` element.

    Examples
    --------
    >>> css_text('A "b" </style> 林')
    '"A \\\\22 b\\\\22  \\\\3c \\\\2f style\\\\3e  林"'
    """
    return '"' + "".join(c if c.isalnum() or c in " .,-–·:()（）" else f"\\{ord(c):x} " for c in text) + '"'


def _run(command: Sequence[str]) -> str:
    """Run a browser and give what it said; one that does not end is ended, with all that it started."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            process.wait(PRINT_TIMEOUT_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        said.seek(0)
        return said.read().decode("utf-8", "replace")


def _is_whole(path: Path) -> bool:
    """Whether a file is a PDF from its first to its last line."""
    if not path.is_file():
        return False
    raw = path.read_bytes()
    return raw.startswith(b"%PDF-") and b"%%EOF" in raw[-1024:]
