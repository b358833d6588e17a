"""A profile: what a centre tells callaudit once about its company, lines and files.

A profile is a YAML file, given with ``--profile``. All keys are optional::

    company: 示例科技客户服务中心
    time_zone: Asia/Shanghai        # of call-detail times that carry none
    agent_channel: auto             # 0, 1 or auto
    tone_plan: auto                 # cn us uk … or auto
    file_name_pattern: '(?P<direction>in|out)-(?P<agent_id>\\d+)-(?P<date>\\d{8})-(?P<time>\\d{6})-(?P<call_id>[\\d.]+)'
    cdr_columns: {call_id: CallGuid, agent_id: AgentLogin, started_at: StartTime}
    variables: {queue: billing}     # defaults; a column of the same name wins
    recogniser: faster-whisper      # or one that an installed package brings
    model: base                     # its speech model; --model wins
    names: [天际宽带, 晨星超级会员]    # products and other names, to be spelt so where they are said
    prompts: [请对本次服务进行评价]    # what the centre's own recordings say, such as a survey after the call
    followups: {repeat_days: 7, answer_h: 24}   # windows and deadlines across calls: docs/followups.md
    habits: {min_calls: 8, max_named: 3}        # when something said is called a habit: docs/report.md
    redact: {card-number: PCI DSS, id-number: 个人信息保护法}   # hidden and muted in reports: docs/report.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audit.errors import ProfileError

if TYPE_CHECKING:
    from audit.redaction import Kind

#: What a call-detail record can tell, the keys of ``cdr_columns`` and the groups of ``file_name_pattern``.
METADATA_FIELDS = (
    "call_id", "recording", "agent_id", "agent_name", "customer_number", "direction", "started_at", "answered_at",
    "ended_at", "date", "time", "ring_s", "duration_s", "talk_s", "hangup_by", "agent_channel", "disposition",
    "holds", "hold_start", "hold_end", "hold_s", "transferred_at",
)  # fmt: skip


#: Of times that carry no offset, where the profile names no zone.
DEFAULT_TIME_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of one centre.

    Attributes
    ----------
    company : str or None
        Full name as agents must say it; a ``company`` column of the record wins over it.
    time_zone : str or None
        IANA name, for times that carry no offset; also the local time of greetings. None: Asia/Shanghai, and times
        written in UTC tell no local time.
    agent_channel : int or None
        0-based; None finds it out for each call.
    tone_plan : str
        Name of a national plan, or "auto".
    file_name_pattern : str or None
        Regular expression whose named groups are metadata fields; other names become variables.
    cdr_columns : mapping of metadata field to column name
    variables : mapping of str to str
    recogniser : str
        What turns speech into words: a name of :func:`audit.transcript.list_recognisers`.
    model : str or None
        The recogniser's speech model, by name or directory; None leaves it to the command line.
    names : tuple of str
        Products and other names that calls may hold and no recogniser knows.
    followups : mapping or None
        Windows and deadlines across calls, as :func:`audit.followup.read_terms` reads them; None keeps a store's own.
    redact : mapping of kind to str, or None
        What reports hide, and why; reasons may be empty. None where the profile does not say.
    prompts : tuple of str
        Sentences of the centre's own recordings, by which a survey after the call is known for one.
    habits : mapping or None
        When something said is called a habit, as :func:`audit.statistics.terms_from` reads it; None where the profile does
        not say.
    """

    company: str | None = None
    time_zone: str | None = None
    agent_channel: int | None = None
    tone_plan: str = "auto"
    file_name_pattern: str | None = None
    cdr_columns: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    recogniser: str = "faster-whisper"
    model: str | None = None
    names: tuple[str, ...] = ()
    followups: Mapping[str, Any] | None = None
    redact: Mapping[Kind, str] | None = None
    prompts: tuple[str, ...] = ()
    habits: Mapping[str, Any] | None = None

    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.time_zone or DEFAULT_TIME_ZONE)


def load_profile(path: Path | None) -> Profile:
    """Read and check a profile.

    Parameters
    ----------
    path : Path or None
        None gives the defaults.

    Raises
    ------
    ProfileError
        If the file cannot be read or holds an unknown key or value; the message names it.
    """
    if path is None:
        return Profile()
    import yaml  # most runs have no profile

    try:
        data = yaml.safe_load(path.read_text("utf-8-sig"))
    except OSError as e:
        raise ProfileError(f"{path}: cannot read the profile: {e.strerror}", hint="check the path after --profile") from e
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise ProfileError(f"{path}: not a YAML file in UTF-8: {e}", hint="see docs/profile.md") from e
    if data is None:
        return Profile()
    if not isinstance(data, dict):
        raise ProfileError(f"{path}: a profile is a mapping of keys to values", hint="see docs/profile.md")
    return Profile(**_checked(path, data))


def _checked(path: Path, data: dict[Any, Any]) -> dict[str, Any]:
    """The profile's values with their types checked and unknown keys refused."""
    known = [f.name for f in fields(Profile)]
    for key in data:
        _known(path, "key", str(key), known)
    # A key without a value is one that was left out.
    out = {key: value for key, value in data.items() if value is not None}
    for key in ("company", "time_zone", "tone_plan", "file_name_pattern", "recogniser", "model"):
        if key in out and not isinstance(out[key], str):
            raise ProfileError(f"{path}: {key} must be text, not {out[key]!r}")
    if "time_zone" in out:
        try:
            ZoneInfo(out["time_zone"])
        except (KeyError, ValueError, OSError) as e:
            hint = "use an IANA name such as Asia/Shanghai"
            raise ProfileError(f"{path}: unknown time_zone {out['time_zone']!r}", hint=hint) from e
    if "agent_channel" in out:
        if out["agent_channel"] == "auto":
            out["agent_channel"] = None
        elif out["agent_channel"] not in (0, 1) or isinstance(out["agent_channel"], bool):
            raise ProfileError(f"{path}: agent_channel must be 0, 1 or auto, not {out['agent_channel']!r}")
    if out.get("file_name_pattern"):
        try:
            re.compile(out["file_name_pattern"])
        except re.error as e:
            hint = "correct the pattern; docs/profile.md has examples"
            raise ProfileError(f"{path}: file_name_pattern is not a regular expression: {e}", hint=hint) from e
    for key, what in (("names", "names"), ("prompts", "sentences")):
        listed = out.get(key, ())
        if not isinstance(listed, list | tuple) or not all(isinstance(n, str) and n for n in listed):
            raise ProfileError(f"{path}: {key} must be a list of {what}, not {listed!r}")
        out[key] = tuple(listed)
    for key in ("cdr_columns", "variables"):
        value = out.get(key, {})
        if not isinstance(value, dict):
            raise ProfileError(f"{path}: {key} must be a mapping, not {value!r}")
        out[key] = {str(k): str(v) for k, v in value.items()}
    for key, where in (("followups", "docs/followups.md"), ("habits", "docs/report.md")):
        if key in out and not isinstance(out[key], dict):
            raise ProfileError(f"{path}: {key} must be a mapping, not {out[key]!r}", hint=f"see {where}")
    if "redact" in out:
        out["redact"] = _kinds(path, out["redact"])
    for name in out["cdr_columns"]:
        _known(path, "cdr_columns key", name, METADATA_FIELDS)
    return out


def _kinds(path: Path, value: Any) -> dict[str, str]:
    """What is to be hidden: kinds with their reasons, or kinds alone."""
    from audit.redaction import KINDS

    if isinstance(value, list):
        value = dict.fromkeys(map(str, value), "")
    if not isinstance(value, dict):
        raise ProfileError(
            f"{path}: redact must be a list of kinds, or kinds with their reasons, not {value!r}", hint="see docs/profile.md"
        )
    for kind in value:
        _known(path, "kind to redact", str(kind), KINDS)
    return {str(kind): "" if why is None else str(why) for kind, why in value.items()}


def _known(path: Path, what: str, name: str, choices: list[str] | tuple[str, ...]) -> None:
    """Refuse a name that is not among the choices, offering the nearest."""
    if name not in choices:
        from rapidfuzz import process  # only for who misspelt something

        near = process.extractOne(name, choices, score_cutoff=60)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(choices)}"
        raise ProfileError(f"{path}: unknown {what} {name!r}", hint=hint)
