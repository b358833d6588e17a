"""A turn made ready to be searched: its words in one form, how they sound, and when each character was said."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from audit.evaluation.normalise import Span, normalise
from audit.evaluation.sound import sound_class
from audit.words import Turn, Word

#: Said while thinking; they interrupt no phrase. 那个 is a filler only inside one.
FILLERS = {"zh": ("嗯", "呃", "唔", "那个"), "en": ("uh", "um", "er", "erm", "hmm")}


@dataclass(frozen=True, slots=True)
class Lean:
    """A turn's text without its fillers.

    Attributes
    ----------
    plain, sound : str
        As those of :class:`Heard`.
    places : tuple of int
        For each character, its place in the full text.
    """

    plain: str
    sound: str
    places: tuple[int, ...]


class Among:
    """All turns of a call as one text: what is not in it need not be sought turn by turn.

    Attributes
    ----------
    words : str
        Normalised texts, with and without fillers, each between line ends.
    sounds : str
        The same as sound classes; of English the words again.
    starts : tuple of int
        Where in `words` the space before each text stands.
    text_at : list of int
        For each character of `words`, which text it is in.
    owners : tuple of int
        The number of the turn that each text is of: first the full texts of all turns, then those without fillers.
    n_turns : int
    present : tuple or None
        What was found in this text, for those who look again (:class:`audit.evaluation.prefilter.PhraseIndex`).
    """

    __slots__ = ("is_chinese", "n_turns", "owners", "present", "sounds", "starts", "text_at", "words")

    def __init__(self, words: str, is_chinese: bool, starts: tuple[int, ...] = (0,), owners: tuple[int, ...] = (0,)) -> None:
        self.words = words
        self.is_chinese = is_chinese
        self.n_turns = max(owners) + 1
        self.starts = starts
        self.owners = owners
        self.sounds = sounds_of(words) if is_chinese else words
        self.text_at: list[int] = [0] * starts[0]
        for i, (start, end) in enumerate(pairwise((*starts, len(words)))):
            self.text_at += [i] * (end - start)
        self.present: tuple[Any, int, dict[int, Any]] | None = None

    def add_place(self, places: dict[int, list[int]], at: int) -> dict[int, list[int]]:
        """Add a place of the text to those that were found, by the number of its turn and where it is in the turn's full text.

        A place in a text without fillers adds no more than the number.
        """
        i = self.text_at[at]
        owner = self.owners[i]
        known = places.get(owner)
        if known is None:
            known = places[owner] = []
        if i < self.n_turns:
            known.append(at - self.starts[i] - 1)
        return places


class Heard:
    """One turn ready for matching; only placed among the others. What few searches need is worked out when first asked for.

    Attributes
    ----------
    turn : Turn
        Consecutive turns of one role may have been joined.
    plain : str
        Normalised text.
    origin : tuple of (int, int)
        For each character of `plain`, its range in ``turn.text``.
    language : {"zh", "en"}
    fillers : tuple of str
        Normalised.
    among : Among or None
        The text that it is searched with.
    number : int
        Which of the turns in that text it is.
    padded : str
        `plain` between spaces, so that English words can be sought as whole words without an expression.
    lean : Lean or None
        The text without its fillers; None where it has none.
    memo : dict
        What was found in this turn, for those who look again.
    """

    __slots__ = (
        "_placed", "_sound", "_times", "among", "fillers", "language", "lean", "memo", "number", "origin", "padded", "plain",
        "turn",
    )  # fmt: skip

    def __init__(
        self,
        turn: Turn,
        plain: str,
        origin: tuple[Span, ...],
        language: str,
        fillers: tuple[str, ...] = (),
    ) -> None:
        self.turn = turn
        self.plain = plain
        self.origin = origin
        self.language = language
        self.fillers = fillers
        self.among: Among | None = None
        self.number = 0
        self.padded = f" {plain} " if language == "en" else plain
        self._sound: str | None = plain if language == "en" else None
        self.lean: Lean | None = None
        self.memo: dict[Any, Any] = {}
        self._placed: _Placed | None = None
        self._times: dict[int, tuple[float, float]] = {}

    @property
    def sound(self) -> str:
        """Sound classes of `plain`, one character each; the same as `plain` for English."""
        if self._sound is None:
            self._sound = sounds_of(self.plain)
        return self._sound

    def place_among(self, among: Among, number: int) -> None:
        """Make it one of the turns that are searched together, by its number."""
        self.among, self.number = among, number
        if self._sound is None:
            start = among.starts[number] + 1
            self._sound = among.sounds[start : start + len(self.plain)]

    def written(self, start: int, end: int) -> str:
        """What the recogniser wrote for some characters of `plain`."""
        return self.turn.text[self.origin[start][0] : self.origin[end - 1][1]]

    def time_of(self, place: int) -> tuple[float, float]:
        """When a character of `plain` was said: from and to, in seconds."""
        known = self._times.get(place)
        if known is None:
            words = self._placed
            if words is None:
                words = self._placed = _Placed(self.turn)
            a, b = self.origin[place]
            known = words.time_s(a)
            if b - a > 1:
                known = known[0], words.time_s(b - 1)[1]
            self._times[place] = known
        return known

    @property
    def began_s(self) -> float:
        """When the first character of `plain` begins; for the commonest turns without a look at all their words."""
        turn = self.turn
        if turn.words and self.origin[0][0] == 0:
            first = turn.words[0]
            bare = first.text.strip()
            if bare and turn.text.startswith(bare):
                return first.start_s
        return self.time_of(0)[0]

    def confidence_of(self, start: int, end: int) -> float | None:
        """Mean confidence over some characters of `plain`; None where the recogniser gave none."""
        words = self._placed
        if words is None:
            words = self._placed = _Placed(self.turn)
        return words.confidence_of(self.origin[start:end])


#: A phrase is looked up by this many characters first: two Chinese ones, or a space and three letters, are seldom in a call by
#: chance, and a look into a set costs a tenth of a search through the text.
LOOKED_UP_BY = {True: 2, False: 4}


def beginning(key: str, is_chinese: bool) -> str:
    """What of a search key is looked up; empty where the key is too short for that."""
    n = LOOKED_UP_BY[is_chinese]
    return key[:n] if len(key) >= n else ""


class _Placed:
    """The words of a turn and where each stands in its text."""

    __slots__ = ("_starts", "_turn", "_words")

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._starts: list[int] = []
        self._words: list[tuple[str, Word]] = []
        text, at = turn.text, 0
        for word in turn.words:
            bare = word.text.strip()
            found = text.find(bare, at) if bare else -1
            if found >= 0:
                self._starts.append(found)
                self._words.append((bare, word))
                at = found + len(bare)

    def time_s(self, place: int) -> tuple[float, float]:
        """When a character of the text was said: its share of its word's time, else of the turn's."""
        k = bisect_right(self._starts, place) - 1
        bare, word = self._words[k] if k >= 0 else _NO_WORD
        i = place - self._starts[k] if k >= 0 else 0
        if i >= len(bare):  # no word stands there
            step = (self._turn.end_s - self._turn.start_s) / len(self._turn.text)
            return self._turn.start_s + place * step, self._turn.start_s + (place + 1) * step
        if len(bare) == 1:
            return word.start_s, word.end_s
        if bare.isalnum():
            step = (word.end_s - word.start_s) / len(bare)
            return word.start_s + i * step, word.start_s + i * step + step
        spoken = [c.isalnum() for c in bare]
        if not any(spoken):
            spoken = [True] * len(bare)
        n, done = sum(spoken), sum(spoken[:i])
        step = (word.end_s - word.start_s) / n
        start = word.start_s + min(done, n - 1) * step
        return start, start + step

    def confidence_of(self, places: Sequence[Span]) -> float | None:
        """Mean confidence over some characters of the text, in order; None where the recogniser gave none."""
        starts, words = self._starts, self._words
        total, n, i, end = 0.0, 0, 0, len(places)
        while i < end:
            # A word's characters share its confidence: one look-up for all of them.
            place, first = places[i][0], i
            k = bisect_right(starts, place) - 1
            word_end = starts[k] + len(words[k][0]) if k >= 0 else 0
            confidence: float | None
            if place < word_end:
                confidence = words[k][1].confidence
            else:
                confidence, word_end = self._turn.confidence, place + 1
            i += 1
            while i < end and places[i][0] < word_end:
                i += 1
            if confidence is not None:
                total, n = total + confidence * (i - first), n + i - first
        return total / n if n else None


_NO_WORD = "", Word(0.0, 0.0, "", 0.0)


class _Sounds(dict[str, str]):
    """The sound class of each character, found out when first asked for."""

    def __missing__(self, character: str) -> str:
        found = self[character] = sound_class(character)
        return found


_SOUNDS = _Sounds()
_SOUND_OF = _SOUNDS.__getitem__
#: The same of characters met before, None of others: in half the time.
_SOUND_BEFORE = _SOUNDS.get


def sounds_of(plain: str) -> str:
    """Sound classes of a normalised Chinese text, one for each character."""
    try:
        return "".join(cast(list[str], list(map(_SOUND_BEFORE, plain))))
    except TypeError:  # some were not met before
        return "".join(map(_SOUND_OF, plain))


def prepare(turn: Turn, language: str, fillers: Iterable[str] = ()) -> Heard:
    """Normalise a turn and give every character its time.

    A word's time is shared evenly by its characters. Where the turn has no words, or a
    character belongs to none, the turn's time is shared out by position instead.

    Parameters
    ----------
    turn : Turn
    language : {"zh", "en"}
    fillers : iterable of str
        Skipped inside phrases; the longest first.
    """
    plain, origin = normalise(turn.text, language)
    heard = Heard(turn, plain, origin, language, tuple(fillers))
    heard.lean = _lean(plain, language, heard.fillers)
    return heard


def together(turns: Sequence[Heard]) -> tuple[Heard, ...]:
    """The turns of a call, each of which now knows the text of all."""
    if not turns:
        return ()
    texts = [(i, h.plain) for i, h in enumerate(turns)]
    texts += [(i, h.lean.plain) for i, h in enumerate(turns) if h.lean is not None]
    # Spaces at the ends let the first and last English word be sought as whole words.
    between = " \n "
    starts, at = [], 1
    for _, text in texts:
        starts.append(at)
        at += len(text) + len(between)
    words = "\n " + between.join([t for _, t in texts]) + " \n"
    among = Among(words, turns[0].language == "zh", tuple(starts), tuple([i for i, _ in texts]))
    for i, heard in enumerate(turns):
        heard.place_among(among, i)
    return tuple(turns)


def _lean(plain: str, language: str, fillers: tuple[str, ...]) -> Lean | None:
    """The text without fillers; in English they are whole words, dropped with one space."""
    gone: list[tuple[int, int]] = []
    for filler in fillers:
        at = plain.find(filler)
        while at >= 0:
            end = at + len(filler)
            whole = language != "en" or ((at == 0 or plain[at - 1] == " ") and (end == len(plain) or plain[end] == " "))
            if whole:
                gone.append((at, min(len(plain), end + (language == "en"))))
            at = plain.find(filler, end)
    if not gone:
        return None
    dropped = {i for a, b in gone for i in range(a, b)}
    places = tuple(i for i in range(len(plain)) if i not in dropped)
    text = "".join(plain[i] for i in places)
    return Lean(text, sounds_of(text) if language == "zh" else text, places)
