"""One customer has one key, however a switch writes the number; a number that tells nobody apart has none."""

import pytest

from audit.followup import NumberPlan, customer_key

CN = NumberPlan()
US = NumberPlan(country_code="1", trunk_prefix="1", max_national_digits=10)
UK = NumberPlan(country_code="44", max_national_digits=10)


@pytest.mark.parametrize(
    ("plan", "written", "key"),
    [
        (
            CN,
            ["13800138000", "+8613800138000", "0086-138-0013-8000", "86 138 0013 8000", "０１３８００１３８０００"],
            "13800138000",
        ),
        (CN, ["010-62551234", "+86 10 6255 1234", "01062551234 ext 12", "010-6255-1234转88", "86 10 62551234"], "1062551234"),
        (CN, ["tel:+86-13800138000", "sip:13800138000@pbx.example.com;transport=udp"], "13800138000"),
        (CN, ["+1 202 555 0143", "001 2025550143"], "+12025550143"),
        (US, ["(202) 555-0143", "1-202-555-0143", "+1 202 555 0143", "202-555-0143 x55"], "2025550143"),
        (UK, ["020 7946 0018", "+44 20 7946 0018", "0044 2079460018", "+44 (0)20 7946 0018"], "2079460018"),
        (CN, ["A3F5C0DE99812B7E", "a3f5c0de99812b7e"], "a3f5c0de99812b7e"),
    ],
    ids=["mobile", "landline", "uri", "abroad", "america", "britain", "pseudonym"],
)
def test_the_ways_to_write_a_number_have_one_key(plan, written, key):
    assert {n: customer_key(n, plan) for n in written} == dict.fromkeys(written, key)


@pytest.mark.parametrize(
    "number",
    [
        None,
        "",
        "  ",
        "anonymous",
        "Anonymous",
        "匿名",
        "138****5678",
        "1380013xxxx",
        "8001",
        "10086",
        "0",
        "00000000000",
        "Line 3 Shanghai",
    ],
)
def test_a_number_that_tells_nobody_apart_has_no_key(number):
    assert customer_key(number, CN) is None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("13800138000", "13800138001"),
        ("+12025550143", "2025550143"),
        ("01062551234", "02162551234"),
        ("13800138000", "+3313800138000"),
    ],
)
def test_different_numbers_have_different_keys(a, b):
    assert customer_key(a, CN) != customer_key(b, CN)
