"""Entities: what people tell each other, in either language, as recognisers write it."""

import pytest

from audit.evaluation.entities import extract, share_said
from audit.evaluation.heard import prepare
from audit.words import Turn

ALL = ("number", "time", "amount", "date", "phone", "address", "name", "id")


def heard(text, language="zh"):
    return prepare(Turn(0.0, 10.0, "customer", text, 0.9), language)


def told(text, language="zh", asked=""):
    return [(e.kind, e.value) for e in extract(heard(text, language), ALL, asked=asked)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("下午三点半", [("time", "210")]),
        ("15点30分", [("time", "210")]),
        ("晚上八点一刻吧", [("time", "495")]),
        ("明天上午十点", [("date", "+1"), ("time", "600")]),
        ("9:05", [("time", "545")]),
        ("我有两点建议", []),
        ("声音大一点", []),
        ("三点五元", [("amount", "3.50")]),
        ("一百八十块五", [("amount", "180.50")]),
        ("扣了102.5元", [("amount", "102.50")]),
        ("两百块钱", [("amount", "200.00")]),
        ("八月十五号", [("date", "8-15")]),
        ("十一月3日", [("date", "11-3")]),
        ("二十五号", [("date", "25")]),
        ("三号楼", []),
        ("下周二", [("date", "w下二")]),
        ("星期天", [("date", "w日")]),
        ("我的电话是幺三九零零零零四四七一", [("phone", "13900004471")]),
        ("13900004471", [("phone", "13900004471")]),
        ("订单号是8 8 2 0 1 5", [("id", "882015")]),
        ("身份证后四位三六幺九", [("id", "3619")]),
        ("工单A2031", [("id", "a2031")]),
        ("我姓陈", [("name", "陈")]),
        ("免贵姓欧阳", [("name", "欧阳")]),
        ("我叫林小满，想问一下", [("name", "林小满")]),
        ("我是王先生", [("name", "王")]),
        ("我是高兴才打的", []),
        ("我是想问一下", []),
        ("您贵姓", []),
        ("我住在晴川市东湖区柳荫路二十八号三单元六零二室", [("address", "晴川市东湖区柳荫路二十八号三单元六零二室")]),
        ("你们那个地区的市场", []),
        ("等了二十分钟", [("number", "20")]),
        ("我问一下这个套餐", []),
        ("", []),
    ],
)
def test_mandarin_entities(text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at three thirty p.m.", [("time", "210")]),
        ("3:30 PM", [("time", "210")]),
        ("by 3pm tomorrow", [("time", "180"), ("date", "+1")]),
        ("half past four", [("time", "270")]),
        ("a quarter to nine", [("time", "525")]),
        ("around noon", [("time", "0")]),
        ("at two locations", []),
        ("March 5th", [("date", "3-5")]),
        ("the twenty first of June", [("date", "6-21")]),
        ("may I have it", []),
        ("on Friday", [("date", "wfriday")]),
        ("it was $24.50 for 1500 words", [("amount", "2450"), ("number", "1500")]),
        ("it was $24.50", [("amount", "2450")]),
        ("twenty four dollars and fifty cents", [("amount", "2450")]),
        ("1,200 dollars", [("amount", "1200")]),
        ("my phone number is one two three, four five six, seven eight nine zero", [("phone", "1234567890")]),
        ("555-0143, area code 212", [("phone", "5550143"), ("number", "212")]),
        ("order number 55201", [("id", "55201")]),
        ("it's AB1234", [("id", "ab1234")]),
        ("it is A B one two three four", [("id", "ab1234")]),
        ("My name is Olivia Flores", [("name", "olivia flores")]),
        ("Hi, I'm Judy Collins. It's nice to meet you, Mark.", [("name", "judy collins")]),
        ("Hi, this is Ms. Allen", [("name", "allen")]),
        ("I'm having an issue", []),
        ("I'm sorry", []),
        ("12 Maple Street", [("address", "twelve maple street")]),
        ("in fifteen minutes", [("number", "15")]),
        ("", []),
    ],
)
def test_english_entities(text, expected):
    assert told(text, "en") == expected


@pytest.mark.parametrize(
    ("asked", "text", "language", "expected"),
    [
        ("请问您的手机号", "4432109", "zh", [("phone", "4432109")]),
        ("请问您贵姓", "我性高", "zh", [("name", "高")]),
        ("请问您贵姓", "我性格很好", "zh", []),
        ("请您报一下手机号", "要三九零零零零四四七一", "zh", [("phone", "13900004471")]),
        ("your name", "Hi Jerry, I'm Linda Ward.", "en", [("name", "linda ward")]),
        ("your date of birth", "April second, 1985", "en", [("date", "4-2")]),
        ("请您报一下订单号", "13900004471", "zh", [("id", "13900004471")]),
        ("may i have your name please", "Sure, Theresa Allen.", "en", [("name", "theresa allen")]),
        ("what is your order number", "five five two zero one four nine", "en", [("id", "5520149")]),
    ],
)
def test_an_answer_is_what_was_asked_for(asked, text, language, expected):
    assert told(text, language, asked) == expected


@pytest.mark.parametrize(
    ("told_text", "again", "language", "share"),
    [
        ("电话是13900004471", "好的，幺三九零零零零四四七一，对吧", "zh", 1.0),
        ("电话是13900004471", "尾号四四七一", "zh", 4 / 11),
        ("电话是13900004471", "您稍等15秒", "zh", 0.0),
        ("下午三点半", "好的，15:30给您回电", "zh", 1.0),
        ("下午三点半", "三点半给您回电", "zh", 1.0),
        ("我姓陈", "晨先生您好", "zh", 1.0),
        ("我姓陈", "好的先生", "zh", 0.0),
        ("八月十五号", "十五号，好的", "zh", 1.0),
        ("八月十五号", "十六号，好的", "zh", 0.0),
        ("one two three four five six seven", "so that's 123, 4567", "en", 1.0),
        ("My name is Marie Baker", "Thank you, Marie.", "en", 1.0),
        ("My name is Marie Baker", "Thank you, Mrs. Baker.", "en", 1.0),
        ("My name is Marie Baker", "Thank you, Mark.", "en", 0.0),
        ("My name is Philippa Sorensen", "Sorry to hear that, Filippa.", "en", 1.0),
        ("My name is Theresa Allen", "Thank you, Teresa.", "en", 1.0),
        ("My name is Catherine Torres", "Well, Katherine.", "en", 1.0),
        ("My name is Brian Stone", "Please bring a stove", "en", 0.0),
        ("My name is Sarah Price", "The right place is here", "en", 0.0),
        ("My name is Harold Chambers", "No charges, we changed it", "en", 0.0),
        ("by 3pm", "three p.m. it is", "en", 1.0),
        ("12 Maple Street", "twelve maple street", "en", 1.0),
    ],
)
def test_how_much_is_said_again(told_text, again, language, share):
    entity = extract(heard(told_text, language), ALL)[0]
    assert share_said(entity, heard(again, language))[0] == pytest.approx(share)
