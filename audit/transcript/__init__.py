"""Speech into words: the models' supply, the recogniser, and the normalisation of its text."""

from audit.transcript.catalogue import DEFAULT_MODEL, list_models
from audit.transcript.models import ensure_model, install_model, resolve_model, verify_model
from audit.transcript.normalise import to_simplified
from audit.transcript.recogniser import Recogniser
from audit.transcript.recognisers import RecogniserOptions, SpeechRecogniser, list_recognisers, load_recogniser
from audit.transcript.sound import LegAudio

__all__ = [
    "DEFAULT_MODEL",
    "LegAudio",
    "Recogniser",
    "RecogniserOptions",
    "SpeechRecogniser",
    "ensure_model",
    "install_model",
    "list_models",
    "list_recognisers",
    "load_recogniser",
    "resolve_model",
    "to_simplified",
    "verify_model",
]
