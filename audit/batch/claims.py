"""Recordings on their way to the workers, claimed ahead where they go fast.

A claim is a transaction. One a call is nothing where a call takes seconds; to a cluster that does hundreds a second they are
half of what the store has to do, and several in one take little longer than one. So as many are claimed at once as were
begun in the last half second: with few workers one, with a thousand some dozens. What is claimed and not begun is renewed
like the rest, and put back when the run ends; when it is killed, its leases end with it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from audit.batch.plan import Planned

#: Seconds of work that are claimed ahead, and the most recordings.
AHEAD_S, MOST_AHEAD = 0.5, 32
#: Seconds that claiming may wait for the plan of further recordings: it may have to open a thousand others first.
LOOK_AHEAD_S = 0.02


@dataclass(slots=True)
class Claims:
    """The recordings of a run that are to be audited, from their plan until they are begun.

    Parameters
    ----------
    opening : iterator of Planned
    claim : callable
        Gives the store's number of each recording; None where another run has it.
    clock : callable
        Tells seconds.

    Attributes
    ----------
    held : dict
        Numbers of recordings that are claimed and not begun, by their place in the order.
    """

    opening: Iterator[Planned]
    claim: Callable[[Sequence[Planned]], Sequence[int | None]]
    clock: Callable[[], float] = time.monotonic
    held: dict[int, int | None] = field(default_factory=dict)
    _waiting: dict[int, Planned] = field(default_factory=dict)  # not begun, in order
    _n_drawn: int = 0
    _n_given: int = 0
    _begun_at: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_AHEAD))

    def __iter__(self) -> Iterator[tuple[int, Planned]]:
        """All recordings with their places in the order."""
        while self._n_given < self._n_drawn or self._draw():
            self._n_given += 1
            yield self._n_given - 1, self._waiting[self._n_given - 1]

    def begin(self, place: int) -> int | None:
        """The store's number of a recording that is begun now; None where another run has it."""
        if place not in self.held:
            self._claim(place)
        self._begun_at.append(self.clock())
        del self._waiting[place]
        return self.held.pop(place)

    def _claim(self, first: int) -> None:
        """Claim a recording, and those after it that will soon be begun."""
        now = self.clock()
        n = max(1, sum(now - at <= AHEAD_S for at in self._begun_at))
        while len(self._waiting) - len(self.held) < n and self.clock() - now < LOOK_AHEAD_S and self._draw():
            pass
        others = (i for i in self._waiting if i != first and i not in self.held)
        places = [first, *islice(others, n - 1)]
        numbers = self.claim([self._waiting[i] for i in places])
        self.held.update(zip(places, numbers, strict=True))

    def _draw(self) -> bool:
        """Take one more from the plan."""
        if (planned := next(self.opening, None)) is None:
            return False
        self._waiting[self._n_drawn] = planned
        self._n_drawn += 1
        return True
