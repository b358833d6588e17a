"""Likeness in meaning, on paraphrases written by hand: other words for the same thing, and what each must be told from."""

import pytest

from audit.evaluation.meaning import nearness
from tests.evaluation.checks.judging import judged

ZH = (
    ("请您对我的服务做个评价", "麻烦您一会儿给我打个分"),
    ("还有其他可以帮您的吗", "请问您还需要别的帮助吗"),
    ("很抱歉给您带来不便", "对不起，让您费心了"),
    ("请您稍等一下", "麻烦您等一会儿"),
    ("我马上帮您查询", "我现在就给您查一查"),
    ("这不是我们部门负责的", "这事儿不归我们管"),
    ("我会在今天下午给您回电话", "下午我再打给您"),
    ("您能再说一遍吗", "不好意思我没听清，麻烦重复一下"),
    ("请提供一下您的身份证号码", "麻烦报一下证件号"),
    ("感谢您的来电", "谢谢您给我们打电话"),
    ("您的心情我非常理解", "换作是我也会着急的"),
    ("我帮您把问题反映给上级", "我会把情况上报给主管"),
)
EN = (
    ("please rate my service", "could you give me a score afterwards"),
    ("is there anything else i can help you with", "do you need help with something else"),
    ("sorry for the inconvenience", "i apologise for the trouble this caused"),
    ("please hold for a moment", "would you mind waiting a minute"),
    ("let me look into that right away", "i'll check this for you now"),
    ("that is not our department", "we don't deal with that here"),
    ("i will call you back this afternoon", "i'll ring you again later today"),
    ("could you say that again", "i didn't catch that, please repeat"),
    ("may i have your account number", "can you give me the number of your account"),
    ("thank you for calling", "thanks for getting in touch by phone"),
    ("i understand how you feel", "i would be upset too"),
    ("i will raise this with my supervisor", "i'll escalate it to my manager"),
)


@pytest.mark.parametrize(("pairs", "found", "taken_wrongly"), [(ZH, 8, 0.10), (EN, 9, 0.0)], ids=["Mandarin", "English"])
def test_the_figures_of_the_documentation_at_a_limit_of_one_half(pairs, found, taken_wrongly):
    """Of 12 pairs so many are found, and of the 132 that do not belong together at most so many."""
    table = [nearness(a, [b for _, b in pairs]) for a, _ in pairs]
    assert sum(row[i] >= 0.5 for i, row in enumerate(table)) >= found
    others = [v for i, row in enumerate(table) for j, v in enumerate(row) if i != j]
    assert sum(v >= 0.5 for v in others) <= taken_wrongly * len(others)


def test_other_words_for_the_same_thing_are_found_and_shown():
    check = {
        "kind": "similarity",
        "where": {"role": "agent"},
        "examples": ["请您稍等一下"],
        "method": "meaning",
        "min_ratio": 0.5,
    }
    result = judged(check, turns=["Agent 0-5: 好的，麻烦您等一会儿，我去问问。", "Customer 6-7: 好"])
    assert result.verdict == "pass"
    assert "麻烦您等一会儿" in result.evidence[0].heard
    assert result.reason["en"].endswith("(limit 50%)") and "in meaning" in result.reason["en"]
    assert judged(check, turns=["Agent: 您的话费是三十八块"]).verdict == "fail"
    assert judged({**check, "method": "ngram"}, turns=["Agent: 好的，麻烦您等一会儿"]).verdict == "fail"


def test_nothing_said_is_near_nothing():
    assert nearness("您好", []) == ()
