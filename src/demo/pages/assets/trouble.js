// What makes a page hard to use on purpose; the body's attributes say what and for how long.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const wanted = document.body.dataset;
  const time = (name) => Number(wanted[name]);
  const buttons = () => [...document.querySelectorAll("main button")];

  if (wanted.overlay) {
    const overlay = document.createElement("div");
    overlay.className = "overlay";
    overlay.textContent = "One moment…";
    document.body.append(overlay);
    setTimeout(() => overlay.remove(), time("overlay"));
  }
  if (wanted.late) {
    const places = buttons().map((button) => {
      const place = document.createComment("a button comes here");
      button.replaceWith(place);
      return [place, button];
    });
    setTimeout(() => places.forEach(([place, button]) => place.replaceWith(button)), time("late"));
  }
  if (wanted.moving) {
    const started = performance.now();
    const move = (now) => {
      const over = now - started > time("moving");
      for (const button of buttons()) {
        button.style.transform = over ? "" : `translateX(${Math.round(60 * Math.sin((now - started) / 120))}px)`;
      }
      if (!over) requestAnimationFrame(move);
    };
    requestAnimationFrame(move);
  }
  if (wanted.replaced) {
    const started = performance.now();
    document.addEventListener("mousedown", (event) => {
      const button = event.target.closest("main button");
      if (button && performance.now() - started < time("replaced")) button.replaceWith(button.cloneNode(true));
    }, true);
  }
  if (wanted.scriptError) {
    setTimeout(() => { throw new Error("broken on purpose"); }, time("scriptError"));
  }
});
