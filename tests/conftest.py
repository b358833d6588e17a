"""What every test may use: where the measuring data lies, and whether the speech model is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: What is tested is the sources, also where they have been compiled: `CALLAUDIT_COMPILED=1 pytest tests/evaluation` tests both.
os.environ.setdefault("CALLAUDIT_COMPILED", "0")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The measuring recordings and tools, or a skip that says how to name them."""
    path = Path(os.environ.get("CALLAUDIT_SHARED") or ROOT / "../shared").resolve()
    if not (path / "data").is_dir() or not (path / "bench").is_dir():
        pytest.skip(f"no measuring data at {path}: set CALLAUDIT_SHARED to a folder that holds data/ and bench/")
    return path


@pytest.fixture(scope="session")
def samples_dir() -> Path:
    """The sample calls that ship with callaudit."""
    return ROOT / "samples"


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The default speech model, or a skip with the command that installs it."""
    from audit.transcript.models import installed_dir

    found = installed_dir("base")
    if found is None:
        pytest.skip("the default speech model is not installed: run callaudit models install base")
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the marks follow from the fixtures, so that none is forgotten."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "shared_dir" in names:
            item.add_marker(pytest.mark.shared)
        if "model_dir" in names:
            item.add_marker(pytest.mark.model)
