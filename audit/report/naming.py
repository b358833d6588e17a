"""File names for agents whose ids may hold spaces, slashes or any script."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

#: The page of calls that name no agent.
UNASSIGNED = "unassigned"

#: Not allowed in file names on Windows, where the pages are often opened, or on POSIX; `%` and `#` break links.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*%#\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MAX_BYTES = 120  # file systems allow 255; room is left for an extension, a part suffix and a digest


def file_stems(agent_ids: Iterable[str]) -> dict[str, str]:
    """Give each agent a file name without extension, all of them different.

    Parameters
    ----------
    agent_ids : iterable of str
        ``""`` stands for calls that name no agent.

    Returns
    -------
    dict of str to str
        A stem equals the id wherever that is a safe file name. Of ids that would share a file, also on file systems that
        ignore case, one that needs no change keeps the plain name and the others end in eight hex digits of their id's
        SHA-256, so that a page keeps its name from run to run.

    Examples
    --------
    >>> file_stems(["A101", "Louis Anderson", ""])
    {'A101': 'A101', 'Louis Anderson': 'Louis Anderson', '': 'unassigned'}
    >>> file_stems(["a/b", "a_b"])
    {'a/b': 'a_b-c14cddc0', 'a_b': 'a_b'}
    """
    ids = list(dict.fromkeys(agent_ids))
    groups: dict[str, list[str]] = defaultdict(list)
    for agent_id in ids:
        groups[_safe(agent_id).casefold()].append(agent_id)
    stems = {}
    for members in groups.values():
        keeper = min(members, key=lambda i: (i != "", _safe(i) != i, i))
        for agent_id in members:
            # the name of the page without an agent is never given to an agent, present or not
            plain = agent_id == keeper and (agent_id == "" or _safe(agent_id).casefold() != UNASSIGNED)
            stems[agent_id] = _safe(agent_id) if plain else f"{_safe(agent_id)}-{_digest(agent_id)}"
    return {agent_id: stems[agent_id] for agent_id in ids}


def call_stem(call_id: str) -> str:
    """A file name without extension for a call: its id where that is a safe file name, else with digits of its hash.

    Examples
    --------
    >>> call_stem("1732065245.118"), call_stem("a/b")
    ('1732065245.118', 'a_b-c14cddc0')
    """
    text = call_id.encode("utf-8", "backslashreplace").decode("utf-8")  # ids taken from file names may hold any bytes
    safe = _safe(text)
    return safe if safe == call_id else f"{safe}-{_digest(text)}"


def _safe(agent_id: str) -> str:
    """The id as a file name, not yet unique."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", agent_id)).strip(" .")
    name = name.encode("utf-8")[:_MAX_BYTES].decode("utf-8", "ignore").strip(" .")
    if not name:
        return UNASSIGNED
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def _digest(agent_id: str) -> str:
    return hashlib.sha256(agent_id.encode("utf-8")).hexdigest()[:8]
