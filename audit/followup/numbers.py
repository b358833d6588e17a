"""One customer, one key: the ways in which switches write a telephone number brought to one.

A small function of our own and no library of numbering plans: docs/decisions/027-customer-numbers.md says why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

_EXTENSION = re.compile(r"(?:ext|转|分机|;|#|,|x(?=\d+$)).*$", re.IGNORECASE)
_SIP = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")
#: Pseudonyms in place of numbers, such as hashes; what is shorter is the name of a line and the like.
_PSEUDONYM = re.compile(r"(?=.*\d)(?=.*[a-z])[0-9a-z_-]{12,}")


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """How numbers are written where the centre is.

    Attributes
    ----------
    country_code : str
        Digits.
    trunk_prefix : str
        Dialled before a national number; may be empty.
    max_national_digits : int
        Of a national number without the trunk prefix: a longer one that begins with the country code carries it.
    min_digits : int
        Shorter ones are extensions and service numbers, no customer's.
    withheld : collection of str
        What switches write for a number that is not shown.
    """

    country_code: str = "86"
    trunk_prefix: str = "0"
    max_national_digits: int = 11
    min_digits: int = 7
    withheld: Collection[str] = (
        "anonymous", "unknown", "private", "withheld", "restricted", "unavailable", "blocked", "匿名", "未知", "隐藏", "保密",
    )  # fmt: skip


def customer_key(number: str | None, plan: NumberPlan) -> str | None:
    """The key under which the calls of a customer are found; None where the number tells nobody apart.

    That is: none, withheld, too short, or with digits masked (``138****5678`` is shared by ten thousand). A number of
    the plan's own country becomes its national digits, another ``+`` and its digits; a pseudonym of letters and digits
    stays as it is, in small letters.

    Examples
    --------
    >>> plan = NumberPlan()
    >>> [customer_key(n, plan) for n in ("+86 138-0013-8000", "0086 13800138000", "8613800138000", "013800138000")]
    ['13800138000', '13800138000', '13800138000', '13800138000']
    >>> [customer_key(n, plan) for n in ("010-6255 1234转802", "+86 (10) 6255 1234", "+44 20 7946 0018")]
    ['1062551234', '1062551234', '+442079460018']
    >>> [customer_key(n, plan) for n in ("138****5678", "anonymous", "", None, "10086", "sip:13800138000@pbx.example")]
    [None, None, None, None, None, '13800138000']
    """
    text = _SIP.sub("", unicodedata.normalize("NFKC", number or "").strip()).split("@")[0]
    if not text or "*" in text or text.casefold() in plan.withheld:
        return None
    if _PSEUDONYM.fullmatch(text.casefold()) and not _EXTENSION.search(text):
        return text.casefold()
    text = _EXTENSION.sub("", text)
    if _LETTERS.search(text):  # xxxx for masked digits, names of lines
        return None
    digits = re.sub(r"\D", "", text)
    international = text.lstrip("( ").startswith("+")
    if not international and digits.startswith("00"):
        international, digits = True, digits[2:]
    if not international and len(digits) > plan.max_national_digits and digits.startswith(plan.country_code):
        international = not (plan.trunk_prefix and digits.startswith(plan.trunk_prefix))
    if international and digits.startswith(plan.country_code):
        international, digits = False, digits[len(plan.country_code) :]
    if len(digits) < plan.min_digits or not digits.strip("0"):
        return None
    if international:
        return "+" + digits
    return digits.removeprefix(plan.trunk_prefix) if plan.trunk_prefix else digits
