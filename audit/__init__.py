"""callaudit: offline quality auditing of recorded calls."""

__version__ = "0.1.0"
