"""Words by which an agent or a customer gives away who is who.

Each cue is a pattern and the weight of evidence for *agent* in natural log-odds, set by judgement and not fitted: 3 for
what customers hardly ever say, 1 for what both may say. Negative weights speak for the customer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern over normalised text (lower case, no punctuation; Chinese without spaces) and its weight."""

    name: str
    pattern: str
    weight: float

    def is_in(self, text: str) -> bool:
        """Whether the text holds it; the pattern is compiled the first time, for calls without words never ask."""
        return re.search(self.pattern, text) is not None


def _cues(*rows: tuple[str, str, float]) -> tuple[Cue, ...]:
    return tuple(Cue(*row) for row in rows)


#: Mandarin; matched in the text without spaces.
MANDARIN = _cues(
    ("at your service", r"(很|非常)?高兴为[您你]服务|为[您你]服务", 3.0),
    ("what can I do for you", r"什么(可以|能)?(帮|需要帮)(到|助|您|你|忙)|可以帮[到助]?[您你]|能帮[到助]?[您你]什么", 3.0),
    ("I am the representative", r"(客服|客户)(代表|专员|经理|人员)|我是\S{0,6}客服|工号是?[\da-z零一二三四五六七八九幺]", 2.5),
    ("this is the service centre", r"这里是\S{2,12}(中心|公司|客服|服务)|服务中心", 1.5),
    ("anything else", r"(还有|有)(没有)?(其他|其它|别的|什么其他)\S{0,8}(需要|问题|帮|可以|吗)", 2.5),
    ("thank you for calling", r"(感谢|谢谢)[您你]的?(来电|致电|等待|耐心|配合|反馈|支持)", 3.0),
    ("sorry to keep you waiting", r"让?[您你]久等", 2.5),
    ("please wait", r"请[您你]?稍(等|候)|[您你]稍(等|候)|(麻烦|请)[您你]?(不要|别)挂", 1.5),
    ("I check for you", r"(帮|给|为|替)[您你](查|看|办|处理|登记|核实|核对|开通|取消|转|反馈|记录|申请|安排|联系|报)", 2.0),
    ("may I have your name", r"(请问)?[您你](贵姓|怎么称呼)|请问是\S{1,4}(先生|女士|小姐)", 2.5),
    ("please give me", r"(麻烦|请)[您你]?(报|提供|说|核对|确认|告诉)(一下)?", 1.5),
    ("sir or madam", r"(先生|女士|小姐)[您你]?(好|您|请|这|那)", 1.5),
    ("wishes", r"祝[您你]", 2.0),
    ("we are sorry", r"(很|非常|十分)?抱歉(给[您你]|让[您你])|给[您你](带来|造成)\S{0,4}(不便|麻烦)", 2.5),
    ("your number", r"[您你]的?(号码|账户|订单|套餐|证件|身份证)", 1.0),
    # Rude agents say none of the above; what they ask instead is a customer's to answer.
    ("curt questions", r"(什么事|[您你](是谁|叫什么|姓什么|等着|等一?下)|说完了|不归我|(电话|号码?|证件?)(是)?多少)", 1.5),
    ("I want to ask", r"我(就)?(想|要)(问|咨询|查|投诉|办|退|改|取消|了解|换|反映)", -2.0),
    ("what is your number of service", r"工号(是)?多少|投诉[您你]", -2.0),
    ("my line", r"我(家|这|的|那)?(个|边)?(的)?(宽带|话费|手机|卡|号|网|套餐|流量|账单)", -1.0),
    ("you people", r"你们(公司|这|怎么|那|客服|到底|是不是|的)", -2.0),
    ("why", r"(怎么|为什么)(回事|扣|这么|又|还|会|就)", -1.0),
)

#: English; matched in the text with single spaces.
ENGLISH = _cues(
    ("thank you for calling", r"\b(thank you|thanks) for (calling|contacting|holding|waiting|your patience|choosing)\b", 3.0),
    ("how can I help", r"\bhow (can|may|could) (i|we) (help|assist|be of)\b|\bwhat can i do for you\b", 3.0),
    ("anything else", r"\banything else\b.{0,30}\b(help|assist|do for|i can|need)\b", 2.5),
    ("this is from the company", r"\b(my name is|this is|i'?m|i am) \w+( \w+)?( and i'?m)? (from|with|at|your)\b", 1.5),
    (
        "may I have your",
        r"\b(can|may|could) (i|you|we)( please)?( just)? (have|get|provide|give me|confirm|verify|spell)\b",
        2.0,
    ),
    ("verification", r"\b(for|to) (verification|security|verify|confirm your|access your|locate your)\b", 2.0),
    (
        "let me look",
        r"\b(let me|i'?ll|i will)( just| go ahead and)? (check|look|pull|verify|see what|connect|transfer|arrange)\b",
        1.5,
    ),
    ("happy to help", r"\b(happy|glad|here) to (help|assist)\b|\bi can (help|assist) (you )?with\b", 2.0),
    (
        "I understand your concern",
        r"\bunderstand (your|how|that you|the)\b|\bsorry (to hear|for the|for any|about the|about that)\b",
        1.5,
    ),
    ("inconvenience", r"\binconvenience\b", 1.5),
    ("have a great day", r"\bhave a (great|wonderful|good|nice|lovely|fantastic)\b", 0.7),
    (
        "your account",
        r"\byour (account|order|reservation|appointment|purchase|membership|request|full name|email|details)\b",
        1.0,
    ),
    ("our", r"\bour (team|system|records|technician|store|customers|service|policy|services)\b", 1.0),
    ("I call because", r"\b(i'?m|i am|i was) (calling|having|experiencing|looking|trying|interested|wondering)\b", -1.5),
    ("I have a problem", r"\bi (have|had|'?ve|ve been|bought|ordered|purchased|received|placed|noticed) ", -1.0),
    (
        "I would like",
        r"\bi (would|d|'d) (like|love|need) to (order|return|cancel|book|make|schedule|know|inquire|get|buy|ask)\b",
        -1.5,
    ),
    ("my account", r"\bmy (account|order|phone|email|number|house|bill|card|husband|wife|daughter|son|reservation)\b", -1.0),
    (
        "that would be great",
        r"\bthat (would be|sounds) (great|good|perfect|fine|wonderful)\b|\bthank you so much for your\b",
        -1.0,
    ),
)

#: What recorded prompts say, asked of a voice that is heard only before or only after all others. Chinese without spaces.
PROMPT = re.compile(
    r"请按|按[一二三四五六七八九零\d井星]|[一二三四五六七八九零\d]号?键|人工服务请|(通话|服务|来电).{0,6}录音|正在(为您)?(接通|转接|呼叫|排队)"
    r"|排队等候|(座|坐)席(全)?忙|(对|为).{0,12}(评价|打分)|工号.{1,8}为您服务|语音(导航|留言|信箱)|您(所)?拨打的|听到.{0,4}(提示音|滴)"
    r"|\bpress (the )?(one|two|three|four|five|six|seven|eight|nine|zero|pound|star|hash|\d)\b"
    r"|\b(may|will|is) be(ing)? (recorded|monitored)\b|\bfor (quality|training) (assurance|purposes)\b"
    r"|\bnext available (agent|representative|operator)\b|\ball (of )?our (agents|representatives|operators|lines)\b"
    r"|\byour call is (very )?important\b|\bafter the (tone|beep)\b|\b(estimated|expected) wait"
    r"|\byou are (now |currently )*(first|next|number)\b|\b(stay|remain) on the line\b|\bhold (the line )?while (we|i) try\b"
    r"|\bextension\b|\bone moment please\b"
)
#: Keys to press, which only a recording names before anybody has said a word.
KEYPAD = re.compile(
    r"请按|按[一二三四五六七八九零\d井星]|[一二三四五六七八九零\d]号?键"
    r"|\bpress (it now|(the )?(one|two|three|four|five|six|seven|eight|nine|zero|pound|star|hash|\d))\b"
)
#: What a person says of himself or asks, and a prompt does not.
PERSONAL = re.compile(
    r"我是|我叫|请问|贵姓|(什么|怎么)(可以|能)?(帮|需要)|^喂"
    r"|\bmy name is\b|\bthis is \w+( \w+)? (from|with|speaking)\b|\bhow (can|may) i\b|\bmay i (ask|have)\b"
)
