"""Agent or customer on a shared channel."""

from __future__ import annotations

import pytest

from audit.profile import Profile
from audit.records import Metadata
from audit.speakers.diarize import Diarization, SpeakerSegment
from audit.speakers.mono_roles import assign_roles, split_turns
from audit.speakers.prompts import VoiceTurn, first_prompt_by_words
from audit.words import Turn, Word

AGENT_SAYS = "您好，很高兴为您服务，请问有什么可以帮您？"
CUSTOMER_SAYS = "你好，我想问一下，你们怎么扣了我这么多话费？"


def voices(*spans: tuple[float, float, int], confidence: float = 0.95) -> Diarization:
    segments = tuple(SpeakerSegment(a, b, k, 0.95) for a, b, k in spans)
    return Diarization(segments, len({k for *_, k in spans}), confidence, 0.6)


def turn(start_s: float, end_s: float, text: str, words: tuple[Word, ...] = ()) -> Turn:
    return Turn(start_s, end_s, "unknown", text, 0.9, words)


def words(*said: tuple[float, float, str]) -> tuple[Word, ...]:
    return tuple(Word(a, b, text, 0.9) for a, b, text in said)


def metadata(direction: str | None = None) -> Metadata:
    return Metadata(call_id="c", direction=direction)


def roles(found: Diarization, said: dict[int, str] | None, direction: str | None = None):
    turns = None if said is None else [VoiceTurn(turn(k, k + 1.0, text), k) for k, text in said.items()]
    return assign_roles(found, turns, metadata=metadata(direction), profile=Profile())


TWO = voices((0, 5, 0), (5, 9, 1), (9, 12, 0))


def test_who_serves_is_the_agent_and_who_complains_the_customer() -> None:
    found = roles(TWO, {0: AGENT_SAYS, 1: CUSTOMER_SAYS})
    assert found.roles == ("agent", "customer")
    assert found.confidence > 0.9
    assert "at your service" in found.reason


def test_words_outweigh_who_opens() -> None:
    assert roles(TWO, {0: CUSTOMER_SAYS, 1: AGENT_SAYS}).roles == ("customer", "agent")


def test_english_words_tell_as_well() -> None:
    said = {0: "Thank you for calling, how may I help you?", 1: "I'm calling because I have a problem with my order."}
    assert roles(TWO, said).roles == ("agent", "customer")


def test_without_words_the_called_party_opens() -> None:
    assert roles(TWO, None, "inbound").roles == ("agent", "customer")
    assert roles(TWO, None, "outbound").roles == ("customer", "agent")


def test_without_words_and_direction_nobody_is_named() -> None:
    found = roles(TWO, None)
    assert found.roles == ("unknown", "unknown")
    assert found.confidence < 0.65


def test_voices_that_are_hardly_told_apart_have_no_roles() -> None:
    doubtful = voices((0, 5, 0), (5, 9, 1), confidence=0.5)
    found = roles(doubtful, {0: AGENT_SAYS, 1: CUSTOMER_SAYS})
    assert found.roles == ("unknown", "unknown")
    assert "doubtful" in found.reason


@pytest.mark.parametrize(
    ("found", "n"), [(voices((0, 5, 0)), 1), (Diarization((), 0, None, None), 0)], ids=["one voice", "nobody"]
)
def test_one_voice_or_none_has_no_role(found: Diarization, n: int) -> None:
    assert roles(found, {0: AGENT_SAYS} if n else {}).roles == ("unknown",) * n


def test_a_voice_before_all_others_is_a_prompt() -> None:
    three = voices((0, 6, 0), (8, 14, 1), (14, 20, 2), (20, 24, 1))
    said = {0: "您好，欢迎致电，很高兴为您服务，请按一", 1: AGENT_SAYS, 2: CUSTOMER_SAYS}
    assert roles(three, said).roles == ("ivr", "agent", "customer")


def test_a_colleague_who_takes_over_is_an_agent_too() -> None:
    three = voices((0, 8, 0), (8, 18, 1), (18, 22, 0), (22, 26, 2), (26, 32, 1))
    said = {0: AGENT_SAYS, 1: CUSTOMER_SAYS, 2: "您好，我是客服专员，我帮您查一下，祝您生活愉快"}
    assert roles(three, said).roles == ("agent", "customer", "agent")


def test_a_bystander_is_nobody_in_particular() -> None:
    three = voices((0, 8, 0), (8, 18, 1), (18, 22, 0), (22, 24, 2), (26, 32, 1))
    assert roles(three, {0: AGENT_SAYS, 1: CUSTOMER_SAYS, 2: "妈妈，吃饭了"}).roles == ("agent", "customer", "unknown")


def test_a_greeting_that_was_taken_for_a_voice_of_its_own_is_the_agents() -> None:
    three = voices((0, 3, 0), (4, 8, 1), (8, 14, 2), (14, 20, 1), (20, 24, 2))
    said = {0: "您好，我是客服代表林晓，请问有什么可以帮您", 1: CUSTOMER_SAYS, 2: AGENT_SAYS}
    assert roles(three, said).roles == ("agent", "customer", "agent")


def test_a_survey_after_the_parties_is_a_prompt_and_a_late_bystander_is_not() -> None:
    three = voices((0, 8, 0), (8, 18, 1), (18, 22, 0), (23, 28, 2))
    said = {0: AGENT_SAYS, 1: CUSTOMER_SAYS, 2: "请对本次服务进行评价，满意请按一"}
    assert roles(three, said).roles == ("agent", "customer", "ivr")
    assert roles(three, said | {2: "妈妈，吃饭了"}).roles == ("agent", "customer", "unknown")


def test_a_few_wrong_steps_do_not_make_a_party_of_a_prompt() -> None:
    three = voices((0, 8, 0), (8, 14, 1), (14, 20, 2), (20, 20.5, 0), (21, 26, 1))
    said = {0: "感谢来电，人工服务请按零", 1: AGENT_SAYS, 2: CUSTOMER_SAYS}
    assert roles(three, said).roles == ("ivr", "agent", "customer")


def test_who_says_the_first_words_opens_whatever_was_heard_before() -> None:
    # Half a second of noise went to the second voice.
    found = voices((0, 0.5, 1), (1, 5, 0), (5, 9, 1), (9, 12, 0))
    said = {0: "喂", 1: "嗯"}
    assert roles(found, said, "inbound").roles == ("agent", "customer")


def test_a_message_after_a_prompt_has_no_agent() -> None:
    found = roles(voices((0, 6, 0), (7, 15, 1)), {0: "Nobody is here, leave a message after the tone", 1: "I have a problem"})
    assert found.roles == ("ivr", "unknown")
    assert found.confidence == 0.0


# --- prompts by their words -----------------------------------------------------------------------
def prompted(*said: tuple[float, float, int, str]) -> tuple[VoiceTurn, ...]:
    return tuple(VoiceTurn(turn(a, b, text), k) for a, b, k, text in said)


def test_a_prompt_in_a_voice_like_the_agents_is_a_voice_of_its_own() -> None:
    found = voices((0, 6, 0), (7, 10, 0), (10, 15, 1), (15, 20, 0))
    said = prompted((0, 3, 0, "感谢来电"), (3, 6, 0, "人工服务请按零"), (7, 10, 0, AGENT_SAYS), (10, 15, 1, CUSTOMER_SAYS))
    apart, turns = first_prompt_by_words(found, said)
    assert [(s.start_s, s.speaker) for s in apart.segments] == [(0, 0), (7, 1), (10, 2), (15, 1)]
    assert (apart.n_speakers, [t.speaker for t in turns]) == (3, [0, 0, 1, 2])
    assert assign_roles(apart, turns, metadata=metadata(), profile=Profile()).roles == ("ivr", "agent", "customer")


@pytest.mark.parametrize(
    "said",
    [
        ((0, 6, 0, AGENT_SAYS), (6, 9, 1, "请按零"), (9, 12, 0, "好的")),
        ((0, 6, 0, "您好，我是林晓，密码请按井号键结束"), (6, 9, 1, CUSTOMER_SAYS), (9, 12, 0, "好的")),
        (),
    ],
    ids=["keys are named later", "somebody greets", "no words"],
)
def test_what_is_no_prompt_stays_with_its_voice(said) -> None:
    assert first_prompt_by_words(TWO, prompted(*said)) == (TWO, prompted(*said))


# --- cutting turns --------------------------------------------------------------------------------
def test_a_turn_is_cut_where_the_voice_changes_and_keeps_every_sign() -> None:
    said = turn(
        0, 4, "您好，请问贵姓？我姓陈。", words((0, 1, "您好"), (1, 2, "请问贵姓？"), (2.1, 2.5, "我"), (2.5, 4, "姓陈。"))
    )
    pieces = split_turns([said], voices((0, 2, 0), (2, 4, 1)))
    assert [(p.speaker, p.turn.text, p.turn.start_s, p.turn.end_s) for p in pieces] == [
        (0, "您好，请问贵姓？", 0, 2),
        (1, "我姓陈。", 2.1, 4),
    ]
    assert tuple(w for p in pieces for w in p.turn.words) == said.words


def test_a_word_beside_the_change_goes_with_its_sentence() -> None:
    # The recogniser puts "I" 0.2 s too early, into the other voice's time.
    said = turn(
        0,
        4,
        "How are you? I am fine.",
        words((0, 1, "How"), (1, 1.4, "are"), (1.4, 1.7, "you?"), (1.7, 1.95, "I"), (2.1, 3, "am"), (3, 4, "fine.")),
    )
    pieces = split_turns([said], voices((0, 2, 0), (2, 4, 1)))
    assert [(p.speaker, p.turn.text) for p in pieces] == [(0, "How are you?"), (1, "I am fine.")]


def test_a_turn_of_one_voice_stays_as_it_is() -> None:
    said = turn(0, 2, "您好。", words((0, 2, "您好。")))
    assert split_turns([said], voices((0, 5, 0), (5, 9, 1))) == (VoiceTurn(said, 0),)


def test_a_turn_without_words_goes_to_the_voice_with_most_of_its_time() -> None:
    assert [p.speaker for p in split_turns([turn(4, 8, "…")], TWO)] == [1]


def test_a_word_in_a_pause_goes_to_the_nearest_voice() -> None:
    said = turn(6.0, 6.3, "嗯", words((6.0, 6.3, "嗯")))
    assert [p.speaker for p in split_turns([said], voices((0, 3, 0), (7, 9, 1)))] == [1]


def test_without_voices_there_are_no_turns() -> None:
    assert split_turns([turn(0, 1, "嗯")], Diarization((), 0, None, None)) == ()
