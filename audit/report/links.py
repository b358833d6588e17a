"""Where a call is shown: what tables link to."""

from __future__ import annotations

from collections.abc import Sequence

from audit.digests import CallDigest
from audit.report.agent_page import MAX_COACHING, calls_in_full
from audit.report.call_files import FOLDER
from audit.report.naming import call_stem
from audit.report.scorecard import AgentSummary


def links_to_calls(calls: Sequence[CallDigest], summary: AgentSummary, page: str) -> dict[str, str]:
    """Where each call of an agent is shown, as seen from the overview: its own page, or the agent's.

    Parameters
    ----------
    calls : sequence of CallDigest
        All of the agent's.
    summary : AgentSummary
        Of these calls.
    page : str
        The agent's page; empty where there is none, and then nothing is linked.
    """
    if not page:
        return {}
    in_full = set(calls_in_full(calls, [c.criterion for c in summary.coaching[:MAX_COACHING]]))
    own = {c.call_id for c in calls if c.scorecard is not None and c.call_id in in_full}
    return {c.call_id: f"{FOLDER}/{call_stem(c.call_id)}.html" if c.call_id in own else page for c in calls}


def link_to_outcome(link: str, criterion: str) -> str:
    """The place of a failed criterion on the page of its call; the page alone where the call has none of its own.

    Examples
    --------
    >>> link_to_outcome("call-pages/c1.html", "open.greet"), link_to_outcome("scorecards/A1.html", "open.greet")
    ('call-pages/c1.html#call-open.greet', 'scorecards/A1.html')
    """
    return f"{link}#call-{criterion}" if link.startswith(f"{FOLDER}/") else link
