"""What a night is to do: a YAML file with one key for each thing, every fault named.

::

    recordings: [/srv/recordings]          # the only keys that must be there
    out: /srv/audit
    cdr: /srv/cdr/today.csv
    profile: profile.yml
    scorecard: zh-service
    store: postgresql+psycopg://audit@db/callaudit
    jobs: 4
    engine: ray                            # processes of this machine, unless it says so
    address: auto                          # of the Ray cluster
    device: cpu                            # cuda: the speech model on a GPU
    window: "22:00-06:00"                  # no call is begun after its end; local time of the profile
    order: riskiest                        # newest, oldest, riskiest (agents with the lowest scores first)
    max_load: 8.0                          # no call is begun while the machine's load is above
    nice: 10
    lang: zh
    mail: {to: [qa@example.com], sender: audit@example.com, server: mail.example.com, port: 25}
    webhook: https://chat.example.com/hooks/audit
    metrics_file: /var/lib/node_exporter/callaudit.prom
    metrics_port: 9464
    log_file: /var/log/callaudit/nightly.jsonl
    retention: {audio_days: 90, archive: /mnt/archive, transcripts_days: 365}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from audit.archive import ObjectPath, is_url
from audit.errors import UsageError

Order = Literal["newest", "oldest", "riskiest"]
_WINDOW = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Mail:
    """Who gets the summary, and through which server.

    Attributes
    ----------
    tls : {"none", "starttls", "tls"}
    user : str or None
        The password is read from the environment, ``CALLAUDIT_MAIL_PASSWORD``; it never stands in a file.
    """

    to: tuple[str, ...]
    sender: str
    server: str = "localhost"
    port: int = 25
    tls: Literal["none", "starttls", "tls"] = "none"
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept; None keeps it for ever.

    Attributes
    ----------
    audio_days : int or None
        Recordings of audited calls; they are moved to `archive` where that is given, else deleted.
    transcripts_days : int or None
        Words of calls: transcripts, and what verdicts quote of them. Scores and times stay.
    archive : Path or None
    """

    audio_days: int | None = None
    transcripts_days: int | None = None
    archive: Path | None = None


@dataclass(frozen=True, slots=True)
class NightlyConfig:
    """What a night is to do.

    Attributes
    ----------
    recordings : tuple of Path
        Folders or files.
    out : Path
    window : tuple of (int, int) or None
        Minutes of the day from and to which calls may be begun; it may pass midnight.
    max_load : float or None
        Load average over one minute.
    metrics_port : int or None
        Where the metrics are served while the night lasts.
    address : str
        Of the Ray cluster, where `engine` is "ray".
    """

    recordings: tuple[Path, ...]
    out: Path
    cdr: Path | None = None
    profile: Path | None = None
    scorecard: str | None = None
    model: str | None = None
    store: str | None = None
    jobs: int | None = None
    window: tuple[int, int] | None = None
    order: Order = "newest"
    max_load: float | None = None
    nice: int = 0
    lang: Literal["zh", "en"] = "en"
    mail: Mail | None = None
    webhook: str | None = None
    metrics_file: Path | None = None
    metrics_port: int | None = None
    log_file: Path | None = None
    retention: Retention = field(default_factory=Retention)
    engine: Literal["processes", "ray"] = "processes"
    address: str = "auto"
    device: Literal["cpu", "cuda", "auto"] = "cpu"


def load_config(path: Path) -> NightlyConfig:
    """Read the file of a night.

    Parameters
    ----------
    path : Path
        Paths in it that are not absolute start at its folder.

    Raises
    ------
    UsageError
        With every fault found.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError as e:
        raise UsageError(f"{path}: cannot be read: {e.strerror}", hint="callaudit nightly --help shows an example") from e
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise UsageError(f"{path}: not YAML in UTF-8: {e}", hint="callaudit nightly --help shows an example") from e
    if not isinstance(data, dict):
        raise UsageError(f"{path}: holds no keys", hint="callaudit nightly --help shows an example")
    faults: list[str] = []
    found = _read(path, data, faults)
    if faults or found is None:
        raise UsageError("\n".join(f"{path}: {f}" for f in faults), hint="callaudit nightly --help shows an example")
    return found


def _read(path: Path, data: Mapping[str, Any], faults: list[str]) -> NightlyConfig | None:
    """Turn the keys into a configuration, noting every fault."""
    values = _known(NightlyConfig, data, faults, "")
    faults += [f"the key {name} is missing" for name in ("recordings", "out") if name not in values]
    base = path.absolute().parent
    for name in ("out", "cdr", "profile", "metrics_file", "log_file"):
        if values.get(name) is not None:
            values[name] = _path(values[name], base, name, faults)
    listed = values.get("recordings")
    items = listed if isinstance(listed, list) else [listed]
    values["recordings"] = tuple(_path(p, base, "recordings", faults) for p in items)
    if values.get("window") is not None:
        values["window"] = _window(values["window"], faults)
    named = {"order": get_args(Order), "lang": ("zh", "en"), "engine": ("processes", "ray"), "device": ("cpu", "cuda", "auto")}
    for name, choices in named.items():
        if name in values and values[name] not in choices:
            faults.append(f"{name}: {values[name]!r} is none of {', '.join(choices)}")
    for name, least in (("jobs", 0), ("metrics_port", 1), ("nice", 0)):
        if values.get(name) is not None and not _is_int(values[name], least):
            faults.append(f"{name}: {values[name]!r} is no whole number from {least} up")
    if not isinstance(values.get("address", ""), str):
        faults.append(f"address: {values['address']!r} is no address")
    if values.get("max_load") is not None and not isinstance(values["max_load"], int | float):
        faults.append(f"max_load: {values['max_load']!r} is no number")
    if "mail" in values:
        values["mail"] = _mail(values["mail"], faults)
    if "retention" in values:
        values["retention"] = _retention(values["retention"], base, faults)
    return None if faults else NightlyConfig(**values)


def _known(kind: type, data: Mapping[str, Any], faults: list[str], prefix: str) -> dict[str, Any]:
    """The keys that there are; unknown ones are faults, with the nearest that is known."""
    from rapidfuzz import process

    names = [f.name for f in fields(kind)]
    for key in data:
        if key not in names:
            near = process.extractOne(str(key), names, score_cutoff=60)
            faults.append(f"unknown key {prefix}{key}" + (f"; did you mean {near[0]}?" if near else ""))
    return {k: v for k, v in data.items() if k in names}


def _is_int(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _path(value: object, base: Path, name: str, faults: list[str]) -> Path:
    if not isinstance(value, str) or not value:
        faults.append(f"{name}: {value!r} is no path")
        return base
    if is_url(value) and name in ("recordings", "cdr"):
        return ObjectPath(value.rstrip("/"))
    return base / Path(value).expanduser()


def _window(value: object, faults: list[str]) -> tuple[int, int] | None:
    found = _WINDOW.fullmatch(str(value).replace(" ", ""))
    times = [int(n) for n in found.groups()] if found else []
    if not times or times[0] > 23 or times[2] > 23 or times[1] > 59 or times[3] > 59:
        faults.append(f'window: {value!r} is not written as "22:00-06:00"')
        return None
    return times[0] * 60 + times[1], times[2] * 60 + times[3]


def _mail(value: object, faults: list[str]) -> Mail | None:
    if not isinstance(value, dict):
        faults.append("mail: needs to and sender")
        return None
    values = _known(Mail, value, faults, "mail.")
    to = values.get("to")
    values["to"] = tuple(to) if isinstance(to, list) else (to,)
    if not values.get("sender") or not all(isinstance(t, str) and "@" in t for t in values["to"]):
        faults.append("mail: needs to and sender, both addresses")
    if values.get("tls", "none") not in ("none", "starttls", "tls"):
        faults.append(f"mail.tls: {values['tls']!r} is none of none, starttls, tls")
    if not _is_int(values.get("port", 25), 1):
        faults.append(f"mail.port: {values['port']!r} is no whole number from 1 up")
    return None if faults else Mail(**values)


def _retention(value: object, base: Path, faults: list[str]) -> Retention:
    if not isinstance(value, dict):
        faults.append("retention: needs audio_days or transcripts_days")
        return Retention()
    values = _known(Retention, value, faults, "retention.")
    days = {n: values[n] for n in ("audio_days", "transcripts_days") if values.get(n) is not None}
    faults += [f"retention.{n}: {v!r} is no whole number from 1 up" for n, v in days.items() if not _is_int(v, 1)]
    if values.get("archive") is not None:
        values["archive"] = _path(values["archive"], base, "retention.archive", faults)
    return Retention() if faults else Retention(**values)
