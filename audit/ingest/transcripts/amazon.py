"""Output of Amazon Transcribe and of its Call Analytics, and of Amazon Connect's Contact Lens, as JSON.

Fields by the services' developer guides: Call Analytics and Contact Lens list turns with ``BeginOffsetMillis`` and name
each turn's participant as AGENT or CUSTOMER; the plain service lists words ("items") with times in seconds written as
text, and labels them by channel (``ch_0``) or by speaker (``spk_0``). Sentiment, loudness and categories are left aside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from audit.ingest.transcripts.lines import Line, group_words, measured
from audit.ingest.transcripts.values import confidence_or_nan, first_number, label, mappings, number, text, with_marks
from audit.words import Word


def is_call_analytics(data: Any) -> bool:
    """Whether this is the output of Call Analytics or Contact Lens."""
    if not isinstance(data, Mapping):
        return False
    return any("BeginOffsetMillis" in turn for turn in mappings(data.get("Transcript"))[:1])


def call_analytics_lines(data: Mapping[str, Any]) -> list[Line]:
    """The turns of Call Analytics or Contact Lens."""
    participants = {
        who: role
        for p in mappings(data.get("Participants"))
        if (who := label(p, "ParticipantId")) and (role := label(p, "ParticipantRole"))
    }
    lines = []
    for i, turn in enumerate(mappings(data.get("Transcript"))):
        who = label(turn, "ParticipantId")
        items = [(_millis_word(item), text(item, "Content")) for item in mappings(turn.get("Items"))]
        words = with_marks(items)
        confidence, timed = measured(words)
        lines.append(
            Line(
                first_number(turn, "BeginOffsetMillis") / 1000,
                first_number(turn, "EndOffsetMillis") / 1000,
                text(turn, "Content"),
                label(turn, "ParticipantRole") or participants.get(who or "") or who,
                confidence,
                timed,
                f"turn {i + 1}",
            )
        )
    return lines


def _millis_word(item: Mapping[str, Any]) -> Word | None:
    """A spoken item; None for a mark, which has no times or is said to be one."""
    if text(item, "Type").casefold() == "punctuation" or item.get("BeginOffsetMillis") is None:
        return None
    start_s, end_s = number(item["BeginOffsetMillis"]) / 1000, first_number(item, "EndOffsetMillis") / 1000
    return Word(start_s, end_s, text(item, "Content"), confidence_or_nan(item.get("Confidence")))


def is_transcribe(data: Any) -> bool:
    """Whether this is the output of the plain service."""
    results = data.get("results") if isinstance(data, Mapping) else None
    return isinstance(results, Mapping) and ("items" in results or "channel_labels" in results) and "transcripts" in results


def transcribe_lines(data: Mapping[str, Any]) -> list[Line]:
    """The words of the plain service, grouped by speaker and pause."""
    results = data["results"]
    words: list[tuple[str | None, Word]] = []
    by_channel = results.get("channel_labels")
    channels = mappings(by_channel.get("channels")) if isinstance(by_channel, Mapping) else []
    if channels:
        for channel in channels:
            words += [(label(channel, "channel_label"), w) for w in _words(mappings(channel.get("items")))]
        return group_words(words)
    items = mappings(results.get("items"))
    speaker_at = _speakers(results.get("speaker_labels"))
    by_label: dict[str | None, list[Mapping[str, Any]]] = {}
    last: str | None = None
    for item in items:
        if text(item, "type") != "punctuation":
            last = label(item, "channel_label", "speaker_label") or speaker_at.get(text(item, "start_time"))
        by_label.setdefault(last, []).append(item)
    for who, own in by_label.items():
        words += [(who, w) for w in _words(own)]
    return group_words(words)


def _words(items: list[Mapping[str, Any]]) -> list[Word]:
    """Words with their marks."""
    found: list[tuple[Word | None, str]] = []
    for item in items:
        best = next(iter(mappings(item.get("alternatives"))), {})
        content = text(best, "content")
        if text(item, "type") == "punctuation":
            found.append((None, content))
            continue
        confidence = confidence_or_nan(best.get("confidence"))
        found.append((Word(first_number(item, "start_time"), first_number(item, "end_time"), content, confidence), content))
    return with_marks(found)


def _speakers(labels: Any) -> dict[str, str]:
    """Who speaks at which start time, where the items themselves do not say so (the service's older output)."""
    if not isinstance(labels, Mapping):
        return {}
    found = {}
    for segment in mappings(labels.get("segments")):
        for item in mappings(segment.get("items")):
            who = label(item, "speaker_label") or label(segment, "speaker_label")
            if who and not math.isnan(first_number(item, "start_time")):
                found[text(item, "start_time")] = who
    return found
