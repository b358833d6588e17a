"""Tell people how the night went: by mail, and by a webhook."""

from __future__ import annotations

import json
import os
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

from audit.nightly.config import Mail

#: A server that does not answer must not hold up the end of the night.
TIMEOUT_S = 30.0
PASSWORD = "CALLAUDIT_MAIL_PASSWORD"


def send_mail(mail: Mail, subject: str, text: str) -> None:
    """Send a summary.

    Raises
    ------
    OSError
        If the server cannot be reached or refuses it (`smtplib.SMTPException` is one).
    """
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, mail.sender, ", ".join(mail.to)
    message.set_content(text)
    connect = smtplib.SMTP_SSL if mail.tls == "tls" else smtplib.SMTP
    with connect(mail.server, mail.port, timeout=TIMEOUT_S) as server:
        if mail.tls == "starttls":
            server.starttls()
        if mail.user is not None:
            server.login(mail.user, os.environ.get(PASSWORD, ""))
        server.send_message(message)


def call_webhook(url: str, summary: Mapping[str, Any]) -> None:
    """Post a summary as JSON; ``text`` in it is what chat systems show.

    Raises
    ------
    OSError
        If it cannot be reached or answers with an error (`urllib.error.URLError` is one).
    ValueError
        If it is no http address.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no http address")
    body = json.dumps(summary, ensure_ascii=False).encode("utf-8")
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S):
        pass


def attempted(send: Callable[[], None]) -> str | None:
    """Try to tell somebody; what went wrong in words, None where nothing did."""
    try:
        send()
    except (OSError, ValueError) as e:
        return f"{type(e).__name__}: {e}"
    return None
