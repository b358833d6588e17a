"""Recognisers of other packages stand beside the one that comes with the tool."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from audit.errors import ModelError
from audit.segments import Segment
from audit.transcript import RecogniserOptions, list_recognisers, load_recogniser
from audit.transcript.sound import LegAudio
from audit.words import Transcript, Turn


@pytest.fixture
def house_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package, as far as Python can tell, with a recogniser that writes down how long it was spoken."""
    (tmp_path / "house_asr.py").write_text(
        "from audit.words import Transcript, Turn\n"
        "class House:\n"
        "    def __init__(self, options): self.model = options.model\n"
        "    def transcribe(self, legs, *, language='auto', hotwords=()):\n"
        "        spoken = [(s, l.role) for l in legs for s in l.speech]\n"
        "        turns = tuple(Turn(s.start_s, s.end_s, r, f'{s.duration_s:g} s', 1.0, ()) for s, r in spoken)\n"
        "        return Transcript('zh', self.model, turns, 1.0)\n"
    )
    info = tmp_path / "house_asr-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-asr\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[callaudit.recognisers]\nhouse = house_asr:House\nbroken = house_asr:nothing\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "house_asr", raising=False)


def test_an_installed_package_offers_its_recogniser_by_name(house_package: None) -> None:
    assert list_recognisers()[0] == "faster-whisper"
    assert "house" in list_recognisers()
    leg = LegAudio("agent", [], 8000, (Segment(1.0, 3.5),))  # type: ignore[arg-type]
    heard = load_recogniser("house", RecogniserOptions(model="ours")).transcribe([leg])
    assert heard == Transcript("zh", "ours", (Turn(1.0, 3.5, "agent", "2.5 s", 1.0, ()),), 1.0)


@pytest.mark.parametrize(("name", "said"), [("nobody", "no recogniser 'nobody'"), ("broken", "cannot be loaded")])
def test_what_cannot_be_loaded_is_named(house_package: None, name: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        load_recogniser(name, RecogniserOptions())
