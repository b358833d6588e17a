"""Words of a recorded survey at the end of a call: where they begin, and how much they say for a recording.

An agent announces a survey ("please rate my service"); a recording conducts it: it names keys, says what they are for and
answers them. The wordings are data, one list per language, in ``survey_phrases.toml`` beside this file.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from audit.segments import Segment
from audit.speakers.prompts import _joined
from audit.words import Turn, Word

#: A pause of the found speech this long parts what is said: one voice may end there and another begin.
PIECE_PAUSE_S = 0.25
#: A survey is at the end: from its first words to its last no more than this.
LONGEST_SURVEY_S = 120.0
#: Between two sentences that name keys or a rating a survey says no more than this without either.
LONGEST_ASIDE_S = 12.0
#: Its opening words ("dear customer …") are looked for this far before the first that names keys, no further.
LONGEST_OPENING_S = 20.0

# Evidence in natural log-odds that a recording speaks, set by judgement beside composed calls: docs/diarization.md.
#: Nothing is known of most archives but that agents speak of surveys more often than recordings are on the tape.
PRIOR = -2.5
MANY_KEYS, ONE_KEY, ABOUT, CONFIRMS, PARTED, KEY_HEARD = 2.0, 1.0, 1.0, 2.5, 0.5, 0.5
#: Who parts and is asked to wait for a survey hears it within so long.
PARTED_S = 30.0
#: Who speaks of "my service" goes on in the same breath; to hand a call over takes longer.
IN_ONE_BREATH, BREATH_S = -2.0, 1.0
#: Wordings that the centre's profile gives: what its own recordings say.
KNOWN_PROMPT = 4.0
#: Somebody answers in words, as one does not answer a recording.
ANSWERED = -3.0
_ANSWER_UNITS = 5

#: A wording of the profile is known by so many signs of it, and matched this well (0-100).
_SHORTEST_KNOWN, _KNOWN_MATCH = 6, 80

_KEY = {
    "zh": "[一二三四五六七八九十零幺两\\d]",
    "en": "(?:one|two|three|four|five|six|seven|eight|nine|zero|ten|pound|star|hash|\\d+)",
}
_KEY_SOUND = "(?:yi|er|san|si|wu|liu|qi|ba|jiu|lin|yao|lian|\\d)"
#: A wording of fewer syllables sounds like too many others: it is matched as written only.
_FEWEST_SYLLABLES = 3
#: Recognisers that are small write 请按 as 请暗, 情汉, 庆安.
_SOUNDS_LIKE = (("ng", "n"), ("zh", "z"), ("ch", "c"), ("sh", "s"), (r"\bh?an\b", "an"), (r"\bgan\b", "an"))
_UNITS = re.compile(r"[\u4e00-\u9fff]|[a-z0-9']+")


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said between two pauses."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class SurveyWords:
    """Words at the end of a leg that a recorded survey may have said.

    Attributes
    ----------
    earliest_s : float
        What lies before is somebody else's for sure: a farewell, an answer.
    start_s, end_s : float
        From the first words that name keys or a rating to the last of all.
    log_odds : float
        For a recording, of all but the voice.
    """

    earliest_s: float
    start_s: float
    end_s: float
    log_odds: float


@dataclass(frozen=True, slots=True)
class _Text:
    """Words, and how they sound."""

    plain: str
    sound: str


@dataclass(frozen=True, slots=True)
class _Said:
    """Wordings to be found as written or, Chinese ones of some length, as they sound."""

    plain: re.Pattern[str]
    sound: re.Pattern[str] | None

    def found(self, text: _Text) -> list[str]:
        """All that is found, each as often as it is said; the longer list of the two."""
        written = [m.group() for m in self.plain.finditer(text.plain)]
        heard = [m.group() for m in self.sound.finditer(text.sound)] if self.sound is not None else []
        return max(written, heard, key=len)

    def is_in(self, text: _Text) -> bool:
        """Whether it is found."""
        return self.plain.search(text.plain) is not None or (
            self.sound is not None and self.sound.search(text.sound) is not None
        )


@dataclass(frozen=True, slots=True)
class _Phrases:
    keys: _Said
    about: _Said
    confirms: _Said
    own: re.Pattern[str]
    farewells: re.Pattern[str]


@lru_cache(maxsize=4)
def _phrases(language: str) -> _Phrases | None:
    lists = tomllib.loads(Path(__file__).with_name("survey_phrases.toml").read_text("utf-8")).get(language)
    if lists is None:
        return None
    edge = r"\b" if language == "en" else ""

    def pattern(name: str) -> re.Pattern[str]:
        # A digit outlives the normalising and stands in no wording.
        plain = sorted((re.escape(_joined(w.replace("{key}", "7"))) for w in lists[name]), key=len, reverse=True)
        return re.compile("|".join(f"{edge}{w.replace('7', _KEY[language])}{edge}" for w in plain))

    def said(name: str) -> _Said:
        if language != "zh":
            return _Said(pattern(name), None)
        sounds = sorted((_sound(_joined(w.replace("{key}", "7"))) for w in lists[name]), key=len, reverse=True)
        long = [
            re.escape(w).replace("7", _KEY_SOUND).replace("\\ ", " ") for w in sounds if w.count(" ") >= _FEWEST_SYLLABLES - 1
        ]
        return _Said(pattern(name), re.compile("|".join(rf"\b(?:{w})\b" for w in long)))

    return _Phrases(said("keys"), said("about"), said("confirms"), pattern("own"), pattern("farewells"))


def _sound(text: str) -> str:
    """Syllables without tones, and without what the accents of Mandarin do not tell apart."""
    from pypinyin import lazy_pinyin  # half a second that English calls need not pay

    sound = " ".join(" ".join(lazy_pinyin(text)).split())
    for one, other in _SOUNDS_LIKE:
        sound = re.sub(one, other, sound)
    return sound


def pieces_of(turns: Iterable[Turn], speech: Sequence[Segment]) -> tuple[Piece, ...]:
    """What is said, parted where the found speech pauses.

    Parameters
    ----------
    turns : iterable of Turn
        Of one leg, in order; one without word times is one piece.
    speech : sequence of Segment
        The leg's found speech, sorted.

    Returns
    -------
    tuple of Piece
        With its words' times; by start.
    """
    out: list[Piece] = []
    for turn in turns:
        group: list[Word] = []
        glue = "" if re.search(r"[\u4e00-\u9fff]", turn.text) else " "
        for word in turn.words:
            if group and _pause_between(group[-1], word, speech):
                out.append(_piece(group, glue))
                group = []
            group.append(word)
        if group:
            out.append(_piece(group, glue))
        elif turn.text.strip() and turn.end_s > turn.start_s:
            out.append(Piece(turn.start_s, turn.end_s, turn.text))
    return tuple(sorted(out, key=lambda p: (p.start_s, p.end_s)))


def _piece(words: Sequence[Word], glue: str) -> Piece:
    return Piece(words[0].start_s, max(w.end_s for w in words), glue.join(w.text.strip() for w in words))


def _pause_between(before: Word, after: Word, speech: Sequence[Segment]) -> bool:
    """Whether the found speech pauses between the middles of two words."""
    a, b = (before.start_s + before.end_s) / 2, (after.start_s + after.end_s) / 2
    i = bisect_right(speech, a, key=lambda s: s.start_s) - 1
    return 0 <= i < len(speech) - 1 and speech[i + 1].start_s <= b and speech[i + 1].start_s - speech[i].end_s >= PIECE_PAUSE_S


def survey_by_words(
    leg: Sequence[Piece],
    others: Sequence[Piece],
    *,
    language: str,
    keys_heard_s: Sequence[float] = (),
    known: Sequence[str] = (),
) -> SurveyWords | None:
    """Find words at the end of a leg that a recorded survey may have said.

    Parameters
    ----------
    leg : sequence of Piece
        All that is said on the leg, by both parties where they share it.
    others : sequence of Piece
        What is said on the other leg; none where there is none.
    language : str
    keys_heard_s : sequence of float
        When keys of a telephone are heard, on any leg.
    known : sequence of str
        What the centre's own recordings say, as its profile tells.

    Returns
    -------
    SurveyWords or None
        None where nobody names keys, a rating or what the profile knows at the end of the leg.
    """
    phrases = _phrases(language)
    if phrases is None or not leg:
        return None
    texts = [_joined(p.text) for p in leg]
    prompts = [w for w in (_joined(k) for k in known) if w]
    late = [i for i, p in enumerate(leg) if leg[-1].end_s - p.start_s <= LONGEST_SURVEY_S]
    heard = {i: _Text(texts[i], _sound(texts[i]) if language == "zh" else "") for i in late}
    known_at = {i for i in late if any(_says(texts[i], w) for w in prompts)}
    asked = (phrases.keys, phrases.about)
    conducts = {i for i, t in heard.items() if any(w.is_in(t) for w in asked)}
    first = _first_of_survey(leg, texts, conducts | known_at, phrases, known_at)
    if first is None:
        return None
    said = _Text(" ".join(texts[first:]), " ".join(heard[i].sound for i in range(first, len(leg))))
    start_s, end_s = leg[first].start_s, leg[-1].end_s
    keys, named = phrases.keys.found(said), any(i >= first for i in known_at)
    parting = (*leg[:first], *(p for p in others if p.end_s <= start_s))
    parted = [p.end_s for p in parting if p.end_s > start_s - PARTED_S and phrases.farewells.search(_joined(p.text))]
    own = _last_own(leg, texts, first, phrases)
    answers = sum(len(_UNITS.findall(_joined(p.text))) for p in others if p.start_s > start_s)
    log_odds = (
        PRIOR
        + (MANY_KEYS if len(keys) > 1 else ONE_KEY if keys else 0.0)
        + (ABOUT if phrases.about.is_in(said) else 0.0)
        + (CONFIRMS if phrases.confirms.is_in(said) else 0.0)
        + (KNOWN_PROMPT if named else 0.0)
        + (IN_ONE_BREATH if any(start_s - t_s < BREATH_S for t_s in own) else 0.0)
        + (PARTED if parted else 0.0)
        + (KEY_HEARD if any(t_s > start_s for t_s in keys_heard_s) else 0.0)
        + (ANSWERED if answers >= _ANSWER_UNITS else 0.0)
    )
    spoken = [p.end_s for p in others if p.end_s <= start_s]
    earliest_s = max([start_s - LONGEST_OPENING_S, *parted, *spoken, *own])
    return SurveyWords(min(earliest_s, start_s), start_s, end_s, log_odds)


def _last_own(leg: Sequence[Piece], texts: Sequence[str], first: int, phrases: _Phrases) -> list[float]:
    return [leg[i].end_s for i in range(first) if phrases.own.search(texts[i])][-1:]


def _first_of_survey(
    leg: Sequence[Piece], texts: Sequence[str], conducts: Collection[int], phrases: _Phrases, known_at: set[int]
) -> int | None:
    """The first piece from which on all that is said may be a survey; None without one."""
    first: int | None = None
    aside_s = 0.0
    for i in range(len(leg) - 1, -1, -1):
        if (phrases.own.search(texts[i]) and i not in known_at) or leg[-1].end_s - leg[i].start_s > LONGEST_SURVEY_S:
            break
        if i in conducts:
            first, aside_s = i, 0.0
            continue
        aside_s += leg[i].end_s - leg[i].start_s
        if aside_s > LONGEST_ASIDE_S:
            break
    return first


def _says(text: str, wording: str) -> bool:
    """Whether a text holds a wording, but for what a recogniser mishears."""
    from rapidfuzz import fuzz  # only for who names wordings in the profile

    shorter = min(len(text), len(wording))
    return shorter >= _SHORTEST_KNOWN and fuzz.partial_ratio(text, wording) >= _KNOWN_MATCH
