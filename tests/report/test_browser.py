"""The pages in a browser: nothing missing, nothing from outside, nothing that some readers cannot use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from audit.report import ReportedCall, write_reports
from audit.report.messages import LANGUAGES
from tests.report.made_calls import BANDS, GENERATED_AT, call, outcome, outcomes, write_recording
from tests.report.test_habits import archive

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: see requirements/dev.txt")
axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed: see requirements/dev.txt")

AXE = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PAGES = {
    "overview": "index.html",
    "scorecard": "scorecards/A101.html",
    "team": "team.html",
    "call": "call-pages/zh-001.html",
    "call without sound": "call-pages/zh-002.html",
}
pytestmark = pytest.mark.slow


def chromium_path() -> str | None:
    """The browser of the system, or the one that CALLAUDIT_BROWSER names."""
    named = os.environ.get("CALLAUDIT_BROWSER")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: install the system's chromium, or name one in CALLAUDIT_BROWSER")
    with playwright.sync_playwright() as p:
        found = p.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report in each language, of two agents in two teams; one recording is there, the others are gone."""
    folder = tmp_path_factory.mktemp("reports")
    sha256 = write_recording(folder / "zh-001.wav")
    calls = [call(path=str(folder / "zh-001.wav"), sha256=sha256)]
    calls += [call("zh-002", day=17, rude=True)]
    calls += [call(f"zh-{n:03d}", day=n, items=outcomes()[-3:], score=60 + n) for n in range(3, 11)]
    many = [outcome(f"word.rule-{n}", "pass", (1, 1), (f"第 {n} 项", f"Rule {n}")) for n in range(50)]  # a wide heat map
    calls += [call(f"en-{n:03d}", agent_id="B202", agent_name=None, items=many) for n in range(1, 4)]
    calls = [
        replace(_of_team(c, "north" if c.record.metadata.agent_id == "A101" else "south"), evaluation_id=i)
        for i, c in enumerate(calls, 1)
    ]
    for lang in LANGUAGES:
        write_reports(folder / lang, calls, lang=lang, failures=(), generated_at=GENERATED_AT, bands=BANDS)
    habits = archive({"A": "说到底呢，{}"}, n_calls=8, path="gone.wav")
    for lang in LANGUAGES:
        write_reports(folder / f"{lang}-habits", habits, lang=lang, failures=(), generated_at=GENERATED_AT, agents=["A"])
    return folder


def _of_team(made: ReportedCall, team: str) -> ReportedCall:
    return replace(made, record=replace(made.record, metadata=replace(made.record.metadata, variables={"team": team})))


@dataclass
class Seen:
    """A page that is open, and everything it said or asked for on the way."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    contexts = []

    def go(path: Path, viewport: dict[str, int] = DESKTOP) -> Seen:
        context = browser.new_context(viewport=viewport)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("console", lambda m: seen.said.append(f"{m.type}: {m.text}"))
        seen.page.on("pageerror", lambda e: seen.said.append(str(e)))
        seen.page.on("request", lambda r: seen.asked.append(r.url))
        seen.page.goto(path.as_uri())
        return seen

    yield go
    for context in contexts:
        context.close()


def faults(page: Any) -> list[str]:
    """Serious and critical findings of axe-core."""
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE})
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 10, "axe-core looked at nothing"
    return [
        f"{v['id']}: {n['html'][:200]} {n['failureSummary']}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
        for n in v["nodes"]
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
def test_every_page_is_whole_alone_and_for_everybody(reports: Path, visit: Any, lang: str, kind: str) -> None:
    seen = visit(reports / lang / PAGES[kind])
    page, found = seen.page, []
    # what is folded away is looked at as well; contrast in the other two settings is a matter of the palette's tests
    page.evaluate("document.querySelectorAll('details.fold').forEach((d) => { d.open = true; })")
    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{wider} px beyond a screen of {viewport['width']}"
        found += [f"{viewport['width']} {scheme} {f}" for f in faults(page)]
    assert found == []
    assert seen.said == []
    assert [a for a in seen.asked if not a.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_habits_are_whole_and_for_everybody(reports: Path, visit: Any, lang: str) -> None:
    seen = visit(reports / f"{lang}-habits" / "scorecards/A.html", PHONE)
    assert seen.page.locator("#habits li h3").count() == 1
    seen.page.evaluate("document.querySelectorAll('details.fold').forEach((d) => { d.open = true; })")
    assert seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert faults(seen.page) == [] and seen.said == []


@pytest.mark.parametrize("kind", PAGES)
def test_on_paper_nothing_is_cut_off_and_nothing_waits_for_a_click(reports: Path, visit: Any, kind: str) -> None:
    page = visit(reports / "en" / PAGES[kind]).page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 695, "height": 1000})  # what margins leave of A4
    hidden = ".screen, audio, .deck, .play, .def, .help, .playhead"
    assert page.evaluate(f"[...document.querySelectorAll('{hidden}')].filter((e) => e.offsetParent).length") == 0
    cut = "(e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible'"
    assert page.evaluate(f"[...document.querySelectorAll('main *')].filter({cut}).map((e) => e.className)") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 695


# --- the page of a call -----------------------------------------------------------------------------
STATE = """() => ({
  now: document.querySelector(".now").textContent, place: document.querySelector(".pins .current")?.textContent ?? null,
  word: document.querySelector("[data-s].current")?.textContent ?? null,
  turn: document.querySelector(".turns > .current .time")?.textContent ?? null,
  playing: document.querySelector(".go").classList.contains("on"), focus: document.activeElement.tagName, y: scrollY })"""


@pytest.fixture
def opened(reports: Path, visit: Any) -> Any:
    return visit(reports / "en" / PAGES["call"]).page


def test_keys_move_through_the_call(opened: Any) -> None:
    positions = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "ArrowLeft", "Home", "ArrowLeft"):
        opened.keyboard.press(key)
        positions.append(opened.evaluate(STATE)["now"])
    assert positions == ["0:05", "0:10", "0:05", "1:40", "1:40", "1:35", "0:00", "0:00"]


@pytest.mark.parametrize(("onward", "back"), [("n", "p"), ("j", "k")])
def test_keys_go_from_evidence_to_evidence_and_back(opened: Any, onward: str, back: str) -> None:
    n = opened.locator(".stage.wide .pins .pin").count()
    there = []
    for _ in range(n + 1):
        opened.keyboard.press(onward)
        there.append(opened.evaluate(STATE)["place"])
    assert there == [str(i + 1) for i in range(n)] + [str(n)]
    opened.keyboard.press(back)
    assert opened.evaluate(STATE)["place"] == str(n - 1)


def test_the_words_follow_and_neither_focus_nor_page_moves(opened: Any) -> None:
    opened.locator(".slider").focus()
    opened.keyboard.press("Home")
    for _ in range(4):
        opened.keyboard.press("ArrowRight")  # 20 s: "你是谁" begins at 19.0
    state = opened.evaluate(STATE)
    assert (state["turn"], state["focus"], state["y"]) == ("0:19", "DIV", 0)
    assert state["word"] == "你"
    assert opened.locator(".slider").get_attribute("aria-valuetext") == "0:20"


def test_space_plays_and_pauses(opened: Any) -> None:
    opened.keyboard.press(" ")
    for _ in range(200):  # a busy machine decodes late
        if opened.evaluate(STATE)["now"] == "0:02":
            break
        opened.wait_for_timeout(100)
    assert opened.evaluate(STATE)["playing"]
    opened.keyboard.press(" ")
    assert not opened.evaluate(STATE)["playing"]


def test_a_click_on_the_waveform_plays_from_there(opened: Any) -> None:
    left, top, width, x, span = opened.locator(".stage.wide").evaluate(
        """(s) => { const r = s.querySelector(".plot").getBoundingClientRect();
        return [r.left, r.top, r.width, Number(s.dataset.x), Number(s.dataset.span)]; }"""
    )
    opened.mouse.click(left + width * (x + span * 0.6) / 100, top + 80)
    state = opened.evaluate(STATE)
    assert state["now"] in ("1:00", "0:59") and state["playing"]


def test_a_click_on_a_word_plays_from_it(opened: Any) -> None:
    opened.locator(".turns [data-s]", has_text="等").first.click()
    state = opened.evaluate(STATE)
    assert state["playing"] and state["turn"] == "0:30"


def test_waveform_words_and_verdict_lead_to_each_other(opened: Any) -> None:
    number = opened.locator(".ref").first.inner_text()
    opened.locator(f".stage.wide .pins [data-place='{number}']").click()
    assert opened.evaluate("document.querySelector(':target').dataset.place") == number
    opened.locator(".evidence:target .pin").click()
    assert opened.evaluate("document.querySelector(':target').textContent") == number
    opened.locator(".ref:target").click()
    assert opened.evaluate("document.querySelector('.evidence:target').dataset.place") == number


def test_keys_belong_to_whoever_types(opened: Any) -> None:
    opened.evaluate("document.querySelector('.verdicts').append(document.createElement('textarea'))")
    opened.locator("textarea").focus()
    opened.keyboard.type("no jump? ok")
    opened.keyboard.press("End")
    assert opened.locator("textarea").input_value() == "no jump? ok"
    state = opened.evaluate(STATE)
    assert (state["now"], state["place"], state["playing"]) == ("0:00", None, False)


def test_a_question_mark_shows_the_keys_and_escape_hides_them(opened: Any) -> None:
    opened.keyboard.press("?")
    assert opened.locator("dialog.help").is_visible()
    opened.keyboard.press("Escape")
    assert not opened.locator("dialog.help").is_visible()


def test_a_definition_opens_by_key_and_by_touch(reports: Path, browser: Any) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True)
    page = context.new_page()
    page.goto((reports / "en" / PAGES["call"]).as_uri())
    shown = ".figures .def[open] .deftext"
    page.locator(".figures .def summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(shown).count() == 1
    page.locator(".figures .def summary").nth(1).tap()
    assert page.locator(shown).all_inner_texts() == [page.locator(".figures .deftext").nth(1).inner_text()]
    page.keyboard.press("Escape")
    assert page.locator(shown).count() == 0
    context.close()


def test_without_sound_times_and_words_can_still_be_followed(reports: Path, visit: Any) -> None:
    page = visit(reports / "en" / PAGES["call without sound"]).page
    assert page.locator(".go").is_disabled()
    page.keyboard.press("n")
    page.keyboard.press(" ")
    state = page.evaluate(STATE)
    assert state["place"] == "1" and not state["playing"]


def test_without_script_the_sound_and_the_links_are_there(reports: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((reports / "en" / PAGES["call"]).as_uri())
    assert page.locator("audio").is_visible() and not page.locator(".deck").is_visible()
    context.close()
