"""What other calls and registers say of each call, as the facts that its rules read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from audit.evaluation.facts import FactValue
from audit.followup import DayCount, FollowUpTerms, day_rates, read_terms
from audit.storage import KnownCall, Store, known_calls, team_counts
from audit.storage.followups import state_of

#: The rate that only complaints are told of: with each complaint that is closed, it changes for a month of calls.
CLOSURE_RATE = "complaint.closure_rate"
RATES = ("team.complaint_rate", "team.repeat_rate", CLOSURE_RATE)


class KnownFacts:
    """Facts of calls, as calls were last followed.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, KnownCall] = {}
        self._asked: set[str] = set()
        self._rates: dict[tuple[str, str], Mapping[str, float]] = {}
        with store.reading() as c:
            state = state_of(c)
        self._terms = read_terms(state.terms) if state is not None else FollowUpTerms()

    def prepare(self, call_ids: Collection[str]) -> None:
        """Read what is known of some calls at once; one by one it takes far longer."""
        missing = sorted(set(call_ids) - self._asked)
        self._known |= known_calls(self._store, missing)
        self._asked |= set(missing)

    def facts(self, call_id: str, needed: Collection[str]) -> dict[str, FactValue]:
        """The facts of a call among those needed; what is not known is left out."""
        if call_id not in self._asked:
            self.prepare([call_id])
        known = self._known.get(call_id)
        if known is None:
            return {}
        found: dict[str, FactValue] = dict(known.contact.facts)
        if known.n_that_day is not None and self._terms.whole_days:
            found["team.calls_per_day"] = known.n_that_day
        day = known.contact.day
        if day is not None and any(name in needed for name in RATES):
            rates = dict(self._rates_on(known.contact.team, day))
            if known.contact.complaint_due is None:
                rates.pop(CLOSURE_RATE, None)
            found |= rates
        return {name: found[name] for name in sorted(found) if name in needed}

    def _rates_on(self, team: str, day: str) -> Mapping[str, float]:
        if (team, day) not in self._rates:
            last = date.fromisoformat(day)
            first = last - timedelta(days=self._terms.rate_days - 1)
            counts = team_counts(self._store, team, first.isoformat(), day)
            rates = day_rates([DayCount(date.fromisoformat(d), **n) for d, n in counts], self._terms)
            self._rates[team, day] = rates.get(last, {})
        return self._rates[team, day]
