"""Released versions of a scorecard: listed with their hash in ``releases.yml``, and never changed after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from audit.errors import ScorecardError
from audit.evaluation.language import Scorecard
from audit.evaluation.yamlfile import read_yaml

RELEASES_FILE = "releases.yml"
_HEAD = "# Released versions. A version listed here never changes: raise the scorecard's version instead.\nreleases:\n"


@dataclass(frozen=True, slots=True)
class Release:
    """One line of ``releases.yml``; `at` is ``file:line:column``."""

    version: str
    sha256: str
    day: str
    at: str


def read_releases(folder: Path) -> tuple[Release, ...]:
    """What a scorecard's folder lists; ``()`` where it has released nothing.

    Raises
    ------
    ScorecardError
        If the list cannot be read.
    """
    path = folder / RELEASES_FILE
    if not path.is_file():
        return ()
    file = read_yaml(path)
    if file.faults:
        raise ScorecardError(file.faults)
    listed = file.data.get("releases") if isinstance(file.data, dict) else None
    if not isinstance(listed, list):
        raise ScorecardError(f"{path}:1:1: not a list of releases")
    found, faults = [], []
    for i, item in enumerate(listed):
        if isinstance(item, dict) and {"version", "sha256", "date"} <= set(item):
            version, sha256, day = (str(item[k]) for k in ("version", "sha256", "date"))
            found.append(Release(version, sha256, day, file.at(("releases", i))))
        else:
            faults.append(f"{file.at(('releases', i))}: a release needs version, sha256 and date")
    if faults:
        raise ScorecardError(faults)
    return tuple(found)


def release_faults(scorecard: Scorecard, releases: Sequence[Release]) -> Iterator[str]:
    """Versions listed twice, and the scorecard's own if its rules are not those that were released."""
    seen: set[str] = set()
    for release in releases:
        if release.version in seen:
            yield f"{release.at}: version {release.version} is listed twice"
        seen.add(release.version)
        if release.version == scorecard.version and release.sha256 != scorecard.sha256:
            yield (
                f"{release.at}: version {release.version} of {scorecard.id} was released on {release.day} with the hash "
                f"{release.sha256[:12]}, its rules now have {scorecard.sha256[:12]}: raise the version in scorecard.yml"
            )


def release(scorecard: Scorecard, day: date) -> bool:
    """List the scorecard's version with its hash; False where it stands there already.

    Raises
    ------
    ScorecardError
        If the version was released with other rules.
    """
    releases = read_releases(scorecard.folder)
    faults = tuple(release_faults(scorecard, releases))
    if faults:
        raise ScorecardError(faults, hint="a released version never changes")
    if any(r.version == scorecard.version for r in releases):
        return False
    path = scorecard.folder / RELEASES_FILE
    text = path.read_text("utf-8") if path.is_file() else _HEAD
    line = f'  - {{version: "{scorecard.version}", sha256: {scorecard.sha256}, date: {day.isoformat()}}}\n'
    path.write_text(text.rstrip("\n") + "\n" + line, "utf-8")
    return True
