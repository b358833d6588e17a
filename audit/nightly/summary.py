"""How a night went, for a person and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.batch import BatchSummary
    from audit.nightly.retention import Kept

#: A mail names so many failures; the rest are in failures.csv.
_NAMED = 10


def as_json(s: BatchSummary, kept: Kept, *, code: int, lang: str) -> dict[str, Any]:
    """The figures by name; ``text`` is what a chat system shows."""
    return {
        "text": subject(s, lang),
        "exit_code": code,
        "n_found": s.n_found,
        "n_audited": s.n_audited,
        "n_rescored": s.n_rescored,
        "n_failed": s.n_failed,
        "n_skipped": s.n_skipped,
        "n_elsewhere": s.n_elsewhere,
        "n_not_begun": s.n_not_begun,
        "audio_s": round(s.audio_s, 1),
        "wall_s": round(s.wall_s, 1),
        "n_audio_removed": sum(r.kind == "audio" for r in kept.removed),
        "n_transcripts_removed": sum(r.kind == "transcript" for r in kept.removed),
        "failures": [{"call_id": f.call_id, "path": f.path, "reason": f.reason} for f in s.failures[:_NAMED]],
        "problems": list(kept.problems),
    }


def subject(s: BatchSummary, lang: str) -> str:
    """One line."""
    if lang == "zh":
        late = f"，未开始 {s.n_not_begun} 通" if s.n_not_begun else ""
        return f"callaudit：审核 {s.n_audited} 通，失败 {s.n_failed} 通，跳过 {s.n_skipped} 通{late}"
    late = f", {s.n_not_begun} not begun" if s.n_not_begun else ""
    return f"callaudit: {s.n_audited} audited, {s.n_failed} failed, {s.n_skipped} skipped{late}"


def as_text(s: BatchSummary, kept: Kept, *, index: str, lang: str) -> str:
    """A mail's text: the figures, what failed and why, what went by age."""
    zh = lang == "zh"
    lines = [subject(s, lang), "", f"{'请打开' if zh else 'see'} {index}"]
    if s.failures:
        lines += ["", "未能审核：" if zh else "Not audited:"]
        lines += [f"  {f.path}: {f.reason}" for f in s.failures[:_NAMED]]
        if len(s.failures) > _NAMED:
            n = len(s.failures) - _NAMED
            lines.append(f"  另有 {n} 个，见 failures.csv" if zh else f"  and {n} more, all in failures.csv")
    if kept.removed:
        n_audio = sum(r.kind == "audio" for r in kept.removed)
        n_words = len(kept.removed) - n_audio
        lines += [
            "",
            f"到期移除：录音 {n_audio} 个，文字 {n_words} 通"
            if zh
            else f"Past their time: {n_audio} recordings and the words of {n_words} calls are gone.",
        ]
    lines += ["", *kept.problems] if kept.problems else []
    return "\n".join(lines) + "\n"
