"""Speech into words: the models' supply, the recogniser, and the normalisation of its text.

The names are imported when they are first asked for: measuring needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.transcript.catalogue import DEFAULT_MODEL, list_models
    from audit.transcript.models import ensure_model, install_model, resolve_model, verify_model
    from audit.transcript.normalise import to_simplified
    from audit.transcript.phrases import PhraseBook, spell_phrases
    from audit.transcript.recogniser import Recogniser
    from audit.transcript.recognisers import RecogniserOptions, SpeechRecogniser, list_recognisers, load_recogniser
    from audit.transcript.sound import LegAudio

_HOME = {
    "DEFAULT_MODEL": "audit.transcript.catalogue",
    "LegAudio": "audit.transcript.sound",
    "PhraseBook": "audit.transcript.phrases",
    "Recogniser": "audit.transcript.recogniser",
    "RecogniserOptions": "audit.transcript.recognisers",
    "SpeechRecogniser": "audit.transcript.recognisers",
    "ensure_model": "audit.transcript.models",
    "install_model": "audit.transcript.models",
    "list_models": "audit.transcript.catalogue",
    "list_recognisers": "audit.transcript.recognisers",
    "load_recogniser": "audit.transcript.recognisers",
    "resolve_model": "audit.transcript.models",
    "spell_phrases": "audit.transcript.phrases",
    "to_simplified": "audit.transcript.normalise",
    "verify_model": "audit.transcript.models",
}

__all__ = [
    "DEFAULT_MODEL",
    "LegAudio",
    "PhraseBook",
    "Recogniser",
    "RecogniserOptions",
    "SpeechRecogniser",
    "ensure_model",
    "install_model",
    "list_models",
    "list_recognisers",
    "load_recogniser",
    "resolve_model",
    "spell_phrases",
    "to_simplified",
    "verify_model",
]


def __getattr__(name: str) -> Any:
    """Import a name of this package where it lies (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
