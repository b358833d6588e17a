"""Compile the part of audit.evaluation that runs for every call, with mypyc: `make compiled`.

Needs the packages of dev.txt and a C compiler. What comes out lies in audit/evaluation/__compiled__/, beside a list of the
sources it was made from; audit.evaluation.compiled says when it is used. docs/decisions/032-mypyc.md has the reasons.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["CALLAUDIT_COMPILED"] = "0"

from audit.evaluation.compiled import LIST, sources_sha256  # noqa: E402

_AS_THEY_ARE = "rules run as they are, and take a third longer"
PACKAGE = ROOT / "audit" / "evaluation"
TARGET = PACKAGE / "__compiled__"
#: Frozen values of the rule language, what reads and explains rule files, and what is seldom run: they stay as they are.
NOT_COMPILED = frozenset(
    {
        "__init__", "asked", "cases", "compiled", "conditions", "explain", "flow", "impossible", "language", "matching",
        "meaning", "needs", "pack", "releases", "reviewed", "scopes", "spotted", "standard", "template", "told",
        "wordings", "yamlfile",
    }
)  # fmt: skip

_SETUP = """
from mypyc.build import mypycify
from setuptools import setup
made = mypycify({arguments!r}, opt_level="2", debug_level="0", multi_file=True, target_dir={c!r})
setup(name="evaluation", packages=[], ext_modules=made)
"""


def modules() -> list[Path]:
    """The sources to compile."""
    found = [p for p in sorted(PACKAGE.rglob("*.py")) if "__" not in p.parent.name]
    return [p for p in found if p.stem not in NOT_COMPILED or (p.parent != PACKAGE and p.stem != "__init__")]


def what_is_missing() -> str:
    """What compiling needs and this machine lacks; empty where nothing is."""
    compiler = os.environ.get("CC", "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"no C compiler ({compiler})"
    header = Path(sysconfig.get_path("include"), "Python.h")
    return "" if header.is_file() else f"no {header}"


def is_done() -> bool:
    """Whether these very sources are compiled."""
    listed = TARGET / LIST
    return listed.is_file() and json.loads(listed.read_text("utf8"))["sources_sha256"] == sources_sha256()


def main() -> int:
    """Compile all or nothing, and only what has changed; 0 also where this machine cannot, which is said."""
    missing = what_is_missing()
    if missing:
        print(f"{missing}: {_AS_THEY_ARE}")
        return 0
    if is_done():
        return 0
    print("compiling audit.evaluation (a minute or two) ...")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "mypy.ini").write_text("[mypy]\nignore_missing_imports = True\nfollow_untyped_imports = False\n", "utf8")
        sources = [str(p.relative_to(ROOT)) for p in modules()]
        arguments = [*sources, "--config-file", str(work / "mypy.ini"), "--cache-dir", str(work / "cache")]
        (work / "setup.py").write_text(_SETUP.format(arguments=arguments, c=str(work / "c")), "utf8")
        command = [sys.executable, str(work / "setup.py"), "--quiet", "build_ext", "--build-lib", str(work / "lib")]
        done = subprocess.run([*command, "--build-temp", str(work / "temp")], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            print(
                f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}\nnot compiled: rules run as they are, a third to a half slower"
            )
            return 1
        keep(work / "lib")
    return 0


def keep(built: Path) -> None:
    """Put the libraries in their place; the list of their sources, which makes them count, last."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir()
    names = {}
    for library in sorted(built.rglob("*.so")):
        name = ".".join(library.relative_to(built).with_name(library.name.split(".")[0]).parts)
        names[name] = library.name if "." not in name else f"{name}{library.name[len(library.name.split('.')[0]) :]}"
        shutil.copy2(library, TARGET / names[name])
    (TARGET / LIST).write_text(json.dumps({"sources_sha256": sources_sha256(), "modules": names}, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    sys.exit(main())
