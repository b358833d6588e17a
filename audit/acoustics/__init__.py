"""What the sound of a call says: who speaks when, how loud, how high, how fast, and who waits for whom."""

from audit.acoustics.vad import find_speech

__all__ = ["find_speech"]
