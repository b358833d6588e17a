"""Loading rule packs: every fault has a place, and nothing broken is loaded."""

import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from audit.errors import ScorecardError
from audit.evaluation import load_scorecard, schema, shipped_scorecards
from audit.resources import resource_dir


def faults_of(folder: Path) -> tuple[str, ...]:
    with pytest.raises(ScorecardError) as caught:
        load_scorecard(folder)
    return caught.value.faults


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_sound_pack_is_loaded(pack):
    card = load_scorecard(pack)
    assert [c.id for c in card.criteria] == ["open.greet", "open.offer", "word.abuse"]
    assert card.language == "zh"


def test_a_pack_is_found_by_its_scorecard_file_too(pack):
    assert load_scorecard(pack / "scorecard.yml").sha256 == load_scorecard(pack).sha256


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "says"),
    [
        ("opening/open.greet.yml", "points:", "ponts:", 4, "unknown key 'ponts'; did you mean 'points'?"),
        ("opening/open.greet.yml", "clause: 手册 一\n", "", 1, "the key 'clause' is missing"),
        ("opening/open.greet.yml", "kind: phrases", "kind: phrase", 9, "did you mean 'phrases'?"),
        ("opening/open.greet.yml", "role: agent", "rôle: agent", 10, "unknown key 'rôle'; did you mean 'role'?"),
        ("opening/open.greet.yml", "role: agent", "role: agnet", 10, "did you mean 'agent'?"),
        ("opening/open.greet.yml", "any: [您好]", "any: []", 11, "any must not be shorter than 1"),
        ("opening/open.greet.yml", "any: [您好]", "any: [您好]\n  none: [你好]", 9, "exactly one of any, all, none"),
        ("opening/open.greet.yml", "any: [您好]", 'any: ["(您|你好"]', 11, "alternatives are written (a|b)"),
        ("opening/open.greet.yml", "any: [您好]", 'any: ["…"]', 11, "a phrase must hold words"),
        ("opening/open.greet.yml", "points: 3", "points: many", 4, "points must be of type number"),
        ("opening/open.greet.yml", "points: 3", "points: 3\npoints: 4", 5, "stands here a second time"),
        ("opening/open.greet.yml", "id: open.greet", "id: open.great", 1, "must be the file's name"),
        ("opening/open.greet.yml", "clause: 手册 一", "clause: [", 5, "not valid YAML"),
        ("opening/open.greet.cases.yml", "expect: pass", "expect: passed", 2, "did you mean 'pass'?"),
        ("scorecard.yml", "open.greet,", "open.great,", 9, "unknown criterion 'open.great'; did you mean 'open.greet'?"),
        ("scorecard.yml", "open.greet, open.offer", "open.greet, open.greet, open.offer", 9, "is listed twice"),
        ("scorecard.yml", "weight: 30", "weight: 0", 9, "0"),
        ("scorecard.yml", "language: zh", "language: cn", 3, "unknown value 'cn'"),
    ],
)
def test_fault_is_named_with_file_and_line(pack, file, old, new, line, says):
    edit(pack / file, old, new)
    matching = [f for f in faults_of(pack) if f.startswith(f"{pack / file}:{line}:") and says in f]
    assert matching, faults_of(pack)


def test_bad_regular_expression_is_a_fault(pack):
    edit(pack / "opening/open.greet.yml", "kind: phrases", "kind: regex")
    edit(pack / "opening/open.greet.yml", "any: [您好]", 'any: ["(您好"]')
    (fault,) = faults_of(pack)
    assert fault.startswith(f"{pack / 'opening/open.greet.yml'}:11:9: not a regular expression")


def test_regular_expression_that_matches_nothing_is_a_fault(pack):
    edit(pack / "opening/open.greet.yml", "kind: phrases", "kind: regex")
    edit(pack / "opening/open.greet.yml", "any: [您好]", 'any: ["(您好)?"]')
    assert "matches nothing at all" in faults_of(pack)[0]


def test_unknown_record_field_is_a_fault_with_the_nearest_name(pack):
    path = pack / "opening/open.greet.yml"
    start = path.read_text("utf-8").split("check:")[0]
    path.write_text(start + "check: {kind: measure, field: timeline.n_ring, label: {zh: 响, en: rings}, max: 3}\n", "utf-8")
    assert "did you mean 'timeline.n_rings'?" in faults_of(pack)[0]


def test_pack_without_criteria_is_an_error_and_not_a_pass(pack):
    shutil.rmtree(pack / "opening")
    shutil.rmtree(pack / "wording")
    edit(pack / "scorecard.yml", "criteria: [open.greet, open.offer]", "criteria: []")
    edit(pack / "scorecard.yml", "criteria: [word.abuse]", "criteria: []")
    assert any("no criteria" in f for f in faults_of(pack))


def test_criterion_without_cases_is_a_fault(pack):
    (pack / "opening/open.offer.cases.yml").unlink()
    assert any("no cases beside it" in f for f in faults_of(pack))


def test_cases_without_a_criterion_are_a_fault(pack):
    (pack / "opening/open.gone.cases.yml").write_text("cases: [{name: x, expect: pass}]", "utf-8")
    assert any("cases without a criterion" in f for f in faults_of(pack))


def test_criterion_that_no_section_lists_is_a_fault(pack):
    edit(pack / "scorecard.yml", "open.greet, open.offer", "open.greet")
    assert any("'open.offer' is in no section" in f for f in faults_of(pack))


def test_two_files_with_one_id_are_a_fault(pack):
    shutil.copy(pack / "opening/open.greet.yml", pack / "wording/open.greet.yml")
    shutil.copy(pack / "opening/open.greet.cases.yml", pack / "wording/open.greet.cases.yml")
    assert any("is taken by" in f for f in faults_of(pack))


def test_all_faults_are_told_at_once(pack):
    edit(pack / "opening/open.greet.yml", "points:", "ponts:")
    edit(pack / "wording/word.abuse.yml", "why:", "whi:")
    found = "\n".join(faults_of(pack))
    assert "'ponts'" in found
    assert "'whi'" in found


def test_file_that_is_not_utf8_is_a_fault(pack):
    (pack / "opening/open.greet.yml").write_bytes("id: 您好".encode("gbk"))
    assert any("not UTF-8" in f for f in faults_of(pack))


def test_unknown_scorecard_name_offers_the_nearest():
    with pytest.raises(ScorecardError, match="did you mean 'zh-service'"):
        load_scorecard("zh-servise")


def test_folder_without_scorecard_is_an_error(tmp_path):
    with pytest.raises(ScorecardError, match="no scorecard"):
        load_scorecard(tmp_path)


def test_hash_follows_the_rules_and_not_their_cases(pack):
    before = load_scorecard(pack).sha256
    with (pack / "opening/open.greet.cases.yml").open("a", encoding="utf-8") as f:
        f.write('  - {name: two, expect: fail, turns: ["Agent: 喂"]}\n')
    assert load_scorecard(pack).sha256 == before
    edit(pack / "opening/open.greet.yml", "points: 3", "points: 2")
    assert load_scorecard(pack).sha256 != before


def test_yaml_cannot_make_objects(pack):
    (pack / "opening/open.greet.yml").write_text("!!python/object/apply:os.getcwd []", "utf-8")
    assert any("not valid YAML" in f for f in faults_of(pack))


def test_published_schema_is_a_schema():
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", shipped_scorecards())
def test_shipped_files_hold_no_handbook_company(name):
    text = "".join(p.read_text("utf-8") for p in (resource_dir("rules") / name).rglob("*.yml"))
    assert "{company}" in text
