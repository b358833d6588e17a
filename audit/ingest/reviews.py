"""Decision files of reviewers: their form, their signature, and the keys that they are signed with.

What is signed is the whole file but its signature, written canonically: keys sorted, no spaces, strings as they are but for
the escapes that JSON demands, whole numbers; in UTF-8. It is what RFC 8785 asks for, of a file that holds no fractions.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from audit.errors import ReviewError
from audit.verdicts import Decision

REVIEW_SCHEMA = "callaudit.review/1"
#: Digits of keys: those of base 32 as Crockford has them, with no letter that is read as another or as a digit.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})
_ID, _SECRET, _CHECK = 4, 32, 4
#: No page holds more; a film that was renamed is not read into memory.
MAX_FILE_BYTES = 64 << 20
_AGAIN = "save the decisions again on the page where they were taken: it still has them"


@dataclass(frozen=True, slots=True)
class ReviewKey:
    """A reviewer's key: its public id and what signs.

    Attributes
    ----------
    key_id : str
        Four digits, named by each file.
    secret : bytes
        Of HMAC: 32 digits, 160 bits of chance.
    """

    key_id: str
    secret: bytes

    @property
    def text(self) -> str:
        """As it is given to the reviewer: groups of four, the last of which tells a slip of the pen."""
        digits = self.key_id + self.secret.decode("ascii")
        return "-".join((digits + check_digits(digits))[i : i + 4] for i in range(0, _ID + _SECRET + _CHECK, 4))


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """A decision file that has the form of one; nobody has looked at its signature yet.

    Attributes
    ----------
    sha256 : str
        Of its bytes, hex.
    signed : bytes
        What its signature is of.
    """

    path: Path
    sha256: str
    key_id: str
    decisions: tuple[Decision, ...]
    signed: bytes
    signature: str

    def is_signed_with(self, secret: bytes) -> bool:
        """Whether it is as it was when the owner of the key saved it."""
        return hmac.compare_digest(hmac.new(secret, self.signed, hashlib.sha256).hexdigest(), self.signature)


def new_key() -> ReviewKey:
    """A key that nobody can guess."""
    digits = "".join(secrets.choice(_DIGITS) for _ in range(_ID + _SECRET))
    return ReviewKey(digits[:_ID], digits[_ID:].encode("ascii"))


def check_digits(digits: str) -> str:
    """Four digits that tell whether the others were typed right: the first 20 bits of their SHA-256.

    Examples
    --------
    >>> check_digits("0" * 36)
    '85ep'
    """
    bits = int.from_bytes(hashlib.sha256(digits.encode("ascii")).digest()[:3], "big") >> 4
    return "".join(_DIGITS[bits >> shift & 31] for shift in (15, 10, 5, 0))


def parse_key(text: str) -> ReviewKey:
    """Read a key as it was given out, with groups and capitals or without.

    Raises
    ------
    ReviewError
        If it is none: a digit is wrong or missing.
    """
    digits = text.lower().translate(_MISREAD)
    body, check = digits[: _ID + _SECRET], digits[_ID + _SECRET :]
    if len(digits) != _ID + _SECRET + _CHECK or any(d not in _DIGITS for d in digits) or check_digits(body) != check:
        raise ReviewError(
            "this is no key of a reviewer: a character is wrong or missing", hint="compare it with the one printed"
        )
    return ReviewKey(body[:_ID], body[_ID:].encode("ascii"))


def canonical(value: Any) -> bytes:
    """JSON written in the one way that signatures are made of.

    Raises
    ------
    ValueError
        For what it cannot hold: fractions, half a surrogate pair, names of keys that are not ASCII.

    Examples
    --------
    >>> canonical({"b": ["您好", 1], "a": 'a "quoted" word'}).decode()
    '{"a":"a \\\\"quoted\\\\" word","b":["您好",1]}'
    """
    _insist_on_plain(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8")


def _insist_on_plain(value: Any) -> None:
    if isinstance(value, Mapping):
        for name, v in value.items():
            if not name.isascii():
                raise ValueError(f"{name!r} is not ASCII")
            _insist_on_plain(v)
    elif isinstance(value, list):
        for v in value:
            _insist_on_plain(v)
    elif isinstance(value, str) and "\0" in value:
        raise ValueError("a text holds a zero byte")
    elif not isinstance(value, str | int | None):
        raise ValueError(f"{value!r} is neither a text nor a whole number")


def read_decision_file(path: Path) -> DecisionFile:
    """Read a file that a page saved.

    Raises
    ------
    ReviewError
        If it cannot be read, is empty, cut off or something else; the file and the next step are named.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ReviewError(f"{path}: too large for a decision file", hint=_NOT_ONE)
        raw = path.read_bytes()
    except OSError as e:
        raise ReviewError(f"{path}: cannot be read: {e.strerror}", hint="let this user read it (chmod u+r), or copy it") from e
    if not raw.strip():
        raise ReviewError(f"{path}: is empty", hint=f"copy it again, or {_AGAIN}")
    try:
        data = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_float=_no_fraction, parse_constant=_no_fraction
        )
    except UnicodeDecodeError as e:
        raise ReviewError(f"{path}: is no decision file: it is not UTF-8", hint=_NOT_ONE) from e
    except json.JSONDecodeError as e:
        text = raw.decode("utf-8-sig").strip()
        what = "is cut off" if text.startswith("{") and not text.endswith("}") else "is no decision file"
        what += f": line {e.lineno}: {e.msg}"
        raise ReviewError(f"{path}: {what}", hint=f"copy it again from where it was saved, or {_AGAIN}") from e
    except (ValueError, RecursionError) as e:
        raise ReviewError(f"{path}: is no decision file: {e}", hint=_NOT_ONE) from e
    fault = _fault(data)
    if fault is not None:
        raise ReviewError(f"{path}: is no decision file of the form {REVIEW_SCHEMA}: {fault}", hint=_NOT_ONE)
    try:
        signed = canonical({name: value for name, value in data.items() if name != "signature"})
        decisions = tuple(_decision(d) for d in data["decisions"])
    except ValueError as e:
        raise ReviewError(f"{path}: is no decision file: {e}", hint=_NOT_ONE) from e
    sha256 = hashlib.sha256(raw).hexdigest()
    return DecisionFile(path, sha256, data["key_id"], decisions, signed, data["signature"]["value"])


_NOT_ONE = "name files that a page saved by 'Save decisions', as they were saved"


def _decision(d: Mapping[str, Any]) -> Decision:
    where = f"{d['call_id']}, {d['criterion']}"
    if d["decision"] == "reject":
        if d["held"] == d["outcome"]:
            raise ValueError(f"{where}: rejected for what it is")
        if not d["comment"].strip():
            raise ValueError(f"{where}: rejected without a reason")
    elif d["held"] != d["outcome"]:
        raise ValueError(f"{where}: another outcome is held right, and it is not rejected")
    if d["decision"] == "comment" and not d["comment"].strip():
        raise ValueError(f"{where}: a comment without words")
    known = {n: d[n] for n in Decision.__slots__ if n not in ("kind", "decided_at")}
    return Decision(**known, kind=d["decision"], decided_at=datetime.fromisoformat(d["decided_at"]))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names stand once each: of two, a signature would be of one and a reader might take the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_fraction(text: str) -> Any:
    raise ValueError(f"{text} is no whole number")


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(Path(__file__).with_name("review.schema.json").read_text("utf-8")))


def _fault(data: Any) -> str | None:
    """What is wrong with a file's form, where first; None where nothing is."""
    from jsonschema.exceptions import best_match

    if not isinstance(data, Mapping):
        return "no object"
    if data.get("schema") != REVIEW_SCHEMA:
        return f"'schema' says {data['schema']!r}"[:200] if "schema" in data else "'schema' is missing"
    error = best_match(_validator().iter_errors(data))
    if error is None:
        return None
    return f"{error.json_path}: {error.message}"[:300]
