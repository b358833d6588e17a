"use strict";
// Without this script the players still work and a button leads to the clip's player.
(() => {
  let button = null;
  const audios = [...document.querySelectorAll("audio")];
  const mark = () => document.querySelectorAll("a.play").forEach((a) => {
    const audio = document.getElementById(a.hash.slice(1));
    a.classList.toggle("on", a === button && !!audio && !audio.paused);
  });
  audios.forEach((audio) => {
    audio.addEventListener("play", () => { audios.forEach((other) => { if (other !== audio) other.pause(); }); mark(); });
    audio.addEventListener("pause", mark);
    audio.addEventListener("ended", mark);
  });
  document.addEventListener("click", (event) => {
    const a = event.target.closest("a.play");
    const audio = a && document.getElementById(a.hash.slice(1));
    if (!audio) return;
    event.preventDefault();
    if (button === a && !audio.paused) { audio.pause(); return; }
    button = a;
    const start = () => { audio.currentTime = Number(a.dataset.seek); audio.play(); };
    if (audio.readyState > 0) start();
    else { audio.addEventListener("loadedmetadata", start, { once: true }); audio.load(); }
  });
})();
