"use strict";
// The page of one call. Without this script the players stand below the waveform, and every link leads where it says.
(() => {
  const SEEK_S = 5, WORD_S = 3, HANDS_OFF_MS = 4000, SPEEDS = [1, 1.25, 1.5, 2, 0.75];
  const sheet = document.getElementById("sheet");
  const deck = document.querySelector(".deck");
  if (!sheet || !deck) return;
  const one = (selector) => deck.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const length = Number(sheet.dataset.length);
  const pieces = all("audio", sheet).map((audio) => ({ audio, start: Number(audio.dataset.start), end: Number(audio.dataset.end) }));
  const places = all(".spots li", sheet).map((li) => ({
    id: li.dataset.place, at: Number(li.dataset.at), start: Number(li.dataset.start), end: Number(li.dataset.end), label: li.textContent,
  }));
  const stages = all(".stage", sheet).map((stage) => ({
    plot: stage.querySelector(".plot"), head: stage.querySelector(".playhead"),
    x: Number(stage.dataset.x), span: Number(stage.dataset.span),
  }));
  const words = all("[data-s]").map((node) => ({ node, s: Number(node.dataset.s), turn: node.closest("li") }));
  const turns = all(".turns > li").map((node) => ({ node, s: Number(node.querySelector("a.time").dataset.at) }));
  const box = document.querySelector(".turns");
  const go = one(".go"), slider = one(".slider"), fill = one(".fill"), speed = one(".speed"), said = one(".said");
  const help = document.querySelector("dialog.help");
  let now = 0, piece = null, here = null, rate = 1, playing = false, ticking = false, touched = -HANDS_OFF_MS, shown = { word: null, turn: null, second: -1 };

  const clock = (seconds) => {
    const s = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
    return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
  };
  const lastBefore = (list, t) => {
    let low = 0, high = list.length;
    while (low < high) { const middle = (low + high) >> 1; if (list[middle].s <= t) low = middle + 1; else high = middle; }
    return low ? list[low - 1] : null;
  };

  // --- what is seen of the position ------------------------------------------------------------------
  const follow = (turn) => {
    if (!turn || !box || performance.now() - touched < HANDS_OFF_MS) return;
    const top = turn.offsetTop, bottom = top + turn.offsetHeight;
    if (top >= box.scrollTop + 8 && bottom <= box.scrollTop + box.clientHeight - 8) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollTo({ top: top - box.clientHeight / 3, behavior: calm ? "auto" : "smooth" });
  };
  const light = (kind, node) => {
    if (shown[kind] === node) return;
    if (shown[kind]) shown[kind].classList.remove("current");
    if (node) node.classList.add("current");
    shown[kind] = node;
  };
  const pointOut = (place) => {
    here = place;
    all("[data-place]").forEach((node) => node.classList.toggle("current", !!place && node.dataset.place === place.id));
  };
  const show = () => {
    const share = length ? now / length : 0;
    for (const { head, x, span } of stages) head.style.left = `${x + span * share}%`;
    fill.style.width = `${100 * share}%`;
    const turn = lastBefore(turns, now), word = lastBefore(words, now);
    light("turn", turn && turn.node);
    light("word", word && turn && word.turn === turn.node && now - word.s < WORD_S ? word.node : null);
    if (here && (now < here.at - 0.2 || now > here.end + WORD_S)) pointOut(null);
    follow(shown.turn);
    const second = Math.floor(now);
    if (second === shown.second) return;
    shown.second = second;
    one(".now").textContent = clock(now);
    slider.setAttribute("aria-valuenow", String(second));
    slider.setAttribute("aria-valuetext", clock(now));
  };
  const label = () => {
    go.classList.toggle("on", playing);
    go.setAttribute("aria-label", playing ? go.dataset.pause : go.dataset.play);
  };

  // --- the sound -------------------------------------------------------------------------------------
  const pieceAt = (t) => pieces.find((p) => p.start <= t && t < p.end) || null;
  const stop = () => { playing = false; pieces.forEach((p) => p.audio.pause()); label(); };
  const frame = () => {
    ticking = playing && !!piece;
    if (!ticking) return;
    if (piece.audio.readyState > 0) { now = Math.min(length, piece.start + piece.audio.currentTime); show(); }
    requestAnimationFrame(frame);
  };
  const start = () => {
    piece = pieceAt(now);
    if (!piece) { stop(); if (pieces.length) said.textContent = sheet.dataset.noSound; return; }
    const { audio } = piece, mine = piece;
    said.textContent = "";
    playing = true;
    label();
    pieces.forEach((p) => { if (p !== mine) p.audio.pause(); });
    const run = () => {
      if (!playing || piece !== mine) return;
      audio.currentTime = now - mine.start;
      audio.playbackRate = rate;
      audio.play().then(() => { if (!ticking) frame(); }, (why) => { if (why.name !== "AbortError") stop(); });
    };
    if (audio.readyState > 0) run();
    else { audio.addEventListener("loadedmetadata", run, { once: true }); audio.load(); }
  };
  const seek = (t, play) => {
    now = Math.min(length, Math.max(0, t));
    show();
    if (play || playing) start();
  };
  const toggle = () => {
    if (playing) { stop(); return; }
    if (!pieces.length) return;
    if (now >= length - 0.05) now = 0;
    start();
  };
  pieces.forEach((p) => {
    p.audio.addEventListener("ended", () => { if (piece === p) { now = p.end; stop(); show(); } });
    p.audio.addEventListener("error", stop);
  });

  // --- evidence --------------------------------------------------------------------------------------
  const visit = (place, play) => {
    pointOut(place);
    seek(place.at, play && pieces.length > 0);
    said.textContent = place.label;
  };
  const step = (direction) => {
    const inside = here && now >= here.at - 0.1 && now <= here.end + 0.5;
    const index = inside ? places.indexOf(here) + direction
      : direction > 0 ? places.findIndex((p) => p.start > now) : places.findLastIndex((p) => p.start < now);
    if (places[index]) visit(places[index], false);
  };
  const placeOf = (node) => places.find((p) => p.id === node.dataset.place);

  // --- mouse and touch -------------------------------------------------------------------------------
  const drag = (surface, timeAt, play) => {
    surface.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.closest("a")) return;
      const move = (e) => seek(timeAt(e), false);
      const done = () => { removeEventListener("pointermove", move); removeEventListener("pointercancel", done); };
      addEventListener("pointermove", move);
      addEventListener("pointercancel", done, { once: true });
      addEventListener("pointerup", (e) => { done(); pointOut(null); seek(timeAt(e), play); }, { once: true });
    });
  };
  stages.forEach(({ plot, x, span }) => drag(plot, (event) => {
    const { left, width } = plot.getBoundingClientRect();
    return ((100 * (event.clientX - left)) / width - x) / span * length;
  }, pieces.length > 0));
  drag(slider, (event) => {
    const { left, width } = slider.firstElementChild.getBoundingClientRect();
    return ((event.clientX - left) / width) * length;
  }, false);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && link.matches(".play")) {
      const wanted = pieces.find((p) => p.audio.id === link.hash.slice(1));
      if (!wanted) return;
      event.preventDefault();
      pointOut(placeOf(link.closest("[data-place]") || link) || null);
      seek(wanted.start + Number(link.dataset.seek), true);
    } else if (link && link.matches(".pin")) {
      const place = placeOf(link);
      if (place) visit(place, !!link.closest(".pins"));  // the link then leads to the other side
    } else if (link && link.dataset.at) {
      event.preventDefault();
      seek(Number(link.dataset.at), pieces.length > 0);
    } else if (!link) {
      const word = event.target.closest("[data-s]");
      if (word && getSelection().isCollapsed) seek(Number(word.dataset.s), pieces.length > 0);
    }
  });
  if (box) ["wheel", "touchmove", "pointerdown", "focusin"].forEach((kind) =>
    box.addEventListener(kind, () => { touched = performance.now(); }, { passive: true }));
  go.addEventListener("click", toggle);
  speed.addEventListener("click", () => {
    rate = SPEEDS[(SPEEDS.indexOf(rate) + 1) % SPEEDS.length];
    speed.textContent = `${rate}×`;
    speed.setAttribute("aria-label", `${speed.dataset.label} ${rate}×`);
    if (piece) piece.audio.playbackRate = rate;
  });
  one(".keys").addEventListener("click", () => help.showModal());
  if (places.length) {
    one(".prev").addEventListener("click", () => step(-1));
    one(".next").addEventListener("click", () => step(1));
  }
  // an explanation closes with Escape, and when another opens
  all("details.def").forEach((details) => details.addEventListener("toggle", () => {
    if (details.open) all("details.def[open]").forEach((other) => { if (other !== details) other.open = false; });
  }));

  // --- keys ------------------------------------------------------------------------------------------
  const KEYS = {
    " ": toggle,
    ArrowLeft: () => seek(now - SEEK_S, false), ArrowRight: () => seek(now + SEEK_S, false),
    Home: () => seek(0, false), End: () => seek(length, false),
    n: () => step(1), j: () => step(1), p: () => step(-1), k: () => step(-1),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (target.closest("input, textarea, select, audio, [contenteditable]")) return;
    if (key === "Escape") {
      const open = document.querySelector("details.def[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
      return;
    }
    if (key === " " && target.closest("button, summary")) return;
    const act = KEYS[key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.documentElement.classList.add("live");
  deck.hidden = false;
  show();
})();
