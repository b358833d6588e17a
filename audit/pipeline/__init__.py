"""One call, from its file to its evaluation: the only package that knows the order.

`hearing` finds what sounds when, leg by leg; `timeline` and `measures` turn that and the record into the facts of the
call; `Auditor` adds the transcript and the scorecard. An auditor is built once per worker, because a speech model takes
seconds to load. Import it from its own module: a command that only reads settings
and scorecards starts a second sooner without it.
"""

from audit.pipeline.settings import SCORECARD_OF_LANGUAGE, Settings

__all__ = ["SCORECARD_OF_LANGUAGE", "Settings"]
