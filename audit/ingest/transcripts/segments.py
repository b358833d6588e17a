"""Transcripts as lists of segments: Whisper and its kin, Deepgram, the vCon drafts' World Transcription Format.

- Whisper, faster-whisper's servers, WhisperX: ``segments`` of ``start``, ``end``, ``text``, perhaps ``speaker`` and
  ``words`` of ``word``, ``start``, ``end``, ``probability`` (or ``score``).
- World Transcription Format (draft-howe-vcon-wtf-extension): the same, its ``words`` in one list beside the segments, its
  ``speakers`` with labels.
- Deepgram: ``results.channels[].alternatives[]`` with ``words``, or ``results.utterances``; also one alternative alone, as
  servers of vCons keep it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from audit.ingest.transcripts.lines import Line, group_words, is_role_word, measured
from audit.ingest.transcripts.values import confidence_or_nan, first_number, first_ratio, label, mappings, number, text
from audit.words import Word

_TEXT = ("text", "transcript", "message", "body", "content", "sentence")
_START = ("start", "start_s", "start_time", "begin", "from")
_END = ("end", "end_s", "end_time", "to")
_SPEAKER = ("speaker", "role", "speaker_label", "speaker_name", "speaker_id", "channel")
_CONFIDENCE = ("confidence", "probability", "score")
#: A word's line is looked for among so many that began before it.
_MAX_TOGETHER = 8


# --- segments -------------------------------------------------------------------------------------
def is_segments(data: Any) -> bool:
    """Whether these are segments with times: a list of them, or a mapping that holds one."""
    return any(_timed(s) for s in _segments(data)[:1])


def is_world_format(data: Any) -> bool:
    """Whether this is the World Transcription Format, whose transcript is a mapping beside the segments."""
    return isinstance(data, Mapping) and isinstance(data.get("transcript"), Mapping) and is_segments(data)


def segment_lines(data: Any, speaker_names: Sequence[str | None] = ()) -> list[Line]:
    """The lines of a list of segments.

    Parameters
    ----------
    data : mapping or list
    speaker_names : sequence of (str or None)
        Of the vCon's parties, for segments that name a ``party`` by its number.
    """
    names = _speaker_labels(data)
    apart = _words(mappings(data.get("words")), names) if isinstance(data, Mapping) else []
    lines = []
    for i, segment in enumerate(_segments(data)):
        who = _who(segment)
        party = segment.get("party", segment.get("parties"))
        if isinstance(party, int) and 0 <= party < len(speaker_names):
            who = speaker_names[party] or who
        mean, words = measured([w for _, w in _words(mappings(segment.get("words")), names)])
        stated = first_ratio(segment, *_CONFIDENCE)
        line = Line(
            first_number(segment, *_START),
            first_number(segment, *_END),
            text(segment, *_TEXT),
            names.get(who or "", who),
            mean if stated is None else stated,
            words,
            f"segment {i + 1}",
        )
        lines.append(line)
    return _with_words_of(lines, apart) if apart else lines


def _segments(data: Any) -> list[Mapping[str, Any]]:
    if isinstance(data, list):
        return mappings(data)
    if isinstance(data, Mapping):
        return next((found for k in ("segments", "utterances", "chunks") if (found := mappings(data.get(k)))), [])
    return []


def _timed(segment: Mapping[str, Any]) -> bool:
    said = any(isinstance(segment.get(k), str) for k in _TEXT)
    return said and not math.isnan(first_number(segment, *_START))


def _speaker_labels(data: Any) -> dict[str, str]:
    """Labels of numbered speakers where those say more than a number: the role."""
    speakers = data.get("speakers") if isinstance(data, Mapping) else None
    if not isinstance(speakers, Mapping):
        return {}
    named = {str(k): label(v, "role", "label", "name") for k, v in speakers.items() if isinstance(v, Mapping)}
    return {k: v for k, v in named.items() if v is not None and is_role_word(v)}


def _words(items: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[tuple[str | None, Word]]:
    """Words that have times; a mark on its own joins the word before."""
    found: list[tuple[str | None, Word]] = []
    for item in items:
        spoken = text(item, "punctuated_word", "word", "text").strip()
        start_s, end_s = first_number(item, *_START), first_number(item, *_END)
        if item.get("is_punctuation") is True and found:
            who, last = found[-1]
            found[-1] = who, replace(last, text=last.text + spoken)
        elif spoken and not (math.isnan(start_s) or math.isnan(end_s)):
            who = _who(item)
            confidence = confidence_or_nan(next((item[k] for k in _CONFIDENCE if k in item), None))
            found.append((names.get(who or "", who), Word(start_s, end_s, spoken, confidence)))
    return found


def _who(item: Mapping[str, Any]) -> str | None:
    """The speaker of a segment or a word: the role where one is named, else the label."""
    role = label(item, "role")
    return role if role and is_role_word(role) else label(item, *_SPEAKER)


def _with_words_of(lines: Sequence[Line], words: Sequence[tuple[str | None, Word]]) -> list[Line]:
    """Each word with the line that holds its middle, of several the one of its speaker."""
    order = sorted(range(len(lines)), key=lambda i: lines[i].start_s)
    starts_s = [lines[i].start_s for i in order]
    own: list[list[Word]] = [[] for _ in lines]
    for who, word in words:
        middle_s = (word.start_s + word.end_s) / 2
        last = bisect_right(starts_s, middle_s)
        holding = [i for i in order[max(0, last - _MAX_TOGETHER) : last] if middle_s < lines[i].end_s]
        if holding:
            own[max(holding, key=lambda i: lines[i].speaker == who)].append(word)
    return [replace(line, words=line.words or measured(w)[1]) for line, w in zip(lines, own, strict=True)]


# --- Deepgram -------------------------------------------------------------------------------------
def is_deepgram(data: Any) -> bool:
    """Whether this is a Deepgram response, or one alternative of it."""
    if not isinstance(data, Mapping):
        return False
    results = data.get("results")
    if isinstance(results, Mapping) and mappings(results.get("channels")):
        return True
    return isinstance(data.get("transcript"), str) and any("start" in w for w in mappings(data.get("words"))[:1])


def deepgram_lines(data: Mapping[str, Any]) -> list[Line]:
    """The lines of a Deepgram response: its utterances, else its words grouped by speaker and pause."""
    results = data.get("results")
    if not isinstance(results, Mapping):
        return group_words(_words(mappings(data.get("words")), {}))
    channels = mappings(results.get("channels"))
    utterances = mappings(results.get("utterances"))
    if utterances:
        lines = segment_lines(utterances)
        if len(channels) > 1:  # a speaker's number then begins anew on each channel
            return [
                replace(line, speaker=f"ch_{number(u.get('channel')):g}") for line, u in zip(lines, utterances, strict=True)
            ]
        return lines
    words: list[tuple[str | None, Word]] = []
    for i, channel in enumerate(channels):
        best = next(iter(mappings(channel.get("alternatives"))), {})
        found = _words(mappings(best.get("words")), {})
        words += [(f"ch_{i}", w) for _, w in found] if len(channels) > 1 else found
    return group_words(words)
