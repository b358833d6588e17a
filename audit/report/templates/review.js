"use strict";
// Verdicts on this page can be accepted, rejected or commented; the decisions are saved as a signed file. Nothing is sent.
{
const begin = () => {
  const root = document.getElementById("review");
  const words = JSON.parse(root.dataset.words);
  const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const PREFIX = "callaudit-review/1 ";
  const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
  const VERDICTS = ["pass", "fail", "not_evaluable", "not_applicable"];

  // --- elements -----------------------------------------------------------------------------------
  const make = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") for (const [kind, act] of Object.entries(value)) element.addEventListener(kind, act);
      else element.setAttribute(name, value);
    }
    element.append(...inside);
    return element;
  };
  const button = (key, act, shortcut) => make(
    "button", { type: "button", on: { click: act }, ...(shortcut ? { "aria-keyshortcuts": shortcut } : {}) },
    say(key), ...(shortcut ? [make("kbd", { "aria-hidden": "true" }, shortcut)] : []));

  // --- what is decided, and where it is kept -------------------------------------------------------
  const kept = new Map(); // used where the browser keeps nothing
  let keeps = true;
  const store = {
    get(key) {
      if (!keeps) return kept.get(key);
      try { const text = localStorage.getItem(PREFIX + key); return text === null ? undefined : JSON.parse(text); } catch { return undefined; }
    },
    set(key, value) {
      kept.set(key, value);
      if (keeps) try { localStorage.setItem(PREFIX + key, JSON.stringify(value)); } catch { lose(); }
    },
    drop(key) {
      kept.delete(key);
      if (keeps) try { localStorage.removeItem(PREFIX + key); } catch { lose(); }
    },
  };
  const lose = () => { keeps = false; warn(say("not_kept")); };

  const rows = [...document.querySelectorAll("[data-call] [data-criterion]")].map((element) => {
    const call = element.closest("[data-call]").dataset;
    const { criterion, verdict, title } = element.dataset;
    return {
      element, title, verdict, when: call.when,
      key: JSON.stringify([call.scorecard, call.call, criterion, verdict]),
      judged: {
        call_id: call.call, criterion, evaluation_id: Number(call.evaluation), scorecard: call.scorecard,
        scorecard_version: call.version, scorecard_sha256: call.sha256, outcome: verdict,
      },
    };
  });
  if (!rows.length) return;

  const said = (row) => store.get(row.key)?.item;
  const decides = (item) => !!item && item.decision !== "comment";
  const decide = (row, decision, held, comment) => {
    // neither half a surrogate pair nor a zero byte can be signed
    const text = comment.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\0/g, "\ufffd").trim();
    const item = { ...row.judged, decision, held, comment: text, decided_at: new Date().toISOString() };
    store.set(row.key, { item, saved: false });
    show(row);
  };
  const accept = (row) => decide(row, "accept", row.verdict, said(row)?.decision === "comment" ? said(row).comment : "");

  // --- a row ---------------------------------------------------------------------------------------
  let current = null;
  const equip = (row) => {
    row.status = make("span", { class: "rv-said" });
    row.buttons = {
      accept: button("accept", () => { go(row, false); accept(row); }, "a"),
      reject: button("reject", () => { go(row, false); ask(row, "reject"); }, "r"),
      comment: button("comment", () => { go(row, false); ask(row, "comment"); }, "c"),
    };
    row.undo = button("undo", () => { store.drop(row.key); show(row); row.element.focus(); });
    row.tools = make("div", { class: "rv screen", role: "group", "aria-label": say("tools", { title: row.title }) },
      ...Object.values(row.buttons), row.undo, row.status);
    row.element.append(row.tools);
    row.element.tabIndex = -1;
    row.element.addEventListener("click", () => { if (active && current !== row) go(row, false); });
    show(row, false);
  };
  const show = (row, aloud = true) => {
    const item = said(row);
    for (const [name, b] of Object.entries(row.buttons)) b.setAttribute("aria-pressed", String(item?.decision === name));
    row.undo.hidden = !item;
    row.element.classList.toggle("rv-done", decides(item));
    const text = !item ? "" : item.decision === "reject" ? say("rejected", { held: words[item.held] }) : say(`${item.decision}ed`);
    row.status.textContent = text + (item?.comment ? say("because", { comment: item.comment }) : "");
    if (!aloud) return;
    count();
    tell(`${row.title}: ${row.status.textContent || say("undecided_one")}`);
  };

  // --- the form of a rejection or a comment ---------------------------------------------------------
  const held = make("select", { id: "rv-held" });
  const reason = make("textarea", { id: "rv-reason", rows: "2", maxlength: "4000" });
  const heldLabel = make("label", { for: "rv-held" }, say("held"), held);
  const reasonName = make("span");
  const fault = make("p", { class: "rv-fault", role: "alert" });
  const form = make("form", { class: "rv-form screen" }, heldLabel, make("label", { for: "rv-reason" }, reasonName, reason),
    make("div", {}, make("button", { type: "submit" }, say("ok")), button("cancel", () => leave())), fault);
  let asking = "";
  const ask = (row, kind) => {
    asking = kind;
    const item = said(row);
    held.replaceChildren(...["", ...VERDICTS.filter((v) => v !== row.verdict)].map((v) => make("option", { value: v }, v ? words[v] : say("choose"))));
    held.value = item?.decision === "reject" ? item.held : { pass: "fail", fail: "pass" }[row.verdict] || "";
    heldLabel.hidden = kind !== "reject";
    reasonName.textContent = say(kind === "reject" ? "reason" : "remark");
    reason.value = item?.comment || "";
    fault.textContent = "";
    row.element.append(form);
    (kind === "reject" && !held.value ? held : reason).focus();
    form.scrollIntoView({ block: "nearest" });
  };
  const leave = () => { form.remove(); current?.element.focus(); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const row = current, text = reason.value.trim();
    if (asking === "reject" && !held.value) { fault.textContent = say("need_held"); held.focus(); return; }
    if (!text) { fault.textContent = say("need_reason"); reason.focus(); return; }
    if (asking === "reject") decide(row, "reject", held.value, text);
    else if (said(row) && said(row).decision !== "comment") decide(row, said(row).decision, said(row).held, text);
    else decide(row, "comment", row.verdict, text);
    leave();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); leave(); }
    // Enter also ends the choice of a Chinese character; that one is not meant for us
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || event.target.tagName === "BUTTON") return;
    event.preventDefault();
    form.requestSubmit();
  });

  // --- from row to row -------------------------------------------------------------------------------
  const pool = () => rows.filter((r) => filter.value === "all" || (filter.value === "undecided" ? !decides(said(r)) : r.verdict === filter.value));
  const go = (row, focus = true) => {
    if (form.isConnected && current !== row) form.remove();
    current?.element.classList.remove("rv-on");
    current = row;
    row.element.classList.add("rv-on");
    for (let d = row.element.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    if (focus) { row.element.scrollIntoView({ block: "center" }); row.element.focus({ preventScroll: true }); }
  };
  const step = (by) => {
    const wanted = new Set(pool());
    let i = current ? rows.indexOf(current) : by > 0 ? -1 : rows.length;
    do i += by; while (i >= 0 && i < rows.length && !wanted.has(rows[i]));
    if (rows[i]) go(rows[i]);
    else tell(say(by > 0 ? "no_next" : "no_previous"));
  };
  const KEYS = {
    a: () => current && accept(current), r: () => current && ask(current, "reject"), c: () => current && ask(current, "comment"),
    n: () => step(1), p: () => step(-1),
  };
  addEventListener("keydown", (event) => {
    if (!active || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input,textarea,select")) return;
    const act = KEYS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // while verdicts are reviewed these keys mean nothing else
    act();
  }, true);

  // --- the bar -----------------------------------------------------------------------------------------
  const left = make("strong", { id: "rv-left" });
  const live = make("p", { role: "status", class: "rv-live" });
  const warning = make("p", { class: "rv-fault", role: "alert" });
  const tell = (text) => { live.textContent = text; };
  const warn = (text) => { warning.textContent = text; };
  const filter = make("select", { id: "rv-filter" }, ...["all", "undecided", ...VERDICTS].map((v) => make("option", { value: v }, words[v])));
  const key = make("input", { id: "rv-key", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", size: "14" });
  const bar = make("section", { class: "rv-bar screen", "aria-label": say("title"), hidden: "" },
    make("div", { class: "rv-line" }, left, make("label", { for: "rv-filter" }, say("step_through"), filter),
      button("previous", () => step(-1), "p"), button("next", () => step(1), "n")),
    make("div", { class: "rv-line" }, make("label", { for: "rv-key" }, say("key"), key), button("save", () => save()),
      button("forget", () => forget()), button("close", () => turn(false))),
    live, warning);
  const count = () => {
    const n = rows.filter((r) => !decides(said(r))).length;
    left.textContent = say("undecided_n", { n, of: rows.length });
    open.querySelector("span").textContent = n === rows.length ? say("about") : n ? left.textContent : say("all_done");
  };
  const open = make("p", { class: "rv-open" }, button("start", () => turn(true)), make("span"));
  let active = false;
  const turn = (on) => {
    if (on && !rows[0].tools) rows.forEach(equip);
    active = on;
    document.body.classList.toggle("rv-active", on);
    bar.hidden = !on;
    open.firstChild.setAttribute("aria-expanded", String(on));
    if (on) { count(); go(current || rows.find((r) => !decides(said(r))) || rows[0]); tell(say("keys")); }
    else { form.remove(); open.firstChild.focus(); }
  };
  const forget = () => {
    const mine = rows.filter((r) => said(r));
    if (!mine.length || !confirm(say("forget_really", { n: mine.length }))) return;
    mine.forEach((r) => { store.drop(r.key); show(r, false); });
    count();
    tell(say("forgotten"));
  };

  // --- the file ------------------------------------------------------------------------------------------
  const canonical = (v) => Array.isArray(v) ? `[${v.map(canonical).join(",")}]`
    : v && typeof v === "object" ? `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${canonical(v[k])}`).join(",")}}`
    : JSON.stringify(v);
  const bytes = (text) => new TextEncoder().encode(text);
  const hex = (found) => [...found].map((b) => b.toString(16).padStart(2, "0")).join("");
  // FIPS 180-4; for pages that a browser gives no WebCrypto to (from http), and for the check digits of a key
  const sha256 = (message) => {
    const fraction = (x) => Math.floor((x % 1) * 2 ** 32) >>> 0, primes = [];
    for (let n = 2; primes.length < 64; n++) if (primes.every((q) => n % q)) primes.push(n);
    const k = primes.map((q) => fraction(Math.cbrt(q))), h = primes.slice(0, 8).map((q) => fraction(Math.sqrt(q)));
    const size = ((message.length + 8) >> 6) + 1 << 6, padded = new Uint8Array(size), view = new DataView(padded.buffer);
    padded.set(message);
    padded[message.length] = 0x80;
    view.setUint32(size - 8, Math.floor(message.length / 2 ** 29));
    view.setUint32(size - 4, message.length * 8 >>> 0);
    const turned = (x, n) => x >>> n | x << 32 - n, w = new Uint32Array(64);
    for (let at = 0; at < size; at += 64) {
      for (let i = 0; i < 64; i++) {
        if (i < 16) { w[i] = view.getUint32(at + 4 * i); continue; }
        const a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (turned(a, 7) ^ turned(a, 18) ^ a >>> 3) + w[i - 7] + (turned(b, 17) ^ turned(b, 19) ^ b >>> 10);
      }
      let [a, b, c, d, e, f, g, j] = h;
      for (let i = 0; i < 64; i++) {
        const one = j + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (e & f ^ ~e & g) + k[i] + w[i] >>> 0;
        const two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a & b ^ a & c ^ b & c) >>> 0;
        [j, g, f, e, d, c, b, a] = [g, f, e, d + one >>> 0, c, b, a, one + two >>> 0];
      }
      [a, b, c, d, e, f, g, j].forEach((x, i) => { h[i] = h[i] + x >>> 0; });
    }
    const out = new DataView(new ArrayBuffer(32));
    h.forEach((x, i) => out.setUint32(4 * i, x));
    return new Uint8Array(out.buffer);
  };
  const hmac = async (secret, message) => {
    if (globalThis.crypto?.subtle) {
      const k = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      return new Uint8Array(await crypto.subtle.sign("HMAC", k, message));
    }
    const pad = (x) => Uint8Array.from({ length: 64 }, (_, i) => (secret[i] || 0) ^ x); // RFC 2104; the key is shorter than a block
    const joined = (a, b) => { const c = new Uint8Array(a.length + b.length); c.set(a); c.set(b, a.length); return c; };
    return sha256(joined(pad(0x5c), sha256(joined(pad(0x36), message))));
  };
  const readKey = (text) => {
    const digits = text.toLowerCase().replace(/[-\s]/g, "").replace(/o/g, "0").replace(/[il]/g, "1");
    if (digits.length !== 40 || [...digits].some((d) => !DIGITS.includes(d))) return null;
    const sum = sha256(bytes(digits.slice(0, 36))), bits = (sum[0] << 16 | sum[1] << 8 | sum[2]) >> 4;
    const check = [15, 10, 5, 0].map((n) => DIGITS[bits >> n & 31]).join("");
    return check === digits.slice(36) ? { id: digits.slice(0, 4), secret: bytes(digits.slice(4, 36)) } : null;
  };
  const save = async () => {
    warn("");
    const mine = rows.filter((r) => said(r));
    if (!mine.length) { warn(say("nothing")); return; }
    const signer = readKey(key.value);
    if (!signer) { warn(say(key.value.trim() ? "bad_key" : "no_key")); key.focus(); return; }
    const now = new Date().toISOString();
    const body = { schema: "callaudit.review/1", key_id: signer.id, saved_at: now, decisions: mine.map(said) };
    const value = hex(await hmac(signer.secret, bytes(canonical(body))));
    const file = JSON.stringify({ ...body, signature: { algorithm: "HMAC-SHA-256", value } }, null, 1);
    const name = `decisions-${signer.id}-${now.slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}.json`;
    const address = URL.createObjectURL(new Blob([file], { type: "application/json" }));
    const link = make("a", { href: address, download: name, hidden: "" });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    mine.forEach((r) => store.set(r.key, { item: said(r), saved: true }));
    tell(say("saved", { n: mine.length, file: name }));
  };

  // --- together ------------------------------------------------------------------------------------------
  try { localStorage.setItem(PREFIX, ""); localStorage.removeItem(PREFIX); } catch { lose(); }
  addEventListener("storage", () => { if (rows[0].tools) rows.forEach((r) => show(r, false)); count(); });
  addEventListener("beforeunload", (event) => { if (!keeps && rows.some((r) => store.get(r.key)?.saved === false)) event.preventDefault(); });
  root.append(open);
  document.body.append(bar);
  root.hidden = false;
  count();
};
if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();
}
