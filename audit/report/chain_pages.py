"""Which chains stand on which page, and which calls get pages of their own so that the chains can lead to them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from audit.chains import FollowUps, chain_to_json
from audit.report.agent_page import agent_label
from audit.report.call_files import call_address
from audit.report.chains import (
    MAX_AGENT_ROWS,
    MAX_TEAM_ROWS,
    Places,
    calls_in_chains,
    links_of,
    most_pressing,
    near_agents,
    of_agents,
)
from audit.report.messages import Messages
from audit.report.scorecard import AgentSummary


@dataclass(frozen=True, slots=True)
class PageChains:
    """What one page shows of chains.

    Attributes
    ----------
    known : FollowUps or None
        Of the page's agents; None where nothing is known across calls.
    owners : mapping of call id to agent
        Of the calls that stand in them.
    linked : frozenset of str
        Calls of theirs that have pages.
    names : mapping of agent to (id, name)
    pages : tuple of str
        Calls of the page's agent that are to have pages, because some chain on some page leads there.
    near : FollowUps or None
        The chains that join any call of the page's agent, wherever they begin.
    """

    known: FollowUps | None = None
    owners: Mapping[str, str] = field(default_factory=dict)
    linked: frozenset[str] = frozenset()
    names: Mapping[str, str | None] = field(default_factory=dict)
    pages: tuple[str, ...] = ()
    near: FollowUps | None = None


class Chains:
    """The chains of a report, dealt out to its pages.

    Parameters
    ----------
    known : FollowUps or None
    owners : mapping of call id to agent
        Of the report's calls in chains.
    summaries : sequence of AgentSummary
    written : collection of agents whose scorecards are written
        Only their calls get pages.
    """

    def __init__(
        self, known: FollowUps | None, owners: Mapping[str, str], summaries: Sequence[AgentSummary], written: Iterable[str]
    ) -> None:
        self._known, self._owners = known, owners
        self._names = {a.agent_id: a.agent_name for a in summaries}
        self._by_agent: dict[str, FollowUps] = {}
        self._near: dict[str, FollowUps] = {}
        self._pages: dict[str, list[str]] = {}
        if known is None:
            return
        teams: dict[str, set[str]] = {"": set(self._names)}
        nothing = replace(known, redials=(), repeats=(), complaints=(), callbacks=())
        self._near = {a.agent_id: nothing for a in summaries} | near_agents(known, owners)
        for a in summaries:
            mine = replace(self._near[a.agent_id], by_agent=known.by_agent)
            self._by_agent[a.agent_id] = replace(of_agents(mine, owners, (a.agent_id,)), by_agent={})
            if a.team:
                teams.setdefault(a.team, set()).add(a.agent_id)
        shown = [most_pressing(f, MAX_AGENT_ROWS) for f in self._by_agent.values()]
        shown += [most_pressing(of_agents(known, owners, t, everybody=not n), MAX_TEAM_ROWS) for n, t in teams.items()]
        wanted = {i for f in shown for i in calls_in_chains(f)}
        ours = set(written)
        for call_id in sorted(wanted):
            if owners.get(call_id) in ours:
                self._pages.setdefault(owners[call_id], []).append(call_id)

    def of_agent(self, agent: str) -> PageChains:
        """What the scorecard of an agent shows."""
        if self._known is None:
            return PageChains()
        near = replace(self._near[agent], by_agent={})
        return self._page(self._by_agent[agent], tuple(self._pages.get(agent, ())), near)

    def of_team(self, agents: Sequence[str], *, everybody: bool) -> PageChains:
        """What the page of a team shows."""
        if self._known is None:
            return PageChains()
        known = replace(of_agents(self._known, self._owners, frozenset(agents), everybody=everybody), by_agent={})
        return self._page(known, (), known)

    def _page(self, known: FollowUps, pages: tuple[str, ...], near: FollowUps) -> PageChains:
        calls = calls_in_chains(near)
        owners = {i: self._owners[i] for i in sorted(calls) if i in self._owners}
        with_page = {i for a in set(owners.values()) for i in self._pages.get(a, ())}
        with_pages = frozenset(i for i, a in owners.items() if i in with_page)
        names = {a: self._names.get(a) for a in sorted(set(owners.values()))}
        return PageChains(known, owners, with_pages, names, pages, near)


def places_of(chains: PageChains, messages: Messages, *, up: str, names: bool = False, also: Collection[str] = ()) -> Places:
    """Where the calls of a page's chains are shown, as seen from the page; those of `also` have pages in any case."""
    return Places(
        chains.owners,
        {i: up + call_address(i).removeprefix("../") for i in (*chains.linked, *also)},
        {a: agent_label(a, name, messages) for a, name in chains.names.items()} if names else {},
    )


def chains_fingerprint(chains: PageChains) -> bytes:
    """What a page says of chains, as bytes; the moment up to which calls are known is no change by itself."""
    known = chains.known
    if known is None:
        return b""
    at = known.as_of
    links = [[type(x).__name__, chain_to_json(x)] for x in links_of(known)]
    states = [x.status(at) if at is not None else "" for x in known.complaints]
    first = [known.resolution.n_first_calls, known.resolution.n_resolved, at is not None]
    parts = [links, states, first, chains.pages, sorted(chains.linked), chains.owners]
    return json.dumps(parts, sort_keys=True).encode()
