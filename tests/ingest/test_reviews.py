"""Decision files: their form, their signature made by other means, and keys that tell a slip of the pen."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from audit.errors import ReviewError
from audit.ingest.reviews import canonical, new_key, parse_key, read_decision_file

SECRET = b"0123456789abcdefghjkmnpqrstvwxyz"
DECISION = {
    "call_id": "通话-1", "criterion": "open.greet", "evaluation_id": 3, "scorecard": "zh-service", "scorecard_version": "2.0",
    "scorecard_sha256": "b" * 64, "outcome": "fail", "decision": "reject", "held": "pass",
    "comment": "听错了，\n说的是“您好”\u2028",
    "decided_at": "2026-11-22T09:03:11.123Z",
}  # fmt: skip


def signed(*decisions, key_id="k7qd", secret=SECRET, **more) -> bytes:
    """A file as a page saves one; the signature is made of text that this test writes by itself."""
    body = {"schema": "callaudit.review/1", "key_id": key_id, "saved_at": "2026-11-22T09:05:00Z", "decisions": [*decisions]}
    body |= more
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    body["signature"] = {
        "algorithm": "HMAC-SHA-256", "value": hmac.new(secret, text.encode("utf-8"), hashlib.sha256).hexdigest()
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False, indent=1).encode("utf-8")


@pytest.fixture
def saved(tmp_path):
    def save(raw: bytes):
        path = tmp_path / "decisions.json"
        path.write_bytes(raw)
        return path

    return save


def test_a_file_says_what_was_decided_and_that_its_owner_signed_it(saved):
    file = read_decision_file(saved(signed(DECISION)))
    assert file.is_signed_with(SECRET) and not file.is_signed_with(SECRET[::-1])
    (d,) = file.decisions
    assert (d.call_id, d.kind, d.outcome, d.held, d.evaluation_id) == ("通话-1", "reject", "fail", "pass", 3)
    assert d.decided_at.isoformat() == "2026-11-22T09:03:11.123000+00:00" and d.comment == DECISION["comment"]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [('"pass"', '"not_applicable"'), ("听错了", "听对了"), ('"evaluation_id": 3', '"evaluation_id": 4'), ("T09:03", "T10:03")],
    ids=["outcome", "reason", "evaluation", "time"],
)
def test_a_changed_file_no_longer_fits_its_signature(saved, was, becomes):
    raw = signed(DECISION).decode("utf-8")
    assert was in raw
    assert not read_decision_file(saved(raw.replace(was, becomes).encode("utf-8"))).is_signed_with(SECRET)


def test_indents_and_the_order_of_names_are_no_part_of_what_is_signed(saved):
    data = json.loads(signed(DECISION))
    turned = json.dumps(dict(reversed(data.items())), ensure_ascii=True)
    assert read_decision_file(saved(turned.encode("ascii"))).is_signed_with(SECRET)


def refused(path) -> str:
    with pytest.raises(ReviewError) as caught:
        read_decision_file(path)
    assert str(path) in caught.value.message and caught.value.hint
    return caught.value.message


GOOD = signed(DECISION)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (GOOD[:-40], "cut off"),
        (GOOD[: len(GOOD) // 2], "cut off"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"hello", "no decision file"),
        (b"[1, 2]", "no object"),
        (b'{"schema": "callaudit.call/1"}', "'schema' says 'callaudit.call/1'"),
        (b'{"type": "FeatureCollection"}', "'schema' is missing"),
        (signed(), "decisions"),
        (signed({**DECISION, "held": "right"}), "held"),
        (signed({**DECISION, "evaluation_id": 0}), "evaluation_id"),
        (signed({**DECISION, "extra": 1}), "extra"),
        (signed({n: v for n, v in DECISION.items() if n != "comment"}), "comment"),
        (signed({**DECISION, "comment": " "}), "without a reason"),
        (signed({**DECISION, "held": "fail"}), "rejected for what it is"),
        (signed({**DECISION, "decision": "accept"}), "not rejected"),
        (signed({**DECISION, "decision": "comment", "held": "fail", "comment": ""}), "without words"),
        (GOOD.replace(b'"evaluation_id": 3', b'"evaluation_id": 3.5'), "whole number"),
        (GOOD.replace(b'"evaluation_id": 3', b'"evaluation_id": NaN'), "whole number"),
        (GOOD.replace(b'"held": "pass"', b'"held": "pass", "held": "fail"'), "twice"),
        (GOOD.replace("听错了".encode(), b"\\ud800"), "surrogate"),
        (GOOD.replace("听错了".encode(), b"a\\u0000b"), "zero byte"),
        (b"[" * 100_000, "no decision file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_decision_file_is_refused_with_its_name_and_a_next_step(saved, raw, why):
    assert why in refused(saved(raw))


def test_a_key_is_read_as_people_write_it():
    key = new_key()
    assert len(key.text.split("-")) == 10
    assert parse_key(key.text) == parse_key(key.text.upper().replace("-", " ").replace("0", "O").replace("1", "l")) == key


def test_a_slip_of_the_pen_in_a_key_is_noticed():
    text = new_key().text
    for i, digit in enumerate(text):
        if digit != "-":
            with pytest.raises(ReviewError):
                parse_key(text[:i] + ("2" if digit != "2" else "3") + text[i + 1 :])


def test_what_is_signed_is_written_as_rfc_8785_writes_its_own_example_of_strings():
    # RFC 8785, 3.2.2 and 3.2.3: escapes, and names in order
    given = {"string": '€$\u000f\nA\'B"\\\\"/', "literals": None, "\r": "Carriage Return", "1": "One"}
    assert canonical(given).decode() == (
        '{"\\r":"Carriage Return","1":"One","literals":null,"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
