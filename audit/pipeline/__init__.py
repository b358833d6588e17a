"""One call, from its file to its evaluation: the only package that knows the order.

`hearing` finds what sounds when, leg by leg; `timeline` and `measures` turn that and the record into the facts of the
call; `Auditor` adds the transcript and the scorecard. An auditor is built once per worker, because a speech model takes
seconds to load. Import it from its own module: a command that only reads settings
and scorecards starts a second sooner without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.pipeline.settings import SCORECARD_OF_LANGUAGE, Settings

if TYPE_CHECKING:
    from audit.pipeline.auditor import Auditor

__all__ = ["SCORECARD_OF_LANGUAGE", "Settings", "make_auditor"]


def make_auditor(settings: Settings) -> Auditor:
    """Build an auditor; the detectors are loaded only where this is called, which is in the workers of a batch."""
    from audit.pipeline.auditor import Auditor

    return Auditor(settings)
