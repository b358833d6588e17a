"""Verdicts are reviewed on a page opened from a file, by keys alone, and what is saved there is taken in."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from pathlib import Path

import pytest

from audit.report.messages import load_messages
from tests.browser import CHROMIUM, Browser
from tests.cli.calls import fill_store, spoken
from tests.cli.test_rescore import POLITE, RUDE, call
from tests.report import made_calls
from tests.report.test_write import Page, write

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: the page is not driven")


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    out = tmp_path_factory.mktemp("reviewed") / "out"
    fill_store(out, [spoken("polite", POLITE), spoken("rude", RUDE)])
    assert call("rescore", out).exit_code == 0
    return out


@pytest.fixture(scope="module")
def key(audited):
    return call("review", "key", "QA 7", audited).stdout.strip()


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("downloads")) as opened:
        yield opened


@pytest.fixture
def browser(started, audited, tmp_path):
    """On the page of A1, with nothing decided."""
    started("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    started("Emulation.setEmulatedMedia", media="")
    started.open(audited / "scorecards" / "A1.html")
    started.says("localStorage.clear()")
    started.open(audited / "scorecards" / "A1.html")
    yield started
    assert started.errors == []


def button(browser, text):
    browser.says(f"[...document.querySelectorAll('button')].find((b) => b.textContent === {json.dumps(text)}).click()")


def status(browser):
    return browser.says("document.querySelector('[role=status]').textContent")


def undecided(browser):
    return browser.says("document.getElementById('rv-left').textContent")


def save(browser, key, folder):
    browser.says("document.getElementById('rv-key').value = ''; document.getElementById('rv-key').focus()")
    browser.type(key)
    button(browser, "Save decisions")
    browser.until("document.querySelector('[role=status]').textContent.includes('.json')")
    found = []
    while not found:
        browser.says("new Promise((r) => setTimeout(r, 20))")
        found = list(folder.glob("decisions-*.json"))
    return found[0]


def is_signed(data, key):
    digits = key.replace("-", "")
    body = {name: value for name, value in data.items() if name != "signature"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return data["signature"]["value"] == hmac.new(digits[4:36].encode(), text.encode("utf-8"), hashlib.sha256).hexdigest()


@needs_chromium
def test_three_verdicts_are_decided_by_keys_saved_and_change_the_score(browser, audited, key, tmp_path):
    out = shutil.copytree(audited, tmp_path / "copy")
    button(browser, "Review the verdicts")
    n = browser.says("document.querySelectorAll('[data-criterion]').length")
    assert undecided(browser) == f"{n} of {n} undecided"
    browser.press("r")
    browser.type("等待后致歉了，“\U0001f44d”\n第二行")
    browser.press("Enter", "n", "a", "n", "c")
    browser.type("语气好")
    browser.press("Enter")
    assert undecided(browser) == f"{n - 2} of {n} undecided"
    browser.open(audited / "scorecards" / "A1.html")  # closed and opened again
    assert "undecided" in browser.says("document.querySelector('.rv-open').innerText")
    button(browser, "Review the verdicts")
    assert undecided(browser) == f"{n - 2} of {n} undecided"
    file = save(browser, key, tmp_path)
    data = json.loads(file.read_text("utf-8"))
    assert [d["decision"] for d in data["decisions"]] == ["reject", "accept", "comment"] and is_signed(data, key)
    assert data["decisions"][0]["comment"] == "等待后致歉了，“\U0001f44d”\n第二行"
    assert not browser.says("JSON.stringify(localStorage)").count(key[5:9])
    before = json.loads((out / "calls" / "polite.json").read_text("utf-8"))["evaluation"]["score"]
    done = call("review", "import", file, "--dir", out)
    assert done.stdout.startswith("3 taken in, 0 known before; 1 calls changed"), done.output
    after = json.loads((out / "calls" / "polite.json").read_text("utf-8"))["evaluation"]
    assert after["score"] > before == after["tool_score"]
    assert call("review", "import", file, "--dir", out).stdout.startswith("0 taken in, 3 known before; 0 calls changed")
    browser.open(out / "scorecards" / "A1.html")
    text = browser.says("document.querySelector('main').textContent")
    assert "Overruled by QA 7" in text and "The tool said: Failed" in text and f"{before:.1f} by the tool alone" in text
    assert "1 verdict on these calls was overruled by a reviewer" in text


@needs_chromium
def test_without_webcrypto_the_page_signs_by_itself(browser, audited, key, tmp_path):
    script = "Object.defineProperty(crypto, 'subtle', { value: undefined })"
    number = browser("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    try:
        browser.open(audited / "scorecards" / "A1.html")
        assert browser.says("crypto.subtle === undefined")
        button(browser, "Review the verdicts")
        for _ in range(12):  # longer than one block of the hash
            browser.press("a", "n")
        data = json.loads(save(browser, key, tmp_path).read_text("utf-8"))
        assert len(data["decisions"]) == 12 and is_signed(data, key)
    finally:
        browser("Page.removeScriptToEvaluateOnNewDocument", identifier=number)


@needs_chromium
def test_a_key_with_a_slip_of_the_pen_signs_nothing(browser, key, tmp_path):
    button(browser, "Review the verdicts")
    browser.press("a")
    browser.says("document.getElementById('rv-key').focus()")
    browser.type(key[:-6] + ("2" if key[-6] != "2" else "3") + key[-5:])
    button(browser, "Save decisions")
    browser.until("document.querySelector('.rv-bar [role=alert]').textContent.includes('not your key')")
    assert list(tmp_path.glob("decisions-*")) == []


@needs_chromium
def test_a_rejection_needs_an_outcome_and_a_reason(browser):
    button(browser, "Review the verdicts")
    before = undecided(browser)
    browser.press("r", "Enter")
    assert browser.says("document.querySelector('.rv-form [role=alert]').textContent") == "Write why."
    browser.press("Escape")
    assert not browser.says("!!document.querySelector('.rv-form')") and undecided(browser) == before


@needs_chromium
def test_the_enter_that_ends_a_chinese_word_ends_no_reason(browser):
    button(browser, "Review the verdicts")
    browser.press("r")
    browser.type("听错")
    browser.says(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', "
        "{ key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))"
    )
    assert browser.says("document.querySelector('.rv-form textarea').value") == "听错"


@needs_chromium
def test_letters_are_keys_only_while_verdicts_are_reviewed(browser):
    browser.press("a", "r")
    assert not browser.says("!!document.querySelector('.rv-form')")
    assert browser.says("localStorage.length") == 0
    button(browser, "Review the verdicts")
    button(browser, "Close")
    browser.press("a")
    assert browser.says("localStorage.length") == 0


@needs_chromium
def test_every_control_has_a_name_and_nothing_of_it_is_printed(browser):
    button(browser, "Review the verdicts")
    fields = "document.querySelectorAll('.rv-bar input,.rv-bar select,.rv button')"
    nameless = f"[...{fields}].filter((e) => !(e.labels?.length || e.textContent.trim()))"
    assert browser.says(f"{nameless}.length") == 0
    groups = "[...document.querySelectorAll('.rv')].map((e) => e.getAttribute('aria-label'))"
    assert all(browser.says(groups))
    browser("Emulation.setEmulatedMedia", media="print")
    shown = "[...document.querySelectorAll('.rv-bar,.rv,#review')].filter((e) => getComputedStyle(e).display !== 'none').length"
    assert browser.says(shown) == 0


@needs_chromium
def test_the_filter_steps_through_one_kind_of_verdict_and_opens_what_is_folded(browser):
    button(browser, "Review the verdicts")
    browser.says("document.getElementById('rv-filter').value = 'pass'; document.activeElement.blur()")
    browser.press("n", "n")
    assert browser.says("document.activeElement.dataset.verdict") == "pass"
    assert browser.says("document.activeElement.closest('details').open")


def test_each_row_carries_what_it_judges(audited):
    page = Page()
    page.feed((audited / "scorecards" / "A1.html").read_text("utf-8"))
    calls = [a for _, a in page.elements if "data-call" in a]
    rows = [a for _, a in page.elements if "data-criterion" in a]
    assert {a["data-call"] for a in calls} == {"polite", "rude"} and all(a["data-evaluation"].isdigit() for a in calls)
    assert all(len(a["data-sha256"]) == 64 and a["data-scorecard"] == "zh-service" for a in calls)
    published = json.loads((audited / "calls" / "polite.json").read_text("utf-8"))["evaluation"]["outcomes"]
    assert len(rows) == 2 * len(published)
    assert {(a["data-criterion"], a["data-verdict"]) for a in rows} >= {(o["criterion"], o["outcome"]) for o in published}


def test_verdicts_that_no_store_holds_are_not_offered_for_review(tmp_path):
    folder = tmp_path / "out"
    write(folder, [made_calls.call("c1")])
    (page,) = (folder / "scorecards").glob("*.html")
    text = page.read_text("utf-8")
    assert 'id="review"' not in text and "data-call=" not in text


def test_a_page_in_chinese_reviews_in_chinese(audited, tmp_path):
    from click.testing import CliRunner

    from audit.cli import cli

    done = CliRunner().invoke(cli, ["report", str(audited), "--out", str(tmp_path / "zh"), "--no-audio", "--lang", "zh"])
    assert done.exit_code == 0, done.output
    page = Page()
    page.feed((tmp_path / "zh" / "scorecards" / "A1.html").read_text("utf-8"))
    words = json.loads(next(a["data-words"] for _, a in page.elements if a.get("id") == "review"))
    assert words["start"] == load_messages("zh")("review.start") == "复核结论" and words["pass"] == load_messages("zh")(
        "verdict.pass"
    )


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", ["scorecards/A1.html", "call-pages/rude.html"], ids=["scorecard", "call"])
def test_axe_core_finds_nothing_serious_while_verdicts_are_reviewed(browser, audited, page, dark):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed: see requirements/dev.txt")
    browser("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    browser.open(audited / page)
    button(browser, "Review the verdicts")
    browser.press("a", "n", "r")
    browser("Runtime.evaluate", expression=(Path(axe.__file__).parent / "axe.min.js").read_text("utf-8"))
    found = json.loads(browser.says("axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r))"))
    assert len(found["passes"]) > 10
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], n["html"][:150]) for v in serious for n in v["nodes"]] == []
