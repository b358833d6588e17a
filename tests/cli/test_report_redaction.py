"""``callaudit report --redact``: a number that was said is nowhere in what is written, and is not heard."""

from __future__ import annotations

import base64
import io
import re
import wave
import zipfile
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from audit.audio import file_sha256
from audit.records import Evidence, Measured, Recording, Timeline
from audit.storage import Store
from audit.verdicts import Evaluation, Outcome, SectionScore
from audit.words import Transcript
from tests.cli.test_rescore import call
from tests.report.made_calls import turn
from tests.storage.test_ledger import KEYS, NOW, a_record

RATE_HZ = 8000
DURATION_S = 40.0
#: The test's card number (a known one that checks), as it is said: 16 digits from 11.8 s to 16.6 s.
CARD = "四一一一一一一一一一一一一一一一"
SPOKEN = turn(10.0, "customer", f"我的卡号是的{CARD}，对。")
TWICE = turn(25.0, "agent", "喂，您的卡号是四一一一，")
REST = turn(29.5, "agent", "一一一一一一一一一一一一，对吗？")
QUIET_S = ((11.8, 16.6), (27.1, 28.3), (29.5, 33.1))
WRITTEN = re.compile("一一一|四一一|1111|4111")


def tone(path: Path) -> None:
    """Both legs sound throughout."""
    t = np.arange(round(DURATION_S * RATE_HZ)) / RATE_HZ
    legs = 0.2 * np.sin(2 * np.pi * np.array([[500.0], [900.0]]) * t)
    with wave.open(str(path), "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(RATE_HZ)
        f.writeframes((legs.T * 32767).astype("<i2").tobytes())


def proof(text: str, start_s: float, end_s: float, role: str) -> Evidence:
    return Evidence(start_s, end_s, role, text, "exact", heard=f"{text}啊", suggestion=f"请问卡号是{CARD}吗？")  # type: ignore[arg-type]


def fill(out: Path, *, words: bool = True, redact: dict[str, str] | None = None) -> None:
    out.mkdir()
    path = out / "card.wav"
    tone(path)
    name = {"zh": "开场", "en": "Opening"}
    failed = Outcome(
        "open.greet", "fail", "opening", {"zh": f"没有复述{CARD}", "en": "4111 1111 1111 1111 not read back"}, name, 0.0, 4.0,
        evidence=(
            proof(CARD, 11.8, 16.6, "customer"), proof("四一一一", 27.1, 28.3, "agent"), proof("喂", 25.0, 25.3, "agent"),
        ),
    )  # fmt: skip
    evaluation = Evaluation(
        "zh-service", "1", "b" * 64, 0.0, "good", name, False, "opening", (SectionScore("opening", name, 0.0, 0.0, 4.0),),
        (failed,),
    )  # fmt: skip
    record = replace(
        a_record("card"),
        recording=Recording(str(path), file_sha256(path), DURATION_S, RATE_HZ, 2, "stereo", 0),
        timeline=Timeline(Measured(None), Measured(None), Measured(None)),
        transcript=Transcript("zh", "base", (SPOKEN, TWICE, REST), 1.0) if words else None,
    )
    with Store.in_folder(out) as store:
        profile = {"redact": redact}
        run = store.begin_run("run", {"profile": profile}, tool_version="0.1.0", now=NOW)
        store.finish_run(run, "done", {}, now=NOW)
        number = store.begin(str(path), "card", size_bytes=1, mtime_ns=1, now=NOW)
        store.save_result(number, record, evaluation, KEYS, options={}, now=NOW)


def texts(folder: Path) -> dict[str, str]:
    """All that is written, sound left out, workbooks unpacked."""
    found = {}
    for p in folder.rglob("*"):
        if p.suffix == ".xlsx":
            with zipfile.ZipFile(p) as z:
                found[p.name] = "\n".join(z.read(n).decode("utf-8", "replace") for n in z.namelist())
        elif p.is_file():
            found[p.relative_to(folder).as_posix()] = re.sub("base64,[A-Za-z0-9+/=]+", "", p.read_text("utf-8-sig"))
    return found


def heard(page: str) -> list[tuple[float, np.ndarray]]:
    """The sounds of a page, each with when it begins."""
    found = []
    for begins, sound in re.findall(r'<audio[^>]*?(?:data-start="([\d.]+)")?[^>]*?src="data:audio/mpeg;base64,([^"]+)"', page):
        with av.open(io.BytesIO(base64.b64decode(sound))) as f:
            blocks = [frame.to_ndarray() for frame in f.decode(audio=0)]
        found.append((float(begins or 0.0), np.concatenate(blocks, axis=1)[0].astype(float)))
    return found


def level(samples: np.ndarray, start_s: float, end_s: float) -> float:
    return float(np.sqrt(np.mean(samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] ** 2)))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stored") / "out"
    fill(out)
    return out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_hidden_number_is_in_no_file_of_the_report(stored: Path, tmp_path: Path, lang: str) -> None:
    done = call(
        "report", stored, "--out", tmp_path, "--redact", "card-number", "--format", "html,xlsx,csv,json", "--lang", lang
    )
    assert done.exit_code == 0, done.output
    written = texts(tmp_path)
    assert {"report.xlsx", "report.json", "evidence.csv", "scorecards/1001.html", "call-pages/card.html"} <= written.keys()
    assert [(n, m[0]) for n, text in written.items() for m in WRITTEN.finditer(text)] == []


def test_without_redaction_it_is_there(stored: Path, tmp_path: Path) -> None:
    call("report", stored, "--out", tmp_path, "--format", "html,xlsx,csv,json")
    written = texts(tmp_path)
    assert all(WRITTEN.search(written[n]) for n in ("report.xlsx", "report.json", "evidence.csv", "call-pages/card.html"))


def test_the_seconds_of_a_hidden_number_are_silent_and_the_others_are_not(stored: Path, tmp_path: Path) -> None:
    call("report", stored, "--out", tmp_path, "--redact", "card-number")
    page = (tmp_path / "call-pages" / "card.html").read_text("utf-8")
    ((_, whole),) = heard(page)
    for start_s, end_s in QUIET_S:
        assert level(whole, start_s, end_s) < 1e-3
    for start_s, end_s in ((1.0, 11.0), (18.0, 26.0), (34.0, 39.0)):
        assert level(whole, start_s, end_s) > 0.1
    assert "[card number]" in page and "[card number] × 2" in page


def test_clips_of_a_scorecard_are_silent_where_the_number_is_said(stored: Path, tmp_path: Path) -> None:
    call("report", stored, "--out", tmp_path, "--redact", "card-number")
    clips = heard((tmp_path / "scorecards" / "1001.html").read_text("utf-8"))
    # the first begins two seconds before its evidence at 11.8 s
    samples = min(clips, key=lambda c: abs(len(c[1]) - round((16.6 - 11.8 + 4.0) * RATE_HZ)))[1]
    assert level(samples, 2.0, 6.8) < 1e-3
    assert level(samples, 0.2, 1.5) > 0.1


def test_the_waveform_is_flat_where_the_number_is_said(stored: Path) -> None:
    from audit.redaction import MutedRecording, hide_record
    from audit.redaction.find import find
    from audit.report.sound import hear_call

    with Store.in_folder(stored) as store:
        (kept,) = store.calls()
    found = find(kept.record.transcript, ["card-number"])  # type: ignore[arg-type]
    recording = hide_record(kept.record, found, ["card-number"], {"card-number": "[card number]"}).recording
    assert isinstance(recording, MutedRecording)
    waves = hear_call(recording, (), n_bins=400).waves
    for wave_of_leg in waves.values():
        assert np.abs(wave_of_leg[:, 120:165]).max() == 0
        assert np.abs(wave_of_leg[:, :110]).max(axis=0).min() > 0.1


def test_a_report_hides_what_the_profile_of_the_last_run_asked_for_and_says_why(tmp_path: Path) -> None:
    fill(tmp_path / "out", redact={"card-number": "PCI DSS"})
    call("report", tmp_path / "out", "--out", tmp_path / "pages")
    page = (tmp_path / "pages" / "call-pages" / "card.html").read_text("utf-8")
    assert "[card number]" in page and "PCI DSS" in page and not WRITTEN.search(re.sub('base64,[^"]+', "", page))
    call("report", tmp_path / "out", "--out", tmp_path / "open", "--redact", "none")
    assert WRITTEN.search(texts(tmp_path / "open")["call-pages/card.html"])


def test_a_profile_given_to_the_report_counts_before_that_of_the_run(tmp_path: Path) -> None:
    fill(tmp_path / "out", redact={"card-number": ""})
    profile = tmp_path / "profile.yml"
    profile.write_text("redact: []\n", "utf-8")
    call("report", tmp_path / "out", "--out", tmp_path / "open", "--profile", profile)
    assert WRITTEN.search(texts(tmp_path / "open")["call-pages/card.html"])
    profile.write_text("time_zone: Asia/Shanghai\n", "utf-8")
    call("report", tmp_path / "out", "--out", tmp_path / "hidden", "--profile", profile)
    assert not WRITTEN.search(texts(tmp_path / "hidden")["call-pages/card.html"])


def test_a_call_without_words_is_not_played_where_something_is_to_be_hidden(tmp_path: Path) -> None:
    fill(tmp_path / "out", words=False)
    call("report", tmp_path / "out", "--out", tmp_path / "pages", "--redact", "phone-number")
    page = (tmp_path / "pages" / "call-pages" / "card.html").read_text("utf-8")
    assert heard(page) == [] and "Without the words of the call nothing in its sound can be hidden" in page
    assert heard((tmp_path / "pages" / "scorecards" / "1001.html").read_text("utf-8")) == []


def test_another_redaction_makes_the_pages_anew(stored: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "call-pages" / "card.html"
    call("report", stored, "--out", tmp_path)
    before = sheet.read_text("utf-8")
    call("report", stored, "--out", tmp_path, "--redact", "card-number")
    assert sheet.read_text("utf-8") != before and not WRITTEN.search(texts(tmp_path)["call-pages/card.html"])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("card-nummer", "did you mean card-number?"),
        ("cvv", "known: card-number"),
        ("none,card-number", "no such kind"),
        ("", "nothing"),
    ],
)
def test_a_kind_that_is_none_is_wrong_usage(stored: Path, tmp_path: Path, asked: str, says: str) -> None:
    done = call("report", stored, "--out", tmp_path, "--redact", asked)
    assert done.exit_code == 2 and says in done.output


def test_the_store_keeps_the_words(stored: Path, tmp_path: Path) -> None:
    call("report", stored, "--out", tmp_path, "--redact", "card-number")
    with Store.in_folder(stored) as store:
        (kept,) = store.calls()
    assert kept.record.transcript is not None and CARD in kept.record.transcript.turns[0].text
