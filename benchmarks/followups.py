"""What following chains of calls costs, whole and for each new call, in stores of 1,000, 10,000 and 100,000 calls.

Digests of invented calls go straight into the store: a thousand a day, of fifty agents in four teams, a third as many
customers as calls. Chains are planted and counted: cut-offs called back and not, repeat contacts, complaints closed and
open, promises kept and broken. Then 200 calls of the next day come, and the pass over them is timed::

    python benchmarks/followups.py [--sizes 1000,10000,100000] [--new 200]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.batch.followups import follow_up
from audit.digests import DIGEST_FORM, CallDigest, digest_to_json
from audit.followup import FollowUpTerms, Promise
from audit.storage import Store, load_followups, stale_calls
from audit.storage.tables import calls, digests, recordings, touched_calls

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
PER_DAY = 1000
TERMS = FollowUpTerms(promises={"callback_promised": Promise(due_h=24)})
SIGNS = ("complaint", "major_complaint", "apology_first", "cause_told", "solved", "callback_promised")
NEEDED = ("team.complaint_rate", "team.calls_per_day", "complaint.closure_rate")

Planted = Counter[tuple[str, str]]


def invented(n: int, planted: Planted) -> Iterator[CallDigest]:
    """About so many calls, by customer; what is planted is counted."""
    pick = random.Random(7)
    made, customer = 0, 0
    while made < n:
        customer += 1
        number = f"139{customer:08d}"
        at = START + timedelta(minutes=pick.uniform(0, n / PER_DAY * 1440))
        agent = pick.randrange(50)

        def call(after_min: float, way: str, *signs: str, cut: bool = False) -> CallDigest:
            nonlocal made
            made += 1
            begin = at + timedelta(minutes=after_min)  # noqa: B023  # used up before the next turn
            return CallDigest(
                f"c{made:07d}",
                agent_id=f"A{agent:02d}",  # noqa: B023
                team=f"T{agent % 4}",  # noqa: B023
                customer_number=number,  # noqa: B023
                direction=way,
                started_at=begin,
                ended_at=begin + timedelta(minutes=4),
                talk_s=200.0,
                cut_off=cut,
                signs={s: s in signs for s in SIGNS},
            )

        story = pick.random()
        if story < 0.05:
            planted["redial", "called_back"] += 1
            yield call(0, "inbound", cut=True)
            yield call(5, "outbound", "apology_first")
        elif story < 0.07:
            planted["redial", "missed"] += 1
            yield call(0, "inbound", cut=True)
        elif story < 0.17:
            planted["repeat", ""] += 2
            yield call(0, "inbound")
            yield call(2000, "inbound")
            yield call(5000, "inbound")
        elif story < 0.19:
            planted["complaint", "closed"] += 1
            yield call(0, "inbound", "complaint")
            yield call(300, "outbound", "solved")
        elif story < 0.20:
            planted["complaint", "overdue"] += 1
            yield call(0, "inbound", "complaint")
        elif story < 0.25:
            planted["callback", "kept"] += 1
            yield call(0, "inbound", "callback_promised")
            yield call(600, "outbound")
        else:
            for i in range(3):
                yield call(i * 15000, "inbound")


def put(store: Store, made: list[CallDigest]) -> None:
    """Digests with the rows that they refer to."""
    with store.writing() as c:
        first = (c.exec_driver_sql("SELECT coalesce(max(id), 0) FROM calls").scalar() or 0) + 1
        of_recordings, of_calls, of_digests = [], [], []
        for i, d in enumerate(made, first):
            of_recordings.append(
                {
                    "id": i,
                    "path": f"/r/{d.call_id}",
                    "call_id": d.call_id,
                    "state": "done",
                    "n_attempts": 1,
                    "first_seen_at": NOW,
                }
            )
            of_calls.append(
                {
                    "id": i, "call_id": d.call_id, "recording_id": i, "sha256": "", "measuring_key": "", "metadata_key": "",
                    "tool_version": "", "audited_at": NOW, "record": {},
                }
            )  # fmt: skip
            of_digests.append(
                {
                    "call_id": d.call_id, "call_row_id": i, "evaluation_id": None, "form": DIGEST_FORM, "agent_id": d.agent_id,
                    "customer_number": d.customer_number, "started_at": d.started_at, "digest": digest_to_json(d),
                }
            )  # fmt: skip
        c.execute(recordings.insert(), of_recordings)
        c.execute(calls.insert(), of_calls)
        c.execute(digests.insert(), of_digests)
        c.execute(touched_calls.insert(), [{"call_id": d.call_id} for d in made])


def timed(store: Store) -> float:
    """Processor seconds of a pass."""
    begin = time.process_time()
    follow_up(store, now=NOW, terms=TERMS, needed=NEEDED)
    return time.process_time() - begin


def main() -> None:
    """Print one line for each size."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--sizes", default="1000,10000,100000")
    arguments.add_argument("--new", type=int, default=200)
    args = arguments.parse_args()
    for size in (int(s) for s in args.sizes.split(",")):
        planted: Planted = Counter()
        made = sorted(invented(size, planted), key=lambda d: d.started_at or NOW)  # as they come
        last = max(d.started_at for d in made if d.started_at is not None)
        # A last call, long after: nothing that was planted waits.
        made.append(
            CallDigest("last", started_at=last + timedelta(days=40), ended_at=last + timedelta(days=40), direction="inbound")
        )
        with tempfile.TemporaryDirectory() as folder, Store.in_folder(Path(folder)) as store:
            put(store, made)
            whole_s = timed(store)
            known = load_followups(store)
            found: Planted = Counter(("redial", r.status) for r in known.redials)
            found += Counter(("repeat", "") for _ in known.repeats)
            found += Counter(("complaint", c.status(NOW)) for c in known.complaints)
            found += Counter(("callback", c.status) for c in known.callbacks)
            pick = random.Random(8)
            customers = sorted({d.customer_number for d in made if d.customer_number})
            new = [
                CallDigest(
                    f"n{i}",
                    agent_id=f"A{pick.randrange(50):02d}",
                    team="T1",
                    customer_number=pick.choice(customers),
                    direction="inbound",
                    started_at=last + timedelta(days=41, minutes=i),
                    ended_at=last + timedelta(days=41, minutes=i + 4),
                    cut_off=False,
                    signs=dict.fromkeys(SIGNS, False),
                )
                for i in range(args.new)
            ]
            put(store, new)
            n_stale = len(stale_calls(store))
            new_s = timed(store)
            idle_s = timed(store)
            n_stale = len(stale_calls(store)) - n_stale
        right = "all found, none invented" if found == planted else f"planted {dict(planted)}, found {dict(found)}"
        print(
            f"{len(made):7d} calls: whole {whole_s:6.1f} s, {whole_s / len(made) * 1e3:.2f} ms a call; "
            f"{args.new} new ones {new_s / args.new * 1e3:.2f} ms each, {n_stale} further calls to judge; "
            f"nothing new {idle_s:.3f} s; {right}",
            flush=True,
        )


if __name__ == "__main__":
    main()
