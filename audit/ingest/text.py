"""Text files of unknown encoding: UTF-8, UTF-16 or GB18030, with or without a byte-order mark."""

from __future__ import annotations

import codecs


def decode_text(data: bytes) -> str | None:
    """Read text by its byte-order mark, else as UTF-16 where every other byte is zero, else as UTF-8, else as GB18030.

    Parameters
    ----------
    data : bytes
        A whole file.

    Returns
    -------
    str or None
        Without a byte-order mark; None where it is text in none of these encodings. GB18030 holds GBK and GB2312.

    Examples
    --------
    >>> decode_text("您好".encode("gbk")), decode_text("您好".encode("utf-16"))
    ('您好', '您好')
    >>> decode_text(bytes([255, 255])) is None
    True
    """
    if data.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif data[1:200:2].count(0) > data[:200:2].count(0) and b"\0" in data[:200]:
        candidates = ["utf-16-le"]
    elif b"\0" in data[:200]:
        candidates = ["utf-16-be"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None
