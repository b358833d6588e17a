"""Speech into words: the models' supply, the recogniser, and the normalisation of its text."""

from audit.transcript.catalogue import DEFAULT_MODEL, list_models
from audit.transcript.models import ensure_model, install_model, resolve_model, verify_model
from audit.transcript.normalise import to_simplified
from audit.transcript.recogniser import Recogniser
from audit.transcript.sound import LegAudio

__all__ = [
    "DEFAULT_MODEL",
    "LegAudio",
    "Recogniser",
    "ensure_model",
    "install_model",
    "list_models",
    "resolve_model",
    "to_simplified",
    "verify_model",
]
