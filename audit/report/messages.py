"""The words of the pages, in Chinese and English, from ``catalogue/<lang>.toml`` and ``catalogue/<part>.<lang>.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = get_args(Lang)


@dataclass(frozen=True, slots=True)
class Messages:
    """A language and its words; calling it fills a message in.

    Examples
    --------
    >>> load_messages("en")("verdict.fail")
    'Failed'
    >>> load_messages("en").count("n_calls", 1), load_messages("en").count("n_calls", 2)
    ('1 call', '2 calls')
    """

    lang: Lang
    texts: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The message with its ``{names}`` filled in; KeyError for a key that no catalogue has."""
        return self.texts[key].format(**values) if values else self.texts[key]

    def count(self, key: str, n: int, /, **values: object) -> str:
        """The message ``key.one`` or ``key.other`` with ``{n}``."""
        return self.texts[f"{key}.{'one' if n == 1 else 'other'}"].format(n=n, **values)

    def find(self, key: str) -> str | None:
        """The message, or None for a key made from data (a criterion's section, an error's name)."""
        return self.texts.get(key)

    def pick(self, texts: Mapping[str, str], default: str = "") -> str:
        """The text in this language of one given per language, else in another, else the default."""
        return texts.get(self.lang) or next((v for v in texts.values() if v), default)


@cache
def load_messages(lang: Lang) -> Messages:
    """The catalogue of one language; ValueError for another one."""
    if lang not in LANGUAGES:
        raise ValueError(f"pages are written in {' or '.join(LANGUAGES)}, not {lang!r}")
    texts: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / "catalogue").glob(f"*{lang}.toml")):
        texts |= _flat(tomllib.loads(path.read_text("utf-8")))
    return Messages(lang, texts)


def _flat(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Nested tables as ``a.b.c`` keys."""
    out: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = str(value)
    return out
