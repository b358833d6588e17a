"""``callaudit review``: keys, decision files signed by other means, and what they do to verdicts and scores."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import shutil
import stat
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from audit.batch.plan import audit_keys
from audit.cli import cli
from audit.storage import Store, read_digests, unreviewed_calls
from tests.cli.calls import fill_store, spoken
from tests.cli.test_rescore import POLITE, RUDE, call
from tests.conftest import ROOT

CRITERION = "open.no-wei"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    out = tmp_path_factory.mktemp("audited") / "out"
    fill_store(out, [spoken("polite", POLITE), spoken("rude", RUDE, agent="A2")])
    assert call("rescore", out).exit_code == 0
    return out


@pytest.fixture
def audited(template, tmp_path):
    return shutil.copytree(template, tmp_path / "out")


@pytest.fixture
def key(audited):
    return call("review", "key", "QA 7", audited).stdout.strip()


def evaluation_of(out, call_id):
    return json.loads((out / "calls" / f"{call_id}.json").read_text("utf-8"))["evaluation"]


def outcome_of(out, call_id, criterion=CRITERION):
    return next(o for o in evaluation_of(out, call_id)["outcomes"] if o["criterion"] == criterion)


def decided(out, call_id="rude", criterion=CRITERION, **more):
    """What a page would say of a call's verdict."""
    with Store.in_folder(out) as store:
        found = next(c for c in store.calls() if c.record.call_id == call_id)
    e = found.evaluation
    verdict = next(o.by_rules for o in e.outcomes if o.criterion == criterion)
    d = {
        "call_id": call_id, "criterion": criterion, "evaluation_id": found.evaluation_id, "scorecard": e.scorecard,
        "scorecard_version": e.scorecard_version, "scorecard_sha256": e.scorecard_sha256, "outcome": verdict,
        "decision": "reject", "held": "pass", "comment": "没有说“喂”", "decided_at": "2026-11-22T09:03:11.123Z",
    }  # fmt: skip
    d |= more
    return d | ({} if "held" in more or d["decision"] == "reject" else {"held": verdict})


def signed(path, key, *decisions):
    """A decision file, its signature made of nothing but the standard library."""
    digits = key.replace("-", "")
    body = {"schema": "callaudit.review/1", "key_id": digits[:4], "saved_at": "2026-11-22T09:05:00Z", "decisions": [*decisions]}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    value = hmac.new(digits[4:36].encode(), text.encode("utf-8"), hashlib.sha256).hexdigest()
    body["signature"] = {"algorithm": "HMAC-SHA-256", "value": value}
    path.write_text(json.dumps(body, ensure_ascii=False), "utf-8")
    return path


def taken(out, *files, pages="--no-pages"):
    done = call("review", "import", *files, "--dir", out, pages)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_rejected_verdict_counts_as_the_reviewer_says_everywhere(audited, key, tmp_path):
    before = evaluation_of(audited, "rude")
    said = taken(audited, signed(tmp_path / "d.json", key, decided(audited)), pages="--pages")
    assert said.startswith("1 taken in, 0 known before; 1 calls changed; see ")
    after, o = evaluation_of(audited, "rude"), outcome_of(audited, "rude")
    assert (o["outcome"], o["tool"]["outcome"]) == ("pass", "fail") and "没有说" in o["reasons"]["zh"]
    assert o["reviews"][0]["reviewer"] == "QA 7" and o["reviews"][0]["comment"] == "没有说“喂”"
    assert after["tool_score"] == before["score"]
    with Store.in_folder(audited) as store:
        digest = next(d for d in read_digests(store) if d.call_id == "rude")
    assert digest.score == after["score"] and digest.outcomes[CRITERION].outcome == "pass"
    with (audited / "calls.csv").open(encoding="utf-8-sig") as f:
        row = next(r for r in csv.DictReader(f) if r["call_id"] == "rude")
    assert CRITERION not in row["failed_criteria"].split()
    assert (row["n_overruled"], float(row["tool_score"])) == ("1", before["score"])
    assert "0 of 1 reviewed (0–79 %)" in (audited / "team.html").read_text("utf-8")  # Wilson's interval of none in one


def test_the_score_is_that_of_the_score_code(audited, key, tmp_path):
    from audit.evaluation import load_scorecard
    from audit.evaluation.score import put_together

    fails = [o["criterion"] for o in evaluation_of(audited, "rude")["outcomes"] if o["outcome"] == "fail"]
    taken(audited, signed(tmp_path / "d.json", key, *(decided(audited, criterion=c) for c in fails)))
    with Store.in_folder(audited) as store:
        e = next(c.evaluation for c in store.calls() if c.record.call_id == "rude")
    assert e.score == put_together(load_scorecard("zh-service"), e.outcomes, e.signs).score > e.tool_score


def test_the_same_file_again_adds_nothing(audited, key, tmp_path):
    once = decided(audited)
    file = signed(tmp_path / "d.json", key, once)
    taken(audited, file)
    with Store.in_folder(audited) as store, store.reading() as c:
        n = c.exec_driver_sql("SELECT count(*) FROM evaluations").scalar()
    assert taken(audited, file, file) == "0 taken in, 2 known before; 0 calls changed\n"
    later = signed(tmp_path / "later.json", key, once, decided(audited, "polite", decision="accept", comment=""))
    assert taken(audited, later).startswith("1 taken in, 1 known before; 1 calls changed")
    with Store.in_folder(audited) as store, store.reading() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM evaluations").scalar() == n + 1


def test_of_two_reviewers_the_later_decision_counts_whichever_file_comes_first(audited, key, tmp_path):
    other = call("review", "key", "QA 8", audited).stdout.strip()
    upholds = decided(audited, decision="accept", comment="", decided_at="2026-11-22T10:00:00Z")
    taken(audited, signed(tmp_path / "late.json", other, upholds))
    said = taken(audited, signed(tmp_path / "early.json", key, decided(audited)))
    assert "QA 8 says fail, QA 7 pass; the later counts" in said
    o = outcome_of(audited, "rude")
    assert o["outcome"] == "fail" and [r["reviewer"] for r in o["reviews"]] == ["QA 7", "QA 8"]
    listed = call("review", "list", audited, "--conflicts").stdout.splitlines()
    assert [line.split("[")[1].split("]")[0] for line in listed] == ["overtaken", "counts"]


def test_rescoring_by_the_same_rules_keeps_what_reviewers_said(audited, key, tmp_path):
    taken(audited, signed(tmp_path / "d.json", key, decided(audited)))
    after = evaluation_of(audited, "rude")
    assert call("rescore", audited, "--all").stdout.startswith("0 rescored, 2 unchanged")
    assert evaluation_of(audited, "rude") == after


def test_a_call_that_is_audited_anew_is_reviewed_by_the_next_rescore(audited, key, tmp_path):
    taken(audited, signed(tmp_path / "d.json", key, decided(audited)))
    fill_store(audited, [spoken("rude", [*RUDE, ("customer", "再见。")], agent="A2")])
    call("rescore", audited)
    assert outcome_of(audited, "rude")["tool"]["outcome"] == "fail"


def test_a_call_that_a_run_audits_anew_is_reviewed_when_the_run_ends(audited, key, tmp_path):
    from audit.batch.across import look_across
    from audit.batch.judge import ScorecardJudge
    from audit.cli.closing import now
    from audit.pipeline import Settings

    taken(audited, signed(tmp_path / "d.json", key, decided(audited)))
    with Store.in_folder(audited) as store:
        settings = Settings()
        judge = ScorecardJudge(settings)  # as a worker's, it knows of no reviews
        record = spoken("rude", [*RUDE, ("customer", "再见。")], agent="A2")
        number = store.begin(str(audited / "rude.wav"), "rude", size_bytes=2, mtime_ns=2, now=now())
        keys = audit_keys(settings, record.metadata)
        store.save_result(number, record, judge.evaluate(record), keys, options={}, now=now())
        assert "rude" in unreviewed_calls(store)
        knowing = ScorecardJudge(settings, store)
        found = look_across(store, knowing, audited, options={}, lang="zh", clock=now, languages=store.languages())
        assert found.n_rejudged == 1 and unreviewed_calls(store) == frozenset()
    assert outcome_of(audited, "rude")["tool"]["outcome"] == "fail"


def test_a_decision_on_a_verdict_that_the_rules_no_longer_give_is_kept_and_not_counted(audited, key, tmp_path):
    file = signed(tmp_path / "d.json", key, decided(audited))
    taken(audited, file)
    fill_store(audited, [spoken("rude", [("agent", "您好，请讲。"), *RUDE[1:]], agent="A2")])
    call("rescore", audited)
    o = outcome_of(audited, "rude")
    assert o["outcome"] == "pass" and "tool" not in o and "reviews" not in o
    assert taken(audited, file).endswith("1 on verdicts that have changed since: kept, not counted\n")
    assert "[stale]" in call("review", "list", audited, "--stale").stdout


def test_a_page_made_before_a_rescore_can_still_be_decided_on(audited, key, tmp_path):
    old = decided(audited)
    mine = tmp_path / "zh-service"
    shutil.copytree(ROOT / "rules" / "zh-service", mine)
    (mine / "scorecard.yml").write_text("# ours\n" + (mine / "scorecard.yml").read_text("utf-8"), "utf-8")
    call("rescore", audited, "--scorecard", mine)
    file = signed(tmp_path / "d.json", key, old)
    done = call("review", "import", file, "--dir", audited)
    assert done.exit_code == 2 and "not at hand" in done.stderr and "--scorecard" in done.stderr
    assert "no decisions yet" in call("review", "list", audited).stdout
    done = call("review", "import", file, "--dir", audited, "--scorecard", mine, "--no-pages")
    assert done.exit_code == 0 and outcome_of(audited, "rude")["tool"]["outcome"] == "fail"


def refused(out, *files):
    before = evaluation_of(out, "rude")
    done = call("review", "import", *files, "--dir", out)
    assert done.exit_code == 2 and "next:" in done.stderr, done.output
    assert evaluation_of(out, "rude") == before and "no decisions yet" in call("review", "list", out).stdout
    return done.stderr


def test_a_changed_file_is_refused(audited, key, tmp_path):
    file = signed(tmp_path / "d.json", key, decided(audited))
    file.write_text(file.read_text("utf-8").replace('"held": "pass"', '"held": "not_applicable"'), "utf-8")
    assert "d.json: the signature does not fit" in refused(audited, file)


def test_an_unknown_key_is_named(audited, key, tmp_path):
    stranger = ("0000" if key[:4] != "0000" else "1111") + key[4:]
    assert f"the key {stranger[:4]}, which this store does not know" in refused(
        audited, signed(tmp_path / "d.json", stranger, decided(audited))
    )


def test_a_revoked_key_signs_nothing_more_and_a_new_one_can_be_made(audited, key, tmp_path):
    assert call("review", "key", "QA 7", audited).exit_code == 2
    assert call("review", "key", "QA 7", audited, "--revoke").exit_code == 0
    assert "was revoked on" in refused(audited, signed(tmp_path / "d.json", key, decided(audited)))
    again = call("review", "key", "QA 7", audited).stdout.strip()
    taken(audited, signed(tmp_path / "d2.json", again, decided(audited)))
    listed = call("review", "list", audited, "--keys").stdout
    assert listed.count("QA 7") == 2 and listed.count("revoked") == 1 and key[5:] not in listed


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"evaluation_id": 999}, "evaluation 999 of that call is not in this store"),
        ({"call_id": "polite"}, "is not in this store"),
        ({"criterion": "open.absent"}, "no such criterion"),
        ({"outcome": "not_applicable"}, "says fail, not not_applicable"),
        ({"scorecard_sha256": "0" * 64}, "another scorecard"),
    ],
    ids=["evaluation", "call", "criterion", "outcome", "scorecard"],
)
def test_what_the_store_does_not_hold_is_refused(audited, key, tmp_path, more, why):
    assert why in refused(audited, signed(tmp_path / "d.json", key, decided(audited) | more))


def test_of_several_files_all_are_taken_or_none_and_each_fault_is_named(audited, key, tmp_path):
    good = signed(tmp_path / "good.json", key, decided(audited))
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "cut.json").write_bytes(good.read_bytes()[:-60])
    said = refused(audited, good, tmp_path / "empty.json", tmp_path / "cut.json")
    assert "empty.json: is empty" in said and "cut.json: is cut off" in said and "no file was taken" in said


def test_a_file_that_may_not_be_read_is_named(audited, key, tmp_path, monkeypatch):
    from pathlib import Path

    file = signed(tmp_path / "d.json", key, decided(audited))
    read = Path.read_bytes

    def forbidden(self):
        if self == file:
            raise PermissionError(13, "Permission denied", str(self))
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", forbidden)  # root may read what it likes
    assert "d.json: cannot be read: Permission denied" in refused(audited, file)


def test_the_store_with_keys_is_its_owners_alone_and_nothing_is_taken_where_it_is_not(audited, key, tmp_path):
    db = audited / "callaudit.db"
    assert stat.S_IMODE(db.stat().st_mode) == 0o600
    db.chmod(0o644)
    assert f"chmod 600 {db}" in refused(audited, signed(tmp_path / "d.json", key, decided(audited)))


def test_rates_count_each_outcome_once_and_tell_fails_from_passes(audited, key, tmp_path):
    other = call("review", "key", "QA 8", audited).stdout.strip()
    mine = [decided(audited), decided(audited, "polite", decision="accept", comment="")]
    taken(audited, signed(tmp_path / "a.json", key, *mine))
    again = decided(audited, decided_at="2026-11-22T11:00:00Z", comment="我也听了")
    remark = decided(audited, "polite", decision="comment", comment="语气好", decided_at="2026-11-22T12:00:00Z")
    taken(audited, signed(tmp_path / "b.json", other, again, remark))
    done = call("review", "export", audited, "--csv", tmp_path / "d.csv", "--agreement", tmp_path / "a.csv")
    assert done.stdout == "4 decisions on 1 criteria\n"
    with (tmp_path / "a.csv").open(encoding="utf-8-sig") as f:
        (row,) = csv.DictReader(f)
    assert (row["n_decided"], row["n_upheld"], row["n_overruled"], row["upheld_ratio"]) == ("2", "1", "1", "0.5")
    assert (row["n_fails_decided"], row["n_fails_upheld"], row["n_passes_decided"], row["n_passes_upheld"]) == tuple("1011")
    # Wilson's interval of 1 in 2, by its formula
    assert (row["upheld_low_ratio"], row["upheld_high_ratio"]) == ("0.095", "0.905")
    with (tmp_path / "d.csv").open(encoding="utf-8-sig") as f:
        rows = {(r["reviewer"], r["decision"]): r["standing"] for r in csv.DictReader(f)}
    assert rows == {
        ("QA 7", "reject"): "seconds", ("QA 7", "accept"): "counts", ("QA 8", "reject"): "counts",
        ("QA 8", "comment"): "remark",
    }  # fmt: skip
    listed = call("review", "list", audited).stdout
    assert "open.no-wei  50% (9%–91%)  1 of 2; fails 0 of 1, passes 1 of 1" in listed


def test_what_is_listed_as_json_is_what_is_exported(audited, key, tmp_path):
    taken(audited, signed(tmp_path / "a.json", key, decided(audited)))
    listed = json.loads(call("review", "list", audited, "--json").stdout)
    assert listed["decisions"][0]["standing"] == "counts" and listed["agreement"][0]["n_overruled"] == 1


def test_a_clock_that_is_ahead_decides_nothing_for_ever(audited, key, tmp_path):
    other = call("review", "key", "QA 8", audited).stdout.strip()
    ahead = (datetime.now(UTC) + timedelta(days=3650)).isoformat(timespec="seconds").replace("+00:00", "Z")
    taken(audited, signed(tmp_path / "a.json", key, decided(audited, decided_at=ahead)))
    now = (datetime.now(UTC) + timedelta(seconds=30)).isoformat(timespec="seconds").replace("+00:00", "Z")
    taken(audited, signed(tmp_path / "b.json", other, decided(audited, decision="accept", comment="", decided_at=now)))
    assert outcome_of(audited, "rude")["outcome"] == "fail"


def test_words_of_the_commands_come_in_chinese(audited, key, tmp_path):
    file = signed(tmp_path / "a.json", key, decided(audited))
    done = CliRunner().invoke(cli, ["review", "import", str(file), "--dir", str(audited), "--no-pages", "--lang", "zh"])
    assert done.exit_code == 0 and "导入 1 条，已有 0 条；1 通电话的结果有变化" in done.stdout
    done = CliRunner().invoke(cli, ["review", "list", str(audited), "--lang", "zh"])
    assert "“不合格”改为“合格”" in done.stdout and "[生效]" in done.stdout
