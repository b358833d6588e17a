"""Entities in Mandarin, on normalised text: Simplified, numerals instead of digits, no punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from audit.evaluation.heard import Heard, sounds_of
from audit.evaluation.numbers import chinese_digits
from audit.evaluation.spotted import Spotted

_N = "[零〇一二两三四五六七八九十百千万亿]"
_DAYPART = "(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|今晚|明晚|明早|今早)"
#: 一点 alone is "a little", 两点 "two points": a time needs something that only times have.
_TIME = re.compile(
    rf"(?P<part>{_DAYPART})?(?P<hour>{_N}{{1,3}})(?:点(?:钟|整|(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{_N}{{1,3}})分?(?!{_N}))?|时(?P<m2>{_N}{{1,3}})分)"
    rf"(?P<rest>以?前|之前|以?后|之后|左右|到{_N}|准时)?"
)
_MONTH_DAY = re.compile(rf"({_N}{{1,2}})月(?:份)?({_N}{{1,3}})(?:号|日)?")
_DAY = re.compile(rf"(?<!{_N})({_N}{{1,3}})(?:号|日)(?![码楼线店院窗门厅机柜桌房])")
_WEEKDAY = re.compile("(?P<which>上|下|这|本)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])")
_DAYS = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "今天": 0,
    "今晚": 0,
    "今早": 0,
    "明天": 1,
    "明早": 1,
    "明晚": 1,
    "后天": 2,
    "大后天": 3,
}
_RELATIVE = re.compile("大前天|大后天|前天|昨天|今天|今晚|今早|明天|明早|明晚|后天")
_DAY_BEFORE = re.compile(f"(?:{_RELATIVE.pattern}|{_WEEKDAY.pattern}|号|日)$")
_AMOUNT = re.compile(
    rf"({_N}+)(?:点([零一二三四五六七八九]+))?(?:块钱|块|元钱|元|圆|美元|欧元|港币)(?:([零一二三四五六七八九])(?:毛|角)?(?!{_N}))?(?:([一二三四五六七八九])分)?"
    rf"|({_N}+)(?:毛|角)钱?"
)
#: 幺 as recognisers mishear it: one among digits.
_YAO = "要妖腰吆夭"
_ONE = str.maketrans(dict.fromkeys(_YAO, "一"))
_DIGIT_RUN = re.compile(
    rf"(?:[{_YAO}](?=[零〇一二两三四五六七八九]{{5}}))?{_N}(?:{_N}|[{_YAO}](?=[零〇一二两三四五六七八九]))*"
)
_RUN = re.compile(rf"(?P<letters>[a-z]*)(?P<run>{_DIGIT_RUN.pattern})")
_UNITS = re.compile("(?:个)?(?:小时|分钟|天|次|件|台|张|兆|岁|年|个月|月|周|位|斤|公斤|米|层|套|盒|箱|份)")
_PHONE = re.compile("电话|手机|联系方式|座机|号码|联系您|打给")
_ID = re.compile(
    "订单|单号|工单|账号|帐号|账户|卡号|身份证|证件|编号|会员|尾号|末尾|后[三四六]位|运单|快递单|工号|流水|验证码|合同|保单"
)
_TONGUE = "[^的了吗呢吧是在到这那你我您他她们个有不就也都很来去说把给和跟与点零〇一二两三四五六七八九十百千万亿]"
_PART = (
    rf"{_TONGUE}{{1,7}}?(?:省|自治区|市(?![场面民])|区(?![别分域间块])|县|镇|乡|村|大街|街道|街|大道|路(?![上过由线])|巷|胡同|小区|花园|大厦"
    "|广场|公寓|家园|新村|苑)"
)
_NUM = rf"{_N}+(?:号楼|号院|号|弄|栋|幢|座|单元|层|楼|室)"
_ADDRESS = re.compile(rf"(?:{_PART}){{1,6}}(?:{_NUM})*(?:{_N}{{3,4}})?|(?:{_NUM}){{2,}}(?:{_N}{{3,4}})?")
_ADDRESS_PARTS = re.compile(rf"{_PART}|{_NUM}")

#: The hundred commonest surnames of the 2020 name report of the Ministry of Public Security, and compound ones.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖"
    "贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐"
)
_SURNAME_SOUNDS = frozenset(sounds_of(_SURNAMES))
_COMPOUND = "欧阳|上官|司马|诸葛|司徒|夏侯|慕容|皇甫|尉迟|东方"
_SURNAME = f"(?:{_COMPOUND}|[{_SURNAMES}])"
TITLES = "先生|女士|小姐|太太|老师|经理|阿姨|大哥|大姐|师傅|大爷|奶奶|同学|总"
_NAME_GIVEN = re.compile(rf"(?:免贵|我|本人)姓(?P<name>{_SURNAME})|(?<!贵)姓(?P<name2>{_SURNAME})(?:的)?$")
#: 姓 as recognisers mishear it, where the name was asked for.
_NAME_MISHEARD = re.compile("我[性幸兴信](?![格能别好亏趣息用任号奋运])(?P<name>[\u4e00-\u9fff])")
_NAME_ASKED = re.compile("贵姓|姓名|姓什么|称呼|名字")
_NAME_CALLED = re.compile(
    rf"(?:我(?:的名字)?叫|名字(?:是|叫)|名叫|姓名(?:是)?|机主(?:是|叫)|户主(?:是|叫)|联系人(?:是|叫)|收件人(?:是|叫)|本人)(?P<name>{_SURNAME}[\u4e00-\u9fff]{{1,2}})"
)
_NAME_AM = re.compile(rf"(?:我是|我这边是|这边是)(?P<name>{_SURNAME}[\u4e00-\u9fff]{{0,2}}?)(?P<title>{TITLES})?")
_NO_GIVEN = set("的了吗呢吧啊哦呀是在想要有这那你我您他就不没说住先")


@dataclass(frozen=True, slots=True)
class _Sought:
    """An expression, and the signs of which every match of it holds one.

    Most turns hold none, which is seen sooner than searched.
    """

    pattern: re.Pattern[str]
    signs: frozenset[str]

    def matches(self, plain: str, signs: frozenset[str]) -> Iterable[re.Match[str]]:
        """Every match in a text of which some signs are all there are."""
        return () if self.signs.isdisjoint(signs) else self.pattern.finditer(plain)


_SOUGHT_TIME = _Sought(_TIME, frozenset("点时"))
_SOUGHT_MONTH_DAY = _Sought(_MONTH_DAY, frozenset("月"))
_SOUGHT_DAY = _Sought(_DAY, frozenset("号日"))
_SOUGHT_WEEKDAY = _Sought(_WEEKDAY, frozenset("周期拜"))
_SOUGHT_RELATIVE = _Sought(_RELATIVE, frozenset("天晚早"))
_SOUGHT_AMOUNT = _Sought(_AMOUNT, frozenset("块元圆币毛角"))
_SOUGHT_RUN = _Sought(_RUN, frozenset("零〇一二两三四五六七八九十百千万亿"))
_SOUGHT_ADDRESS = _Sought(_ADDRESS, frozenset("省区市县镇乡村街道路巷同园厦场寓苑号弄栋幢座元层楼室"))
_SOUGHT_NAME_GIVEN = _Sought(_NAME_GIVEN, frozenset("姓"))
_SOUGHT_NAME_CALLED = _Sought(_NAME_CALLED, frozenset("叫名主人"))
_SOUGHT_NAME_AM = _Sought(_NAME_AM, frozenset("是"))


def spot(heard: Heard, asked: str) -> Iterator[Spotted]:
    """Every entity that may be in a turn, the most particular kinds first; later ones may lie on earlier ones."""
    plain = heard.plain
    signs = frozenset(plain)
    yield from _names(heard, asked, signs)
    for m in _SOUGHT_ADDRESS.matches(plain, signs):
        if len(_ADDRESS_PARTS.findall(m[0])) >= 2:
            yield Spotted("address", m[0], m.start(), m.end())
    for m in _SOUGHT_AMOUNT.matches(plain, signs):
        value = _amount(m)
        if value is not None:
            yield Spotted("amount", value, m.start(), m.end())
    yield from _times(plain, signs)
    yield from _dates(plain, signs)
    yield from _numbers(heard, asked, signs)


def _number(run: str | None) -> int | None:
    digits = chinese_digits(run) if run else None
    return int(digits) if digits and len(digits) < 16 else None


def _amount(m: re.Match[str]) -> str | None:
    if m[5]:
        tenths = _number(m[5])
        return None if tenths is None else f"{tenths / 10:.2f}"
    whole = _number(m[1])
    if whole is None:
        return None
    fraction = chinese_digits(m[2]) if m[2] else None
    cents = int((fraction + "0")[:2]) if fraction else (_number(m[3]) or 0) * 10 + (_number(m[4]) or 0)
    return f"{whole}.{cents:02d}"


def _times(plain: str, signs: frozenset[str]) -> Iterator[Spotted]:
    for m in _SOUGHT_TIME.matches(plain, signs):
        hour = _number(m["hour"])
        if hour is None or hour > 24:
            continue
        said = m["part"] or m["half"] or m["quarter"] or m["minute"] or m["m2"] or m["rest"] or m[0][-1] in "钟整"
        plainly = said or hour > 12 or _DAY_BEFORE.search(plain[: m.start()])
        minute = 30 if m["half"] else {"一": 15, "三": 45}[m["quarter"]] if m["quarter"] else _number(m["minute"] or m["m2"])
        if not plainly or (minute or 0) > 59 or (m["minute"] and plain[m.end() : m.end() + 1] in set("元块倍折米兆")):
            continue
        end = m.end() - len(m["rest"] or "")
        yield Spotted("time", str(hour % 12 * 60 + (minute or 0)), m.start(), end)


def _dates(plain: str, signs: frozenset[str]) -> Iterator[Spotted]:
    for m in _SOUGHT_MONTH_DAY.matches(plain, signs):
        month, day = _number(m[1]), _number(m[2])
        if month and day and month <= 12 and day <= 31:
            yield Spotted("date", f"{month}-{day}", m.start(), m.end())
    for m in _SOUGHT_DAY.matches(plain, signs):
        day = _number(m[1])
        if day and day <= 31:
            yield Spotted("date", str(day), m.start(), m.end())
    for m in _SOUGHT_WEEKDAY.matches(plain, signs):
        which = {"下": "下", "上": "上"}.get(m["which"] or "", "")
        yield Spotted("date", f"w{which}{'日' if m['day'] == '天' else m['day']}", m.start(), m.end())
    for m in _SOUGHT_RELATIVE.matches(plain, signs):
        yield Spotted("date", f"{_DAYS[m[0]]:+d}", m.start(), m.end())


def _numbers(heard: Heard, asked: str, signs: frozenset[str]) -> Iterator[Spotted]:
    plain = heard.plain
    for m in _SOUGHT_RUN.matches(plain, signs):
        run, letters = m["run"].translate(_ONE), m["letters"]
        digits = chinese_digits(run)
        if digits is None:
            continue
        written = heard.turn.text[heard.origin[m.start()][0] : heard.origin[m.end() - 1][1]]
        read_out = not set(run) & set("十百千万亿") or (written.isalnum() and written[-1:].isascii())
        if read_out and (len(digits) >= 4 or (letters and len(digits) >= 3)):
            kind = _digits_kind(plain[max(0, m.start() - 14) : m.start()], asked, digits, letters)
            yield Spotted(kind, letters + digits, m.start(), m.end())
        elif len(run) >= 2 or (
            _UNITS.match(plain, m.end()) and plain[m.start() - 1 : m.start()] not in ("前", "后", "末", "第")
        ):
            yield Spotted("number", digits, m.start(), m.end())


def _digits_kind(before: str, asked: str, digits: str, letters: str) -> Literal["phone", "id", "number"]:
    """What a string of digits is: by the words before it, those of the question, or its length."""
    for text in (before, asked[-30:]):
        last_id = max((m.start() for m in _ID.finditer(text)), default=-1)
        last_phone = max((m.start() for m in _PHONE.finditer(text)), default=-1)
        if last_id >= 0 or last_phone >= 0:
            return "phone" if last_phone > last_id and len(digits) >= 7 else "id"
    if letters:
        return "id"
    if (len(digits) == 11 and digits[0] == "1") or len(digits) in (7, 8) or (digits[0] == "0" and 10 <= len(digits) <= 12):
        return "phone"
    return "id" if len(digits) >= 5 else "number"


def _names(heard: Heard, asked: str, signs: frozenset[str]) -> Iterator[Spotted]:
    plain = heard.plain
    for m in _SOUGHT_NAME_GIVEN.matches(plain, signs):
        group = "name" if m["name"] else "name2"
        yield Spotted("name", m[group], m.start(group), m.end(group))
    if _NAME_ASKED.search(asked):
        for m in _NAME_MISHEARD.finditer(plain):
            if sounds_of(m["name"]) in _SURNAME_SOUNDS:
                yield Spotted("name", m["name"], m.start("name"), m.end("name"))
    for m in _SOUGHT_NAME_CALLED.matches(plain, signs):
        end = _name_end(heard, m.start("name"), m.end("name"))
        if end - m.start("name") >= 2:
            yield Spotted("name", plain[m.start("name") : end], m.start("name"), end)
    for m in _SOUGHT_NAME_AM.matches(plain, signs):
        name, end = m["name"], m.end("name")
        if m["title"]:
            yield Spotted("name", name, m.start("name"), end)
            continue
        end = _name_end(heard, m.start("name"), min(len(plain), m.start("name") + 3))
        # 我是 begins many sentences; a name is what stands alone after it.
        if end - m.start("name") >= 2 and _pause_after(heard, end):
            yield Spotted("name", plain[m.start("name") : end], m.start("name"), end)


def _pause_after(heard: Heard, end: int) -> bool:
    """Whether the recogniser wrote a sign, or nothing more, after a place."""
    after = heard.turn.text[heard.origin[end - 1][1] :][:1]
    return not after or not after.isalnum()


def _name_end(heard: Heard, start: int, end: int) -> int:
    """Where a name ends: at the first sign, or before a character that no given name has."""
    for i in range(start + 1, end):
        if heard.plain[i] in _NO_GIVEN:
            return i
        if _pause_after(heard, i + 1):
            return i + 1
    return end


@lru_cache(maxsize=5_000)
def digits_of(plain: str) -> tuple[tuple[str, int, int], ...]:
    """All numbers of a text as digits, with their places."""
    found = []
    for m in _DIGIT_RUN.finditer(plain):
        digits = chinese_digits(m[0].translate(_ONE))
        if digits is not None:
            found.append((digits, m.start(), m.end()))
    return tuple(found)


@lru_cache(maxsize=2_000)
def _name_searches(name: str) -> tuple[re.Pattern[str], ...]:
    """The ways a customer is called: the whole name, or the surname with a title."""
    surname = name[:2] if re.match(_COMPOUND, name) else name[:1]
    titled = "|".join(re.escape(sounds_of(t)) for t in TITLES.split("|"))
    searches = [re.compile(re.escape(sounds_of(surname)) + f"(?:{titled})")]
    if len(name) > len(surname):
        searches += [re.compile(re.escape(sounds_of(name)))]
        given = name[len(surname) :]
        if len(given) >= 2:
            searches.append(re.compile(re.escape(sounds_of(given))))
    return tuple(searches)


def name_said(name: str, heard: Heard) -> tuple[int, int] | None:
    """Where somebody is called by a name or a part of it, sound-alikes counted."""
    for search in _name_searches(name):
        m = search.search(heard.sound)
        if m is not None:
            return m.span()
    return None
