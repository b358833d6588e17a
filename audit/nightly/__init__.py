"""One night over an archive: a window of time, an order, and at the end a summary, metrics and what is too old to keep."""

from audit.nightly.config import Mail, NightlyConfig, Retention, load_config
from audit.nightly.logs import NightLog
from audit.nightly.metrics import NightMetrics
from audit.nightly.notify import attempted, call_webhook, send_mail
from audit.nightly.order import in_order, is_busy
from audit.nightly.retention import Kept, apply_retention
from audit.nightly.summary import as_json, as_text, subject
from audit.nightly.window import end_of_window

__all__ = [
    "Kept",
    "Mail",
    "NightLog",
    "NightMetrics",
    "NightlyConfig",
    "Retention",
    "apply_retention",
    "as_json",
    "as_text",
    "attempted",
    "call_webhook",
    "end_of_window",
    "in_order",
    "is_busy",
    "load_config",
    "send_mail",
    "subject",
]
