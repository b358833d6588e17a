"""A profile is read whole or refused with the file, the key and a suggestion."""

from __future__ import annotations

import pytest

from audit.errors import ProfileError
from audit.profile import Profile, load_profile


def written(tmp_path, text, encoding="utf8"):
    path = tmp_path / "profile.yml"
    path.write_bytes(text.encode(encoding))
    return path


def test_no_profile_gives_the_defaults():
    assert load_profile(None) == Profile()


def test_every_key_is_read(tmp_path):
    path = written(
        tmp_path,
        "company: 示例科技客户服务中心\ntime_zone: Europe/Berlin\nagent_channel: 1\ntone_plan: de\n"
        "file_name_pattern: '(?P<agent_id>\\d+)-(?P<call_id>\\d+)'\ncdr_columns: {call_id: Guid}\nvariables: {queue: 7}\n",
    )
    profile = load_profile(path)
    assert (profile.company, profile.agent_channel, profile.tone_plan) == ("示例科技客户服务中心", 1, "de")
    assert (profile.cdr_columns, profile.variables) == ({"call_id": "Guid"}, {"queue": "7"})
    assert str(profile.zone()) == "Europe/Berlin"


@pytest.mark.parametrize("text", ["", "# nothing\n"], ids=["empty", "only a comment"])
def test_an_empty_profile_is_the_default_one(tmp_path, text):
    assert load_profile(written(tmp_path, text)) == Profile()


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    assert load_profile(written(tmp_path, "company: A\n", "utf-8-sig")).company == "A"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("compny: A", "did you mean 'company'"),
        ("cdr_columns: {agnt_id: X}", "did you mean 'agent_id'"),
        ("time_zone: Asia/Peking", "Asia/Peking"),
        ("agent_channel: 2", "agent_channel must be 0, 1 or auto"),
        ("agent_channel: true", "agent_channel must be 0, 1 or auto"),
        ("file_name_pattern: '(?P<agent_id'", "not a regular expression"),
        ("company: [a]", "company must be text"),
        ("variables: 3", "variables must be a mapping"),
        ("- a\n- b", "a profile is a mapping"),
        ("a: [", "not a YAML file"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, text, said):
    with pytest.raises(ProfileError) as error:
        load_profile(written(tmp_path, text))
    assert said in str(error.value)
    assert "profile.yml" in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ProfileError, match=r"nowhere\.yml"):
        load_profile(tmp_path / "nowhere.yml")


@pytest.mark.parametrize("key", ["company", "time_zone", "tone_plan", "agent_channel", "file_name_pattern", "variables"])
def test_a_key_without_a_value_counts_as_left_out(tmp_path, key):
    assert load_profile(written(tmp_path, f"{key}:\n")) == Profile()


@pytest.mark.parametrize(
    ("written", "redact"),
    [
        ("redact: [card-number, phone-number]", {"card-number": "", "phone-number": ""}),
        ("redact: {card-number: PCI DSS, address: }", {"card-number": "PCI DSS", "address": ""}),
        ("redact: []", {}),
        ("company: A", None),
    ],
    ids=["list", "reasons", "nothing", "not said"],
)
def test_a_profile_says_what_reports_hide(tmp_path, written, redact):
    path = tmp_path / "profile.yml"
    path.write_text(written, "utf-8")
    assert load_profile(path).redact == redact


@pytest.mark.parametrize(
    ("written", "says"),
    [("redact: [card-numbers]", "unknown kind to redact 'card-numbers'"), ("redact: all", "must be a list of kinds")],
)
def test_a_kind_that_cannot_be_hidden_is_refused(tmp_path, written, says):
    path = tmp_path / "profile.yml"
    path.write_text(written, "utf-8")
    with pytest.raises(ProfileError, match=says):
        load_profile(path)
