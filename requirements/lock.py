"""Pin every dependency with hashes: requirements/runtime.txt and requirements/dev.txt.

Reads pyproject.toml and asks whatever package index pip is configured for; writes
no index address. Run through ``make lock``, or ``python requirements/lock.py --upgrade``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUIET = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-header", "--no-annotate")


def compile_lock(wanted: list[str], target: Path, *, within: Path | None, extra: list[str]) -> None:
    """Resolve `wanted` into `target`, keeping what `within` already pins."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "wanted.in"
        lines = [*wanted, *([f"-c {within}"] if within else [])]
        source.write_text("\n".join(lines) + "\n", "utf8")
        command = [
            sys.executable,
            "-m",
            "piptools",
            "compile",
            "--quiet",
            "--generate-hashes",
            "--allow-unsafe",
            "--strip-extras",
        ]
        subprocess.run([*command, *QUIET, *extra, "-o", str(target), str(source)], check=True)


def main() -> None:
    """Lock the runtime first, then the tools within it."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf8"))
    groups = project["dependency-groups"]
    runtime = [*project["project"]["dependencies"], *groups["build"]]
    compile_lock(runtime, HERE / "runtime.txt", within=None, extra=sys.argv[1:])
    compile_lock([*runtime, *groups["dev"]], HERE / "dev.txt", within=HERE / "runtime.txt", extra=sys.argv[1:])


if __name__ == "__main__":
    main()
