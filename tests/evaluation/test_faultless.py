"""A pack without fault is not checked again; any change of it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audit.errors import ScorecardError
from audit.evaluation import faultless, faults, load_scorecard
from audit.resources import CACHE_ENV, resource_dir


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a shipped pack, and a cache that nothing was kept in yet."""
    monkeypatch.setenv(CACHE_ENV, str(tmp_path / "cache"))
    return Path(shutil.copytree(resource_dir("rules") / "en-service", tmp_path / "pack"))


def test_a_pack_without_fault_is_checked_once_and_comes_out_the_same(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_scorecard(pack)
    monkeypatch.delattr(faults, "pack_faults")
    assert load_scorecard(pack) == first


@pytest.mark.parametrize("what", ["a rule", "cases", "the scorecard", "signs", "cases of signs", "a file more", "a file less"])
def test_a_pack_that_changed_is_checked_again(pack: Path, what: str) -> None:
    load_scorecard(pack)
    rule = next(p for p in sorted(pack.glob("*/*.yml")) if not p.name.endswith(".cases.yml"))
    cases = rule.with_name(rule.stem + ".cases.yml")
    if what == "a file less":
        cases.unlink()
    elif what == "a file more":
        (rule.parent / "another.yml").write_text("id: another\n", "utf-8")
    else:
        paths = {"a rule": rule, "cases": cases, "the scorecard": pack / "scorecard.yml"}
        changed = (paths | {"signs": pack / "signs.yml", "cases of signs": pack / "signs.cases.yml"})[what]
        changed.write_text(changed.read_text("utf-8") + "nonsense: 1\n", "utf-8")
    with pytest.raises(ScorecardError):
        load_scorecard(pack)
    with pytest.raises(ScorecardError):  # what has faults is not remembered
        load_scorecard(pack)


def test_where_the_cache_cannot_be_written_packs_are_checked_each_time(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv(CACHE_ENV, str(tmp_path / "file"))
    assert load_scorecard(pack) == load_scorecard(pack)


def test_the_packs_looked_at_longest_ago_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_ENV, str(tmp_path))
    monkeypatch.setattr(faultless, "MOST_KEPT", 3)
    for i in range(5):
        faultless.remember(f"{i:064}")
    kept = [i for i in range(5) if faultless.is_known(f"{i:064}")]
    assert len(kept) == 3 and 4 in kept
