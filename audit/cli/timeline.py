"""``callaudit timeline``: a picture of one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import call_options, lang_option
from audit.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audit.audio import Audio
    from audit.records import CallRecord
    from audit.report.timeline import Key
    from audit.segments import Segment

    Curve = tuple[NDArray[np.float64], NDArray[np.float64]]

#: Of a long recording, so much is in memory at a time.
_PITCH_WINDOW_S = 120.0


@click.command(short_help="Draw one call: who speaks when, rings, holds, dead air, pitch.")
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE.svg", help="Where the picture goes."
)
@click.option("--width", "width_px", type=click.IntRange(320, 8000), default=1200, show_default=True, help="In pixels.")
@call_options
@lang_option
def timeline(
    path: Path, out: Path, width_px: int, agent_channel: str, profile: Path | None, cdr: Path | None, lang: str
) -> None:
    """Measure the recording PATH and draw its timeline as an SVG picture.

    Speech is not recognised and nothing is stored. The picture follows the reader's light or dark
    setting; 390 pixels suit a telephone.

    \b
    Examples:
      callaudit timeline call.wav --out call.svg
      callaudit timeline call.wav --agent-channel 0 --lang zh --width 390 --out call.svg
      callaudit timeline recordings/1042.mp3 --cdr cdr.csv --profile centre.yml --out 1042.svg
    """
    from audit.audio import read_audio
    from audit.cli.run import call_details, read_profile
    from audit.ingest import find_metadata
    from audit.pipeline import Settings
    from audit.pipeline.auditor import Auditor
    from audit.report.curves import envelopes_of
    from audit.report.timeline import draw_timeline

    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name one recording")
    settings = Settings(
        profile=read_profile(profile), agent_channel=None if agent_channel == "auto" else int(agent_channel), transcribe=False
    )
    metadata = find_metadata(path, cdr=call_details(cdr, settings.profile), profile=settings.profile)
    record = Auditor(settings).audit(path, metadata).record
    audio = read_audio(path)
    picture = draw_timeline(
        record,
        envelopes=envelopes_of(audio, 2 * width_px),
        pitch=_pitch(audio, record),
        language="zh" if lang == "zh" else "en",
        width_px=width_px,
    )
    try:
        out.write_text(picture, encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{out} cannot be written: {e.strerror}", hint="name a file in a folder that exists") from e
    click.echo(f"{'请打开' if lang == 'zh' else 'open'} {out.absolute()}")


def _pitch(audio: Audio, record: CallRecord) -> dict[Key, Curve]:
    """The pitch of each channel's speech, read two minutes at a time; none where speech is not known by channel."""
    import numpy as np

    from audit.acoustics import pitch_track
    from audit.segments import Segment, intersection

    found: dict[Key, Curve] = {}
    for channel, speech in _speech_by_channel(record).items():
        times_s, f0_hz = [], []
        for start_s in np.arange(0.0, audio.duration_s, _PITCH_WINDOW_S):
            window = Segment(float(start_s), float(start_s) + _PITCH_WINDOW_S)
            inside = [Segment(s.start_s - start_s, s.end_s - start_s) for s in intersection(speech, [window])]
            if inside:
                leg = audio.read(window.start_s, window.end_s)[channel]
                times, f0 = pitch_track(leg, audio.sample_rate_hz, inside)
                times_s.append(times + start_s)
                f0_hz.append(f0)
        if times_s:
            found[channel] = (np.concatenate(times_s), np.concatenate(f0_hz))
    return found


def _speech_by_channel(record: CallRecord) -> dict[int, tuple[Segment, ...]]:
    """Whose speech lies on which channel, where that is known."""
    recording, speech = record.recording, record.speech
    if recording.layout in ("mono", "dual_mono"):
        return {0: speech.get("unknown", ())}
    if recording.agent_channel is None:
        return {}
    return {recording.agent_channel: speech.get("agent", ()), 1 - recording.agent_channel: speech.get("customer", ())}
