"""What an agent says far more often than the others is found without a list, and what only looks so is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit.records import Evidence
from audit.report import ReportedCall, ReportSettings
from audit.report.habits import compare, named_habits, put_aside
from audit.report.messages import LANGUAGES
from audit.report.shelf import Shelf
from audit.report.spoken import SpokenHabit
from audit.words import Transcript, Turn, Word
from tests.report.made_calls import GENERATED_AT, call, outcome, write_recording
from tests.report.test_write import parse, write

SAYINGS = (
    "我马上帮您查询这个月的话费", "您的套餐是每月五十八元", "请您稍等一下", "那边的师傅明天上门", "系统里面已经登记好了",
    "麻烦您说一下地址", "这个业务今天可以办理", "退款会在三个工作日到账", "我这边给您重新开通", "您看还有别的问题吗",
    "合同是去年签的", "发票已经寄出去了", "我再核对一下您的资料", "短信稍后会发给您", "这项服务是免费的",
)  # fmt: skip
ENGLISH = (
    "I will check the bill for you", "your plan is renewed each month", "the engineer comes tomorrow morning",
    "please give me the address", "the refund arrives in three days", "I have booked that now", "your contract began last year",
    "we will send you a letter", "the service is free of charge", "let me look at the account", "that order was shipped today",
    "is there a number we can reach",
)  # fmt: skip
AGENTS = "ABCDEF"


def spoken(call_id: str, agent: str, texts: list[tuple[str, str]], lang: str = "zh", **options) -> ReportedCall:
    """A call whose words last 0.1 s each."""
    turns, at = [], 1.0
    for role, text in texts:
        units = [c for c in text if c not in "，。？"] if lang == "zh" else text.split()
        words = tuple(Word(at + 0.1 * i, at + 0.1 * (i + 1), u, 0.9) for i, u in enumerate(units))
        turns.append(Turn(at, words[-1].end_s, role, text, 0.9, words))
        at = words[-1].end_s + 0.1
    made = call(call_id, agent_id=agent, agent_name=options.pop("name", None), **options)
    return ReportedCall(replace(made.record, transcript=Transcript(lang, "base", tuple(turns), 0.97)), made.evaluation)


def archive(
    add: dict[str, str], *, n_calls: int = 14, seed: int = 0, often: float = 0.4, said: dict[str, str] | None = None, **options
) -> list[ReportedCall]:
    """Calls of six agents who say the same things by chance; some of them `add` something to a part of their turns."""
    rng, lang = np.random.default_rng(seed), options.get("lang", "zh")
    sayings = ENGLISH if lang == "en" else SAYINGS
    calls = []
    for agent in AGENTS:
        for n in range(n_calls):
            texts = [("agent", "您好，晨星电信，很高兴为您服务")]
            for _ in range(12):
                text = str(rng.choice(sayings))
                if agent in add and rng.random() < often:
                    text = add[agent].format(text)
                texts += [("agent", text), ("customer", (said or {}).get(agent, "好"))]
            calls.append(spoken(f"{agent}{n}", agent, texts, **options))
    return calls


def found_in(folder: Path, calls: list[ReportedCall], **options) -> dict[str, tuple[SpokenHabit, ...]]:
    """The habits of each agent that has one, without a page."""
    settings = ReportSettings("en", GENERATED_AT, names=options.get("names", ()))
    for part in ("shelf", "words"):
        (folder / part).mkdir(parents=True)
    shelf = Shelf(folder / "shelf", calls)
    ids = {a: [c.call_id for c in shelf.digests(a)] for a in shelf.agents()}
    aside = [put_aside(folder / "words", a, shelf.phrases(a, ids[a])) for a in ids]
    habits = compare(folder / "words", aside, settings.habits)
    found = {a: named_habits(folder / "words", h, shelf, ids[a], settings) for a, h in habits.items()}
    return {a: h for a, h in found.items() if h}


def habits_of(folder: Path, calls: list[ReportedCall], **options) -> dict[str, list[str]]:
    return {a: [h.text for h in found] for a, found in found_in(folder, calls, **options).items()}


def test_a_habit_that_no_list_has_is_found_with_its_figures_and_nothing_else_is(tmp_path: Path) -> None:
    calls = archive({"A": "说到底呢，{}"})
    ((agent, (found,)),) = found_in(tmp_path, calls).items()
    texts = ["".join(t.text for t in c.record.transcript.turns if t.role == "agent") for c in calls[:14]]
    assert (agent, found.text) == ("A", "说到底呢")
    assert found.habit.n == sum(t.count("说到底呢") for t in texts)
    assert (found.habit.n_calls, found.habit.of_calls) == (sum("说到底呢" in t for t in texts), 14)
    assert (found.habit.others_rate, found.habit.ratio) == (0.0, None)
    heard = [p.call.record.call_id for p in found.places]
    most = sorted(range(14), key=lambda i: -texts[i].count("说到底呢"))
    assert [texts[int(i[1:])].count("说到底呢") for i in heard] == [texts[i].count("说到底呢") for i in most[:2]]
    for p in found.places:
        (turn,) = [t for t in p.call.record.transcript.turns if t.start_s <= p.evidence.start_s < t.end_s]
        assert turn.text.startswith("说到底呢") and p.evidence.start_s == turn.start_s
        assert p.evidence.end_s == pytest.approx(turn.start_s + 0.4)


def test_a_habit_in_english_is_found(tmp_path: Path) -> None:
    assert habits_of(tmp_path, archive({"C": "lovely jubbly, {}"}, lang="en")) == {"C": ["lovely jubbly"]}


def test_a_longer_habit_is_named_in_full(tmp_path: Path) -> None:
    assert habits_of(tmp_path, archive({"B": "咱们这么着行不行，{}"})) == {"B": ["咱们这么着行不行"]}


@pytest.mark.parametrize("seed", range(3))
def test_of_agents_who_speak_alike_nobody_has_a_habit(tmp_path: Path, seed: int) -> None:
    assert habits_of(tmp_path, archive({}, seed=seed)) == {}


def test_one_call_full_of_it_makes_no_habit(tmp_path: Path) -> None:
    calls = archive({})
    calls[0] = spoken("A0", "A", [("agent", "您好"), *[("agent", "国际漫游包，国际漫游包")] * 30])
    assert habits_of(tmp_path, calls) == {}


def test_what_the_customers_of_an_agent_speak_of_too_is_no_habit(tmp_path: Path) -> None:
    add = {"A": "宽带，{}"}
    assert habits_of(tmp_path / "topic", archive(add, said={"A": "我家宽带坏了"})) == {}
    assert habits_of(tmp_path / "habit", archive(add)) == {"A": ["宽带"]}


def test_an_agents_own_name_is_no_habit(tmp_path: Path) -> None:
    assert habits_of(tmp_path, archive({"A": "我是王小丽，{}"}, name="王小丽")) == {}


@pytest.mark.parametrize("names", [(), ("晨星宝",)], ids=["nobody said it is one", "a product's"])
def test_a_name_of_the_company_is_no_habit(tmp_path: Path, names: tuple[str, ...]) -> None:
    found = habits_of(tmp_path, archive({"A": "用晨星宝，{}"}), names=names)
    assert found == ({} if names else {"A": ["用晨星宝"]})


@pytest.mark.parametrize(
    ("added", "found"),
    [("反正，{}", {}), ("{}的话呢", {}), ("{}的话", {"A": ["的话"]})],
    ids=["one", "one whose piece is none", "such a piece by itself"],
)
def test_a_filler_of_the_closed_list_is_not_found_again(tmp_path: Path, added: str, found: dict[str, list[str]]) -> None:
    assert habits_of(tmp_path, archive({"A": added})) == found


def test_what_a_passed_criterion_asks_for_is_no_habit(tmp_path: Path) -> None:
    asked = []
    for c in archive({"A": "感谢您的耐心等待，{}"}):
        places = tuple(
            Evidence(t.start_s, t.words[7].end_s, "agent", "感谢您的耐心等待", "exact")
            for t in c.record.transcript.turns
            if t.text.startswith("感谢")
        )
        thanks = outcome("talk.hold-thank", "pass" if places else "fail", (2, 2), ("致谢", "Thanks"), evidence=places)
        asked.append(replace(c, evaluation=replace(c.evaluation, outcomes=(thanks,))))
    assert habits_of(tmp_path, asked) == {}


def test_calls_are_held_against_those_of_the_same_queue(tmp_path: Path) -> None:
    def of_queue(c: ReportedCall) -> ReportedCall:
        queue = "repairs" if c.record.metadata.agent_id in "ABCD" else "sales"
        return replace(c, record=replace(c.record, metadata=replace(c.record.metadata, variables={"queue": queue})))

    add = dict.fromkeys("ABCD", "师傅上门前会打电话，{}") | {"A": "说到底呢，师傅上门前会打电话，{}"}
    assert habits_of(tmp_path, [of_queue(c) for c in archive(add)]) == {"A": ["说到底呢"]}


@pytest.mark.parametrize(
    ("lang", "n_calls", "agents", "text"),
    [
        ("en", 3, "ABCDEF", "Nothing was compared: 3 calls have words, 5 are needed."),
        ("zh", 3, "ABCDEF", "有文字的通话只有 3 通，至少需要 5 通"),
        ("en", 6, "ABC", "fewer than 3 colleagues"),
        ("zh", 6, "ABC", "同事不足 3 名"),
        ("en", 6, "ABCDEF", "None was found."),
        ("zh", 6, "ABCDEF", "没有发现。"),
    ],
    ids=["few calls", "few calls, Chinese", "few colleagues", "few colleagues, Chinese", "nothing", "nothing, Chinese"],
)
def test_why_nothing_was_found_is_said(tmp_path: Path, lang: str, n_calls: int, agents: str, text: str) -> None:
    calls = [c for c in archive({}, n_calls=n_calls) if c.record.metadata.agent_id in agents]
    pages = write(tmp_path, calls, lang, with_audio=False, agents=["A"])
    assert text in parse(pages["A"]).text
    data = json.loads(pages["A"].with_suffix(".json").read_text("utf-8"))["habits"]
    assert (data is None) == ("fewer" in text or "不足 3 名" in text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_plays_a_habit_and_says_that_it_moves_no_score(tmp_path: Path, lang: str) -> None:
    recording = tmp_path / "a.wav"
    plain = [outcome("word.rule", "pass", (1, 1), ("一项", "A rule"))]
    sha256 = write_recording(recording, 30.0)
    calls = archive({"A": "说到底呢，{}"}, n_calls=8, path=str(recording), sha256=sha256, items=plain)
    page = write(tmp_path / "out", calls, lang, agents=["A"])["A"]
    html = page.read_text("utf-8").partition('<section id="habits">')[2].partition("</section>")[0]
    assert "“说到底呢”" in html
    assert "<audio" in html and 'href="../call-pages/A' in html
    assert {"en": "nothing here gives or takes points", "zh": "不加分也不扣分"}[lang] in html
    ids = [a["id"] for _, a in parse(page).elements if "id" in a]
    assert len(ids) == len(set(ids))
    (found,) = json.loads(page.with_suffix(".json").read_text("utf-8"))["habits"]["found"]
    assert found["phrase"] == "说到底呢" and found["others_rate_per_1000"] == 0.0 and found["times_as_often"] is None
    assert all((tmp_path / "out" / "call-pages" / f"{i}.html").is_file() for i in found["calls"])
