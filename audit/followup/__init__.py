"""What several calls of one customer say together: redials, repeat contacts, complaints, promised call-backs.

Pure functions over digests: nothing here opens the store or asks the clock. `follow` links the calls of one customer;
`call_facts` turns what came out into the facts that rules read.
"""

from audit.followup.facts import DayCount, call_facts, day_rates
from audit.followup.follow import Followed, follow
from audit.followup.numbers import NumberPlan, customer_key
from audit.followup.terms import FollowUpTerms, Promise, WorkingTime, read_terms, terms_to_json

__all__ = [
    "DayCount",
    "FollowUpTerms",
    "Followed",
    "NumberPlan",
    "Promise",
    "WorkingTime",
    "call_facts",
    "customer_key",
    "day_rates",
    "follow",
    "read_terms",
    "terms_to_json",
]
