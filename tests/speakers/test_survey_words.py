"""Words of a recorded survey at the end of a call."""

from __future__ import annotations

import pytest

from audit.segments import Segment
from audit.speakers.survey_words import Piece, SurveyWords, pieces_of, survey_by_words
from audit.words import Turn, Word

ZH_CALL = ("请问还有其他事吗", "没有了谢谢", "感谢您的来电祝您生活愉快再见", "再见")
EN_CALL = ("Is there anything else I can help you with?", "No, that is all.", "Have a great day. Goodbye.", "Bye.")


def leg(*texts: str, gap_s: float = 1.0) -> list[Piece]:
    """Pieces of 3 s each with pauses between."""
    return [Piece(k * (3.0 + gap_s), k * (3.0 + gap_s) + 3.0, text) for k, text in enumerate(texts)]


def found(*texts: str, others: tuple[Piece, ...] = (), language: str = "zh", known: tuple[str, ...] = ()) -> SurveyWords | None:
    return survey_by_words(leg(*texts), others, language=language, known=known)


@pytest.mark.parametrize(
    ("language", "call", "survey"),
    [
        ("zh", ZH_CALL, ("请对本次服务进行评价", "非常满意请按一，满意请按二", "感谢您的评价")),
        ("zh", ZH_CALL, ("请对本次服务进行评价", "非常满意请按1，不满意请按2")),
        ("en", EN_CALL, ("Please stay on the line for a short survey.", "Very satisfied, press one. Satisfied, press two.")),
        ("en", EN_CALL, ("Please rate the agent on a scale of one to five.", "Thank you for your feedback.")),
    ],
    ids=["asks and thanks", "keys as digits", "keys in English", "a rating in English"],
)
def test_a_survey_after_the_goodbye_begins_with_its_first_words_of_the_kind(language, call, survey) -> None:
    words = found(*call, *survey, language=language)
    assert words is not None
    assert words.start_s == 4 * len(call)
    assert words.log_odds > 0


def test_keys_that_were_misheard_are_known_by_their_sound() -> None:
    plain = found(*ZH_CALL, "请对本次服务评价", "满意请按一，一般请按三")
    misheard = found(*ZH_CALL, "请对本次服务评价", "买疫情汉一，一般情暗三")
    assert plain is not None and misheard is not None
    assert misheard.log_odds == plain.log_odds


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("zh", ZH_CALL),
        ("zh", ("您好，本月账单请按一", *ZH_CALL, "我先挂了")),
        ("zh", (*ZH_CALL[:2], "请您稍后对我的服务做出评价，非常满意请按五，再见")),
        ("zh", ("请按照流程办理", "你们的服务我很满意", "我再问一下地址", "好")),
        ("en", EN_CALL),
        ("en", (*EN_CALL[:2], "I would love it if you took our survey, press one after this call.")),
        ("fr", ("Appuyez sur la touche un",)),
    ],
    ids=[
        "none",
        "keys at the beginning",
        "an agent's own",
        "in the talk",
        "none in English",
        "an agent's in English",
        "no list",
    ],
)
def test_what_people_say_of_surveys_and_keys_is_none(language, texts) -> None:
    assert found(*texts, language=language) is None


def test_whom_somebody_answers_in_words_is_hardly_a_recording() -> None:
    survey = ("请对本次服务进行评价", "满意请按一，不满意请按二")
    silent = found(*ZH_CALL, *survey)
    answered = found(*ZH_CALL, *survey, others=(Piece(22.0, 24.0, "我不想评价你们服务太差"),))
    assert silent is not None and answered is not None
    assert answered.log_odds < 0 < silent.log_odds


def test_who_goes_on_in_the_breath_of_her_own_words_is_hardly_a_recording() -> None:
    keys = "非常满意请按一，满意请按二"
    handed_over, read_out = (
        survey_by_words(leg(*ZH_CALL, "请评价我的服务", keys, gap_s=gap_s), (), language="zh") for gap_s in (1.5, 0.4)
    )
    assert handed_over is not None and read_out is not None
    assert read_out.log_odds < 0 < handed_over.log_odds


def test_a_key_that_is_heard_afterwards_speaks_for_a_recording() -> None:
    pieces = leg(*ZH_CALL, "请对本次服务进行评价", "满意请按一，不满意请按二")
    without, heard = (survey_by_words(pieces, (), language="zh", keys_heard_s=keys) for keys in ((), (25.0,)))
    assert without is not None and heard is not None
    assert heard.log_odds > without.log_odds


def test_what_the_profile_knows_for_a_recording_is_one_though_it_names_no_key() -> None:
    line = "晨星邀请尊贵的您一起聊聊感受"
    assert found(*ZH_CALL, line) is None
    words = found(*ZH_CALL, "晨星邀请尊贵的您一起聊聊感想", known=(line,))
    assert words is not None
    assert words.log_odds > 0


def test_the_prompt_may_begin_after_the_last_farewell_and_no_sooner() -> None:
    words = found(*ZH_CALL, "尊敬的客户", "请对本次服务进行评价", "满意请按一")
    assert words is not None
    assert words.earliest_s == leg(*ZH_CALL)[-1].end_s
    assert words.start_s == 20.0


# --- pieces ---------------------------------------------------------------------------------------
def test_a_turn_is_parted_where_the_found_speech_pauses() -> None:
    spoken = (Word(0.0, 0.5, "再见。", 0.9), Word(1.5, 2.0, "请", 0.9), Word(2.0, 2.5, "评价", 0.9))
    turn = Turn(0.0, 2.5, "agent", "再见。请评价", 0.9, spoken)
    assert pieces_of([turn], (Segment(0.0, 0.6), Segment(1.4, 2.6))) == (Piece(0.0, 0.5, "再见。"), Piece(1.5, 2.5, "请评价"))


def test_a_turn_without_words_is_one_piece() -> None:
    assert pieces_of([Turn(0.0, 2.5, "agent", "再见。请评价")], (Segment(0.0, 2.5),)) == (Piece(0.0, 2.5, "再见。请评价"),)
