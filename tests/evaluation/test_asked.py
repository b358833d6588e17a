"""The wordings that a scorecard asks for, as a recogniser is told them."""

from audit.evaluation import asked_phrases, load_scorecard


def test_what_must_be_said_is_asked_and_what_must_not_is_not():
    asked = asked_phrases(load_scorecard("zh-service"))
    assert {"为您服务", "请您谅解", "您久等"} <= set(asked)
    assert not {"不归我管", "你说完了吗"} & set(asked)
    assert not any("{" in p or "(" in p for p in asked)
